package booksum

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// record is one line of a manifest: a book and its summary.
type record struct {
	id      string // of the book
	source  string // of the summary, as it stands in the names of pairs; "" if not said
	pair    string // name of the pair, unlike that of any other in its split
	title   string
	path    string // of the text, relative to the folder above the manifest's, with slashes
	summary string
	words   int64 // white-space words the text should have; 0: not said
}

// recordForm ends every error about a line that is not one.
const recordForm = `a line is {"book_id": 215, "title": ..., "book_path": "booksum/texts/215.txt", "summary": ..., "source": ..., "book_words": ...}`

// parseRecord reads a line of a manifest. What can be read of a bad line is returned
// beside the error, so that it can say whose line it is.
func parseRecord(line []byte) (record, error) {
	var fields struct {
		BookID    *int64  `json:"book_id"`
		Title     string  `json:"title"`
		Source    string  `json:"source"`
		BookPath  *string `json:"book_path"`
		Summary   *string `json:"summary"`
		BookWords int64   `json:"book_words"`
	}
	if err := json.Unmarshal(line, &fields); err != nil {
		return record{}, fmt.Errorf("%w; %s", err, recordForm)
	}
	if fields.BookID == nil {
		return record{}, fmt.Errorf(`no "book_id"; %s`, recordForm)
	}
	r := record{id: fmt.Sprint(*fields.BookID), source: sourceName(fields.Source), title: fields.Title, words: fields.BookWords}
	switch {
	case fields.Summary == nil || strings.TrimSpace(*fields.Summary) == "":
		return r, errors.New("summary missing")
	case strings.ContainsAny(*fields.Summary, Ask+End):
		return r, errors.New("the summary holds a control character that marks where a summary starts or ends")
	// encoding/json puts U+FFFD where a string is not UTF-8.
	case !utf8.Valid(line):
		return r, errors.New("the line is not UTF-8")
	case fields.BookPath == nil || *fields.BookPath == "":
		return r, fmt.Errorf(`no "book_path"; %s`, recordForm)
	case fields.BookWords < 0:
		return r, fmt.Errorf("book_words is %d", fields.BookWords)
	}
	r.summary, r.path = *fields.Summary, *fields.BookPath
	if !isLocal(r.path) {
		return r, fmt.Errorf("book_path %q leaves the folder of the data", r.path)
	}
	return r, nil
}

// isLocal says whether a path with slashes stays below the folder it counts from. A
// backslash separates folders on some systems.
func isLocal(path string) bool {
	return !strings.ContainsAny(path, "\\\x00") && filepath.IsLocal(filepath.FromSlash(path))
}

// sourceName is what a summary's source adds to the name of its pair: its letters and
// digits, in lower case, with a hyphen for whatever stands between them.
func sourceName(source string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(source), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }), "-")
}
