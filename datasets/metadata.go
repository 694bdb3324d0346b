package datasets

import (
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
	Year  int    // of publication, according to PG19
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
	data, err := io.ReadAll(io.LimitReader(f, maxMetadata))
	if err != nil {
		return nil, fileError(path, err)
	}
	books, err := parseMetadata(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return books, nil
}

// parseMetadata reads rows of book_id,title,year,url; the official file has no header.
// Identical rows count once. Two different rows for one book are an error, because
// either could be right.
func parseMetadata(data []byte) (map[int]Book, error) {
	books := make(map[int]Book)
	lines := make(map[int]int) // book -> the line it was first seen on
	err := readCSV(data, func(line int, row []string) error {
		book, err := parseBook(row)
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if first, seen := lines[book.ID]; seen && books[book.ID] != book {
			return fmt.Errorf("line %d: book %d differs from the row on line %d", line, book.ID, first)
		} else if !seen {
			lines[book.ID] = line
		}
		books[book.ID] = book
		return nil
	})
	if err != nil {
		return nil, err
	}
	return books, nil
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

// parseBookID accepts only the canonical spelling of a positive number, so that a book
// has one id and one file name.
func parseBookID(s string) (int, error) {
	id, err := strconv.Atoi(s)
	if err != nil || id <= 0 || strconv.Itoa(id) != s {
		return 0, errors.New("not a Project Gutenberg number")
	}
	return id, nil
}
