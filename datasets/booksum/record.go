package booksum

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"infinibench/internal/jsonread"
)

// record is one line of a manifest: a book and its summary.
type record struct {
	id      string // of the book
	source  string // of the summary, as used in the names of pairs; "" if not given
	pair    string // name of the pair, unique in its split
	title   string
	path    string // of the text, slash-separated, relative to the folder above the manifest's
	summary string
	words   int64 // whitespace-separated words the text should have; 0 if not given
}

// recordForm ends every error about a line that is not a record.
const recordForm = `a line is {"book_id": 215, "title": ..., "book_path": "booksum/texts/215.txt", "summary": ..., "source": ..., "book_words": ...}`

// parseRecord reads a line of a manifest. For a bad line it also returns whatever could
// be read, so that the error can name the book.
func parseRecord(line []byte) (record, error) {
	var fields struct {
		BookID    *int64  `json:"book_id"`
		Title     string  `json:"title"`
		Source    string  `json:"source"`
		BookPath  *string `json:"book_path"`
		Summary   *string `json:"summary"`
		BookWords int64   `json:"book_words"`
	}
	unreadable := jsonread.Line(line, &fields)
	if unreadable != nil && (jsonread.Line(line, &fields, jsonread.AnyText) != nil || fields.BookID == nil) {
		return record{}, fmt.Errorf("%w; %s", unreadable, recordForm)
	}
	if fields.BookID == nil {
		return record{}, fmt.Errorf(`no "book_id"; %s`, recordForm)
	}
	r := record{id: fmt.Sprint(*fields.BookID), source: sourceName(fields.Source), title: fields.Title, words: fields.BookWords}
	switch {
	case unreadable != nil: // a string that is not valid Unicode
		return r, unreadable
	case fields.Summary == nil || strings.TrimSpace(*fields.Summary) == "":
		return r, errors.New("summary missing")
	case strings.ContainsAny(*fields.Summary, Ask+End):
		return r, errors.New("the summary holds a control character that marks where a summary starts or ends")
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

// isLocal reports whether a slash-separated path stays below its folder. Some systems
// use the backslash to separate folders.
func isLocal(path string) bool {
	return !strings.ContainsAny(path, "\\\x00") && filepath.IsLocal(filepath.FromSlash(path))
}

// sourceName turns a summary's source into its part of the pair's name: letters and
// digits in lower case, with a hyphen for every run of other characters.
func sourceName(source string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(source), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }), "-")
}
