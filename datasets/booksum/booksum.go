// Package booksum provides whole books with their summaries, for the paper's Table 4
// and Figure 4: BookSum from files, and generated books whose summary depends by
// construction on facts spread evenly over the book.
package booksum

import (
	"fmt"

	"infinibench/datasets"
)

// Marks around a summary: the model writes the summary after the first, and ends it
// with the second. They are control characters (start and end of text), so no book
// contains them, and every byte-level tokenizer gives each one token.
const (
	Ask = "\x02"
	End = "\x03"
)

// Pair is a book and its summary.
type Pair struct {
	datasets.Document
	Title   string
	Summary string
	Facts   []Fact // that make up the summary, in its order; nil for human-written books
}

// Pairs is a corpus of books with summaries. Its documents are the books alone.
type Pairs interface {
	datasets.Corpus
	// Pair reads pair i of a split, 0 ≤ i < Len.
	Pair(split datasets.Split, i int) (Pair, error)
	// Coverage counts the pairs a split lists and the usable ones, which are Len.
	Coverage(datasets.Split) Coverage
}

// Coverage counts the pairs of a split.
type Coverage struct {
	Listed   int       // in the manifest
	Usable   int       // pairs whose book and summary are complete
	Official int       // pairs in the published data; 0 if there is none
	Problems []Problem // pairs that are listed but unusable, Listed - Usable of them
	Doubts   []Problem // usable pairs whose summary does not look like plain text
	SHA256   string    // of all usable pairs, in lower-case hexadecimal; "" for generated books
}

// Problem is an unusable pair and the reason.
type Problem struct {
	File string // the manifest
	Line int    // in the manifest, from 1
	ID   string // of the book; "" if unknown
	Text string
}

// String returns the problem as one line.
func (p Problem) String() string {
	if p.ID == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return fmt.Sprintf("%s:%d: book %s: %s", p.File, p.Line, p.ID, p.Text)
}

func pairRange(corpus string, split datasets.Split, n, i int) error {
	return fmt.Errorf("booksum: %s: no pair %d in split %q, which has %d", corpus, i, split, n)
}
