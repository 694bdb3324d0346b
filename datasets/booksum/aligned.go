package booksum

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
)

// The folders named in the publishers' manifests, and the marker that their scripts put
// between paragraphs.
const (
	finishedSummaries = "finished_summaries"
	chapterizedBooks  = "all_chapterized_books"
	paragraphMark     = "<PARAGRAPH>"
)

// alignedLayout is the layout of salesforce/booksum at the level of books, which its
// scripts collect: a manifest book_summaries_aligned_<train|val|test>.jsonl with lines
//
//	{"bid": "20", "source": "gradesaver", "title": "Paradise Lost",
//	 "summary_path": "finished_summaries/gradesaver/Paradise Lost/overview.json",
//	 "book_path": "all_chapterized_books/20-chapters/book_clean.txt"}
//
// In the first version of the manifests both folders are below
// /export/longsum/booksumm; the path before the folder's name is ignored. A file is
// looked for in dir, in the folder above it, and in dir/scripts, where the scripts in a
// copy of the repository put the summaries.
func alignedLayout(dir string) layout {
	dir = filepath.Clean(dir)
	l := layout{roots: []string{dir, filepath.Dir(dir), filepath.Join(dir, "scripts")}}
	l.parse = func(line []byte) (record, error) {
		r, summary, err := parseAligned(line)
		if err != nil {
			return r, err
		}
		r.summary, err = l.summary(summary)
		return r, err
	}
	return l
}

// alignedForm ends every error about a line that is not one.
const alignedForm = `a line is {"bid": "20", "source": ..., "title": ..., "summary_path": "finished_summaries/...", "book_path": "all_chapterized_books/..."}`

var bookID = regexp.MustCompile(`^[0-9]{1,18}$`)

// parseAligned reads a line of the publishers' manifests, except for the summary
// itself, whose path it returns.
func parseAligned(line []byte) (r record, summary string, err error) {
	var fields struct {
		ID          jsontext.Value `json:"bid"` // a string in the published files
		Source      string         `json:"source"`
		Title       string         `json:"title"`
		SummaryPath string         `json:"summary_path"`
		BookPath    string         `json:"book_path"`
	}
	if err := jsonread.Line(line, &fields); err != nil {
		return record{}, "", fmt.Errorf("%w; %s", err, alignedForm)
	}
	id := strings.Trim(string(fields.ID), `"`)
	if !bookID.MatchString(id) {
		return record{}, "", fmt.Errorf(`"bid" is %.40q, not the number of a book; %s`, id, alignedForm)
	}
	r = record{id: id, source: sourceName(fields.Source), title: fields.Title}
	r.path, summary = below(chapterizedBooks, fields.BookPath), below(finishedSummaries, fields.SummaryPath)
	switch {
	case r.path == "":
		return r, "", fmt.Errorf(`no "book_path"; %s`, alignedForm)
	case summary == "":
		return r, "", fmt.Errorf(`no "summary_path"; %s`, alignedForm)
	case !isLocal(r.path):
		return r, "", fmt.Errorf("book_path %q leaves the folder of the data", r.path)
	case !isLocal(summary):
		return r, "", fmt.Errorf("summary_path %q leaves the folder of the data", summary)
	}
	return r, summary, nil
}

// below returns a path from one of its folders on, or all of it if it has no such
// folder.
func below(folder, path string) string {
	if i := strings.Index("/"+path, "/"+folder+"/"); i >= 0 {
		return path[i:]
	}
	return path
}

// summary reads a summary by its path.
func (l layout) summary(path string) (string, error) {
	data, err := l.read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("summary file missing: %s", path)
	case err != nil:
		return "", fmt.Errorf("%s: %w", path, bare(err))
	case len(data) > maxLine:
		return "", fmt.Errorf("%s: larger than %d MiB, which no summary should be", path, maxLine>>20)
	}
	text, err := parseSummary(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// parseSummary reads a summary file of salesforce/booksum, whose name may also end in
// .txt: a JSON object whose "summary" is the text. It is a list of paragraphs, as
// clean_summaries.py writes it, or one string with <PARAGRAPH> between paragraphs, as
// the earlier scripts write it. Paragraphs are joined by spaces, as in gather_data.py;
// "analysis" is not part of the summary.
func parseSummary(data []byte) (string, error) {
	var file struct {
		Summary jsontext.Value `json:"summary"`
	}
	const form = `a summary file is {"name": ..., "summary": ..., "analysis": ..., "url": ...}`
	if err := jsonread.Document(data, &file); err != nil {
		return "", fmt.Errorf("%w; %s", err, form)
	}
	var paragraphs []string
	if err := jsonread.Line(file.Summary, &paragraphs); err != nil {
		var text string
		if err := jsonread.Line(file.Summary, &text); err != nil {
			return "", fmt.Errorf(`"summary" is missing, or neither a text nor a list of texts; %s`, form)
		}
		paragraphs = []string{text}
	}
	var kept []string
	for _, paragraph := range strings.Split(strings.Join(paragraphs, paragraphMark), paragraphMark) {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			kept = append(kept, paragraph)
		}
	}
	text := strings.Join(kept, " ")
	switch {
	case text == "":
		return "", errors.New("summary missing")
	case !utf8.Valid(data): // encoding/json puts U+FFFD in its place
		return "", errors.New("the file is not UTF-8")
	case strings.ContainsAny(text, Ask+End):
		return "", errors.New("the summary holds a control character that marks where a summary starts or ends")
	}
	return text, nil
}
