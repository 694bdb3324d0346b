// Package datasets holds the texts the experiments read: PG19 and arXiv-math in
// their official layouts, and the embedded generators that need no download.
package datasets

import "fmt"

// Split names one part of a corpus.
type Split string

// The three official splits; the directory names of PG19 are the same words.
const (
	Train      Split = "train"
	Validation Split = "validation"
	Test       Split = "test"
)

// Document is one text, whole: a book, a paper, a generated novel.
type Document struct {
	ID   string // unique inside its split
	Text string // valid UTF-8

	// Ideal scores the text under the process that wrote it; nil for text
	// written by people, whose source is unknown.
	Ideal Ideal
}

// Ideal is what the best possible predictor of a generated document reaches.
// Its unit is the whitespace word, so its tokenizer is one token per word.
// All logarithms are natural. Both methods leave out word 0, which nothing
// precedes: element i-1 belongs to word i.
type Ideal interface {
	// Full is the log-probability of each word given all words before it.
	Full() []float64
	// Segment is the log-probability of word i given only the words that a
	// model without memory sees: those from the start of the segment that
	// holds word i-1, segments being `size` words long, up to word i-1.
	Segment(size int) []float64
	// Classes says where the fact that decides each word was last stated, for
	// the same segment size.
	Classes(size int) []Class
}

// Class says where the fact that decides a generated word was stated.
type Class uint8

const (
	ClassFree    Class = iota // no fact decides this word
	ClassNew                  // a fact decides it, stated here for the first time
	ClassNear                 // stated before, also in the part a memoryless model sees
	ClassDistant              // stated before, only in earlier segments
)

// String returns the class as it stands in result files.
func (c Class) String() string {
	switch c {
	case ClassFree:
		return "free"
	case ClassNew:
		return "new fact"
	case ClassNear:
		return "fact in this segment"
	case ClassDistant:
		return "fact in an earlier segment"
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// Corpus is a set of documents in three splits. Implementations are safe for
// use by several goroutines.
type Corpus interface {
	// Name is the corpus as the paper's tables call it, in lower case:
	// "pg19", "arxiv-math", "novel", "proof".
	Name() string
	// Len is the number of documents of a split.
	Len(Split) int
	// Document reads document i of a split, 0 ≤ i < Len.
	Document(split Split, i int) (Document, error)
	// Certificate says what these texts are, and what they are not.
	Certificate() Certificate
}

// Certificate tells a reader how far a corpus is the official one.
type Certificate struct {
	Name     string                 `json:"name"`
	Official bool                   `json:"official"` // every split complete, as published
	StandIn  string                 `json:"stand_in"` // what it is instead, "" when official
	Splits   map[Split]SplitSummary `json:"splits"`
}

// SplitSummary counts one split against the official count.
type SplitSummary struct {
	Documents         int   `json:"documents"`
	OfficialDocuments int   `json:"official_documents"` // 0: no official count is known
	OfficialWords     int64 `json:"official_words"`     // PG19's fixed word-perplexity denominator, else 0
}
