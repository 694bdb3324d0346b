package datasets

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The official statistics of PG19, from the table in the README of
// github.com/google-deepmind/pg19. The word counts are the fixed denominators of the
// published word-level perplexity and must not be counted again.
var pg19Official = map[Split]SplitSummary{
	Train:      {OfficialDocuments: 28602, OfficialWords: 1_973_136_207},
	Validation: {OfficialDocuments: 50, OfficialWords: 3_007_061},
	Test:       {OfficialDocuments: 100, OfficialWords: 6_966_499},
}

const pg19Layout = "the layout is train/, validation/, test/ with <gutenberg id>.txt files, and metadata.csv"

// PG19 reads books in the official layout of the PG-19 benchmark. It keeps the list of
// books and reads texts from disk on demand, because the training split alone is 11 GB.
// Several goroutines may use one PG19.
type PG19 struct {
	dir        string
	books      map[Split][]Book // ordered by id
	extensions map[int]string   // extensions other than .txt, such as .TXT, by book id
}

// OpenPG19 lists the books below dir and reads metadata.csv.
//
// Everything wrong with the collection fails here: a missing folder or metadata.csv, a
// malformed metadata line, a .txt file not named by a number, a book that is missing
// from metadata.csv or is in two splits, no books at all. A split folder may be empty:
// a user who downloads only the test split has an empty train/. A bad text (empty,
// binary, not UTF-8) fails when that book is read, so that [Verify] can list every bad
// book. Other files, including hidden ones, are ignored.
func OpenPG19(dir string) (*PG19, error) {
	books := make(map[Split][]Book)
	home := make(map[int]Split)
	extensions := make(map[int]string)
	for _, split := range officialSplits {
		found, err := listBooks(dir, split, extensions)
		if err != nil {
			return nil, fmt.Errorf("pg19: %w", err)
		}
		for _, book := range found {
			if other, taken := home[book.ID]; taken && other == split {
				return nil, fmt.Errorf("pg19: %s: book %d is there as .txt and as %s; keep one", filepath.Join(dir, string(split)), book.ID, extensions[book.ID])
			} else if taken {
				return nil, fmt.Errorf("pg19: %s: book %d is in both %s and %s; a book belongs to one split", dir, book.ID, other, split)
			}
			home[book.ID] = split
		}
		books[split] = found
	}
	if len(home) == 0 {
		return nil, fmt.Errorf("pg19: %s: no books%s; %s", dir, otherFormats(dir, unpack, false), pg19Layout)
	}

	rows, err := readMetadata(filepath.Join(dir, "metadata.csv"))
	if err != nil {
		return nil, fmt.Errorf("pg19: %w", err)
	}
	var unknown []string
	for _, split := range officialSplits {
		for i, book := range books[split] {
			row, ok := rows[book.ID]
			if !ok {
				unknown = append(unknown, bookFile(split, book, extensions))
				continue
			}
			books[split][i] = row
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("pg19: %s: %d of %d books not in metadata.csv, the first is %s; add its row or remove the file",
			dir, len(unknown), len(home), unknown[0])
	}
	return &PG19{dir: dir, books: books, extensions: extensions}, nil
}

// listBooks finds the <id>.txt files of a split, in numeric order, and records
// extensions in other letter case, such as .TXT.
func listBooks(dir string, split Split, extensions map[int]string) ([]Book, error) {
	folder := filepath.Join(dir, string(split))
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such folder; %s (a split without books is an empty folder)", folder, pg19Layout)
	}
	if err != nil {
		return nil, fileError(folder, err)
	}
	var books []Book
	for _, entry := range entries {
		extension := filepath.Ext(entry.Name())
		stem := strings.TrimSuffix(entry.Name(), extension)
		if !strings.EqualFold(extension, ".txt") || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		id, err := parseBookID(stem)
		if err != nil {
			return nil, fmt.Errorf("%s: name is %w; %s", filepath.Join(folder, entry.Name()), err, pg19Layout)
		}
		if extension != ".txt" {
			extensions[id] = extension
		}
		books = append(books, Book{ID: id})
	}
	slices.SortFunc(books, func(a, b Book) int { return cmp.Compare(a.ID, b.ID) })
	return books, nil
}

// bookFile is a book's name below the corpus folder, with slashes.
func bookFile(split Split, book Book, extensions map[int]string) string {
	return path.Join(string(split), strconv.Itoa(book.ID)+cmp.Or(extensions[book.ID], ".txt"))
}

// Name is "pg19".
func (p *PG19) Name() string { return "pg19" }

// Len is the number of books of a split.
func (p *PG19) Len(split Split) int { return len(p.books[split]) }

// Book is the metadata of book i of a split, 0 ≤ i < Len.
func (p *PG19) Book(split Split, i int) (Book, error) {
	books := p.books[split]
	if i < 0 || i >= len(books) {
		return Book{}, documentRange(p.Name(), split, len(books), i)
	}
	return books[i], nil
}

// Document reads book i of a split; its ID is the Gutenberg number. It fails if the
// file cannot be read, is blank, contains a NUL or is not UTF-8.
func (p *PG19) Document(split Split, i int) (Document, error) {
	book, err := p.Book(split, i)
	if err != nil {
		return Document{}, err
	}
	text, err := ReadText(filepath.Join(p.dir, filepath.FromSlash(bookFile(split, book, p.extensions))))
	if err != nil {
		return Document{}, fmt.Errorf("pg19: %w", err)
	}
	return Document{ID: strconv.Itoa(book.ID), Text: text}, nil
}

// Certificate compares the number of books with the official one. It only counts files;
// [Verify] shows whether the texts are the published ones. OfficialWords is given for
// every split, but is the denominator of word perplexity only where Documents equals
// OfficialDocuments.
func (p *PG19) Certificate() Certificate {
	counts := make(map[Split]int)
	for _, split := range officialSplits {
		counts[split] = p.Len(split)
	}
	return pg19Certificate(counts)
}

func pg19Certificate(counts map[Split]int) Certificate {
	c := Certificate{Name: "pg19", Official: true, Splits: make(map[Split]SplitSummary)}
	for split, summary := range pg19Official {
		summary.Documents = counts[split]
		c.Splits[split] = summary
		c.Official = c.Official && summary.Documents == summary.OfficialDocuments
	}
	if c.Official {
		return c
	}
	var parts []string
	for _, split := range []Split{Test, Validation, Train} { // the split that is reported first
		s := c.Splits[split]
		parts = append(parts, fmt.Sprintf("%d of %d %s books", s.Documents, s.OfficialDocuments, trainingWord(split)))
	}
	c.StandIn = strings.Join(parts, ", ")
	return c
}

// trainingWord returns the split as an adjective: "74 of 28602 training books".
func trainingWord(split Split) string {
	if split == Train {
		return "training"
	}
	return string(split)
}

// files lists the files that make up the corpus, for Verify.
func (p *PG19) files() (dir string, names []string) {
	names = append(names, "metadata.csv")
	for _, split := range officialSplits {
		for _, book := range p.books[split] {
			names = append(names, bookFile(split, book, p.extensions))
		}
	}
	return p.dir, names
}
