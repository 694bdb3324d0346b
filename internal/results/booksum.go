package results

import (
	"infinibench/datasets/booksum"
	"infinibench/internal/metrics/rouge"
)

// BooksumSettings is the paper's third experiment (Table 4 and Figure 4): models are trained
// as language models of books, then on books with their summaries, and then summarise books
// from prefixes of increasing length.
type BooksumSettings struct {
	Corpus string   `yaml:"corpus,omitempty"` // chronicle or booksum; one of corpora
	Models []string `yaml:"models,omitempty"`

	Pretraining PhaseSettings `yaml:"pretraining" required:"true"` // length: tokens of a stretch of a book
	Finetuning  PhaseSettings `yaml:"finetuning" required:"true"`  // length: tokens of a book, from its start

	// SummaryTokens is where summaries end: longer references are cut in training.
	SummaryTokens int `yaml:"summary_tokens" required:"true" min:"1" max:"65536"`
	// Lengths is how many tokens of a book are read, rising; a shorter book is read whole.
	Lengths []int `yaml:"lengths" required:"true" min:"1" max:"64"`

	Decodes     int     `yaml:"decodes" required:"true" min:"1" max:"1000"`    // summaries sampled for each book and length
	Temperature float64 `yaml:"temperature" required:"true" min:"0" max:"100"` // 0: greedy
	TopP        float64 `yaml:"top_p" required:"true" min:"1e-6" max:"1"`      // share of the probability to draw from
	BadPairs    string  `yaml:"bad_pairs" required:"true" oneof:"skip stop"`   // what to do when pairs cannot be used
}

// PhaseSettings overrides the profile's settings for one phase of training.
type PhaseSettings struct {
	Length           int     `yaml:"length" required:"true" min:"1" max:"16777216"`
	Batch            int     `yaml:"batch" required:"true" min:"1" max:"65536"`
	Steps            int     `yaml:"steps" required:"true" min:"1" max:"10000000"`
	WarmupSteps      int     `yaml:"warmup_steps" required:"true" min:"0" max:"10000000"`
	LearningRate     float64 `yaml:"learning_rate" required:"true" min:"1e-8" max:"10"`
	GateLearningRate float64 `yaml:"gate_learning_rate" required:"true" min:"0" max:"10"`
}

// Summarised says whether the profile has the experiment.
func (s BooksumSettings) Summarised() bool { return s.Corpus != "" }

// Booksum is what one model did in the summaries of whole books (paper Table 4 and
// Figure 4). Scores are shares of 1; the paper prints them times 100.
type Booksum struct {
	Lengths []BooksumLength `json:"lengths"` // rising
	// Slope is how much overall grows from nothing read to all of the book read: that
	// of a line through the lengths of each book, as a mean over books.
	Slope BooksumMean   `json:"slope"`
	Books []BooksumBook `json:"books"`
	// Coverage and Problems describe the use of the listed pairs, for the training and the
	// scored split.
	Coverage  []BooksumCoverage `json:"coverage"`
	Problems  []string          `json:"problems,omitempty"` // a line for each pair that cannot be used
	LeadWords int               `json:"lead_words"`         // of a lead-k summary: the mean of the training summaries
	// Invisible counts the books whose summary has no word that ROUGE sees (a to z, 0 to
	// 9): every summary of them scores 0, a copy of the reference too.
	Invisible int `json:"invisible,omitempty"`
}

// BooksumMean is a mean over books with its 95 % bootstrap interval.
type BooksumMean struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Books int     `json:"books"` // with fewer than two there is no interval: Low and High are Value
}

// BooksumCoverage counts the pairs of a split.
type BooksumCoverage struct {
	Split    string `json:"split"`
	Listed   int    `json:"listed"`           // in the manifest
	Usable   int    `json:"usable"`           // with a book and a summary that are whole
	Official int    `json:"official"`         // of the published data; 0 for generated books
	SHA256   string `json:"sha256,omitempty"` // of what can be used; "" for generated books
}

// BooksumLength holds the scores at one input length, over all books. The intervals are of
// the mean over books; a book's score is the mean over its decodes. Overall is computed from
// the means, as in the paper's table.
type BooksumLength struct {
	Tokens int            `json:"tokens"` // most that is read of a book
	Share  float64        `json:"share"`  // of the book that is read, a mean
	Books  int            `json:"books"`
	Rouge  rouge.Interval `json:"rouge"`
	Lead   rouge.Interval `json:"lead"`   // the first words of the book
	Oracle rouge.Interval `json:"oracle"` // sentences of the text read, chosen greedily against the reference

	Bound      *booksum.Bound `json:"bound,omitempty"`      // generated books only
	FactsRead  float64        `json:"facts_read,omitempty"` // share of the facts in the text read
	FactsHit   float64        `json:"facts_hit,omitempty"`  // share of the facts that the summaries state
	FactsKept  float64        `json:"facts_kept,omitempty"` // share of the facts read that the summaries state
	Words      float64        `json:"words"`                // of a summary, a mean
	Unfinished int            `json:"unfinished,omitempty"` // decodes that ran into the limit of tokens
}

// BooksumBook is one book and its summaries at each length.
type BooksumBook struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Tokens   int              `json:"tokens"`  // of the whole book
	Summary  string           `json:"summary"` // the reference
	Readings []BooksumReading `json:"readings"`
}

// BooksumReading is one book read up to one length, and the summaries sampled then:
// one line of samples.jsonl. In result.json it has the first summary only, and no
// scores but the means.
type BooksumReading struct {
	ID      string         `json:"id"`     // of the book
	Length  int            `json:"length"` // of BooksumLength
	Read    int            `json:"read"`   // tokens of the book
	Share   float64        `json:"share"`  // of the book that this is
	Outputs []string       `json:"outputs"`
	Ended   []bool         `json:"ended,omitempty"` // by the model, not by the limit of tokens
	Scores  []rouge.Scores `json:"scores,omitempty"`
	Mean    rouge.Scores   `json:"mean"` // over all outputs
	Lead    rouge.Scores   `json:"lead"`
	Oracle  rouge.Scores   `json:"oracle"`
	Bound   *booksum.Bound `json:"bound,omitempty"`
	Facts   []BooksumFact  `json:"facts,omitempty"` // of a generated book
}

// BooksumFact is one thing that the summary of a generated book states.
type BooksumFact struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Read  bool   `json:"read"`  // whether the part that was read states it
	Hits  int    `json:"hits"`  // outputs that state it
	First bool   `json:"first"` // the first output does
}
