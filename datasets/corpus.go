// Package datasets provides the texts that the experiments read: PG19 and arXiv-math in
// their official layouts, and built-in generators that need no download.
package datasets

import "fmt"

// Split names one part of a corpus.
type Split string

// The three official splits, spelled like the directories of PG19.
const (
	Train      Split = "train"
	Validation Split = "validation"
	Test       Split = "test"
)

// Document is one whole text: a book, a paper, a generated novel.
type Document struct {
	ID   string // unique inside its split
	Text string // valid UTF-8

	// Ideal scores the text under the process that generated it. It is nil for
	// human-written text, whose source distribution is unknown.
	Ideal Ideal
}

// Ideal is the score of the best possible predictor of a generated document. It counts
// in whitespace-separated words, one token each. All logarithms are natural. Word 0 has
// no context, so element i-1 of each result belongs to word i.
type Ideal interface {
	// Full returns the log-probability of each word given all words before it.
	Full() []float64
	// Segment returns the log-probability of word i given only the words that a model
	// without memory sees: those before word i in the segment that holds word i-1.
	// Segments are `size` words long.
	Segment(size int) []float64
	// Classes returns where the fact that determines each word was last stated, for
	// segments of the same size.
	Classes(size int) []Class
	// Ages returns how many segments ago the fact that determines each word was last
	// stated: 0 in the part that a model without memory sees, -1 if nowhere before.
	Ages(size int) []int
}

// Class is where the fact that determines a generated word was stated.
type Class uint8

const (
	ClassFree    Class = iota // no fact determines this word
	ClassNew                  // the fact is stated here for the first time
	ClassNear                 // stated before, also in the part a memoryless model sees
	ClassDistant              // stated before, only in earlier segments
)

// String returns the name of the class in result files.
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

// Corpus is a set of documents in three splits. Implementations are safe for concurrent
// use.
type Corpus interface {
	// Name is the paper's name for the corpus, in lower case: "pg19", "arxiv-math",
	// "novel", "proof".
	Name() string
	// Len is the number of documents of a split.
	Len(Split) int
	// Document reads document i of a split, 0 ≤ i < Len.
	Document(split Split, i int) (Document, error)
	// Certificate describes the texts and how they differ from the official corpus.
	Certificate() Certificate
}

// Certificate states whether a corpus is the official one and, if not, what is used in
// its place.
type Certificate struct {
	Name     string                 `json:"name"`
	Official bool                   `json:"official"` // every split complete, as published
	StandIn  string                 `json:"stand_in"` // what is used in its place; "" when official
	Splits   map[Split]SplitSummary `json:"splits"`
}

// SplitSummary compares the size of a split with the official size.
type SplitSummary struct {
	Documents         int   `json:"documents"`
	OfficialDocuments int   `json:"official_documents"` // 0: no official count is known
	OfficialWords     int64 `json:"official_words"`     // PG19's fixed word-perplexity denominator, else 0
}
