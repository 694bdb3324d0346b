// Package booksum holds whole books with their summaries, for the paper's Table 4 and
// Figure 4: BookSum in files, and generated books whose summary is known to depend on
// facts spread evenly over the book.
package booksum

import (
	"fmt"

	"infinibench/datasets"
)

// Marks around a summary: after the first a model is to write it, with the second it
// ends. As control characters (start and end of text) they are in no book, and in
// every byte-level tokenizer each is one token.
const (
	Ask = "\x02"
	End = "\x03"
)

// Pair is a book and its summary.
type Pair struct {
	datasets.Document
	Title   string
	Summary string
	Facts   []Fact // that make the summary, in its order; nil for a book written by people
}

// Pairs is a corpus of books that have summaries. Documents are the books alone.
type Pairs interface {
	datasets.Corpus
	// Pair reads pair i of a split, 0 ≤ i < Len.
	Pair(split datasets.Split, i int) (Pair, error)
	// Coverage counts what a split lists and what of it can be used, which is Len.
	Coverage(datasets.Split) Coverage
}

// Coverage counts the pairs of a split.
type Coverage struct {
	Listed   int       // in the manifest
	Usable   int       // with a book and a summary that are whole
	Official int       // of the published data; 0 where there is no such thing
	Problems []Problem // the pairs that are listed but cannot be used, Listed - Usable
	Doubts   []Problem // pairs that can be used but whose summary does not look like plain text
	SHA256   string    // of all that can be used, in lower-case hexadecimal; "" for generated books
}

// Problem is a pair that cannot be used.
type Problem struct {
	File string // the manifest
	Line int    // in it, from 1
	ID   string // of the book; "" if even that is not known
	Text string
}

// String is the problem in one line.
func (p Problem) String() string {
	if p.ID == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return fmt.Sprintf("%s:%d: book %s: %s", p.File, p.Line, p.ID, p.Text)
}

func pairRange(corpus string, split datasets.Split, n, i int) error {
	return fmt.Errorf("booksum: %s: no pair %d in split %q, which has %d", corpus, i, split, n)
}
