package datasets

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseMetadata(t *testing.T) {
	// The first two rows are in the official file.
	const rows = "10005,A Voyage to the Moon by George Tucker,1828,http://www.gutenberg.org/ebooks/10005\n" +
		"47148,'Boy Wanted' by Nixon Waterman,1906,http://www.gutenberg.org/ebooks/47148\r\n" +
		"\n" +
		"3,\"Quoted, with a comma\",1900,u\n" +
		"4,A 12\" gun,1901,u\n" +
		"3,\"Quoted, with a comma\",1900,u\n"
	got, err := parseMetadata([]byte(rows))
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]Book{
		10005: {10005, "A Voyage to the Moon by George Tucker", 1828, "http://www.gutenberg.org/ebooks/10005"},
		47148: {47148, "'Boy Wanted' by Nixon Waterman", 1906, "http://www.gutenberg.org/ebooks/47148"},
		3:     {3, "Quoted, with a comma", 1900, "u"},
		4:     {4, `A 12" gun`, 1901, "u"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseMetadataErrors(t *testing.T) {
	tests := []struct{ rows, err string }{
		{"1,T,1900,u\n2,T,1900\n", "line 2: 3 fields, want 4: book_id,title,year,url (no header row)"},
		{"1,T, by A,1900,u\n", "line 1: 5 fields, want 4: book_id,title,year,url (no header row)"},
		{"book_id,title,year,url\n", `line 1: book_id "book_id": not a Project Gutenberg number`},
		{"1,T,1900,u\n\n007,T,1900,u\n", `line 3: book_id "007": not a Project Gutenberg number`},
		{"0,T,1900,u\n", `line 1: book_id "0": not a Project Gutenberg number`},
		{"1,T,c. 1900,u\n", `line 1: year "c. 1900" is not a number`},
		{"1,T\xe9,1900,u\n", `line 1: title "T\xe9" is not UTF-8`},
		{"1,T,1900,u\n1,T,1901,u\n", "line 2: book 1 differs from the row on line 1"},
		{"1,T,1900,u\n2,\"open,1900,\"u\nv\n3,T,1900,u\n", "line 3: 1 fields, want 4: book_id,title,year,url (no header row)"},
	}
	for _, test := range tests {
		_, err := parseMetadata([]byte(test.rows))
		wantError(t, err, test.err, "")
	}
}

func FuzzParseMetadata(f *testing.F) {
	for _, seed := range []string{
		"", "1,T,1900,u\n", "1,\"a\nb\",1900,u\r\n", "1,T,1900\n", "\"", "1,\"a\"\"b\",-5,\n", "1,T,1900,u\n1,T,1900,u\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rows string) {
		books, err := parseMetadata([]byte(rows))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") {
				t.Errorf("the error names no line: %v", err)
			}
			return
		}
		for id, book := range books {
			if id != book.ID || id <= 0 || !utf8.ValidString(book.Title) {
				t.Errorf("book %d is %+v", id, book)
			}
			if !strings.Contains(rows, strconv.Itoa(id)) {
				t.Errorf("book %d does not stand in the rows", id)
			}
		}
	})
}
