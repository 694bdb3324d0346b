package datasets

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unicode/utf8"
)

// Book is one row of PG19's metadata.csv.
type Book struct {
	ID    int    // Project Gutenberg number, positive
	Title string // short title, in most rows with " by <author>"
	Year  int    // of publication, as PG19 states it
	URL   string
}

// maxMetadata is the largest metadata.csv in bytes; the official one has 3 MB.
const maxMetadata = 64 << 20

// readMetadata reads PG19's metadata.csv. Errors name the file and the line.
func readMetadata(path string) (map[int]Book, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxMetadata {
		return nil, fmt.Errorf("%s: larger than %d MiB, which no metadata.csv should be", path, maxMetadata>>20)
	}
	books, err := parseMetadata(io.LimitReader(f, maxMetadata))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return books, nil
}

// parseMetadata reads the rows book_id,title,year,url; the official file has no
// header and quotes nothing, its titles lost their commas instead. A row said
// twice in the same words is one row; two different rows of one book are an
// error, because it cannot be known which is meant.
func parseMetadata(r io.Reader) (map[int]Book, error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord = -1 // counted below, for a message that names the fields
	rows.LazyQuotes = true    // a title with a stray quote is still a title
	rows.ReuseRecord = true

	books := make(map[int]Book)
	lines := make(map[int]int) // book -> the line it was first seen on
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return books, nil
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("line %d: %w", syntax.Line, syntax.Err)
		}
		if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		book, err := parseBook(row)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if first, seen := lines[book.ID]; seen && books[book.ID] != book {
			return nil, fmt.Errorf("line %d: book %d differs from the row on line %d", line, book.ID, first)
		} else if !seen {
			lines[book.ID] = line
		}
		books[book.ID] = book
	}
}

func parseBook(row []string) (Book, error) {
	if len(row) != 4 {
		return Book{}, fmt.Errorf("%d fields, want 4: book_id,title,year,url (no header row)", len(row))
	}
	id, err := parseBookID(row[0])
	if err != nil {
		return Book{}, fmt.Errorf("book_id %q: %w", row[0], err)
	}
	if !utf8.ValidString(row[1]) {
		return Book{}, fmt.Errorf("title %q is not UTF-8", row[1])
	}
	year, err := strconv.Atoi(row[2])
	if err != nil {
		return Book{}, fmt.Errorf("year %q is not a number", row[2])
	}
	return Book{ID: id, Title: row[1], Year: year, URL: row[3]}, nil
}

// parseBookID accepts only the canonical spelling of a positive number, so that
// a book has one id and one file name.
func parseBookID(s string) (int, error) {
	id, err := strconv.Atoi(s)
	if err != nil || id <= 0 || strconv.Itoa(id) != s {
		return 0, errors.New("not a Project Gutenberg number")
	}
	return id, nil
}
