package results

// PerplexitySettings is one block of the paper's Table 2: the models trained and
// scored on one corpus at one training length.
type PerplexitySettings struct {
	Corpus string   `yaml:"corpus" required:"true"`
	Models []string `yaml:"models" required:"true" min:"1"`
	Length int      `yaml:"length" required:"true" min:"1" max:"16777216"` // tokens of a training sequence
	Batch  int      `yaml:"batch,omitempty" min:"1" max:"65536"`           // in place of training.batch, for a length that needs less
	Steps  int      `yaml:"steps,omitempty" min:"1" max:"10000000"`        // in place of training.steps, for a length that sees as many tokens in fewer
}

// Perplexity is one evaluation of one model on one split, with the ablations.
type Perplexity struct {
	Intact   Score     `json:"intact"`
	Zeroed   *Score    `json:"zeroed,omitempty"`   // memory read as zeros; nil for a model without memory
	Shuffled *Score    `json:"shuffled,omitempty"` // memory of another document
	Ideal    *IdealRow `json:"ideal,omitempty"`    // generated corpora only

	Documents []DocumentScore `json:"documents"` // intact, in split order
	Positions []Bucket        `json:"positions"` // intact, by position in the document
	Classes   []ClassScore    `json:"classes,omitempty"`
	Ages      []AgeScore      `json:"ages,omitempty"` // of facts stated before, generated corpora only
}

// Score is a sum of negative log-likelihoods over a split, in nats, and the
// perplexities that follow from it. One that is undefined or too large for a float64 is
// NaN here and null in JSON.
type Score struct {
	NLL         float64 `json:"nll"`
	Tokens      int64   `json:"tokens"` // scored
	Words       int64   `json:"words"`
	Bytes       int64   `json:"bytes"`
	TokenPPL    float64 `json:"token_perplexity"`
	WordPPL     float64 `json:"word_perplexity"`
	BytePPL     float64 `json:"byte_perplexity"`
	BitsPerByte float64 `json:"bits_per_byte"`

	Undefined map[string]string `json:"undefined,omitempty"` // why a quantity is null, by its name here
}

// IdealRow is the token perplexity no model can beat, with and without the
// document's earlier segments.
type IdealRow struct {
	Full    float64 `json:"full"`
	Segment float64 `json:"segment"`
}

// DocumentScore is one document's share of a Score.
type DocumentScore struct {
	ID     string  `json:"id"`
	NLL    float64 `json:"nll"`
	Tokens int64   `json:"tokens"`
	Words  int64   `json:"words"`
	Bytes  int64   `json:"bytes"`
}

// Bucket is the tokens at positions [From, To) of their documents.
type Bucket struct {
	From         int64   `json:"from"`
	To           int64   `json:"to"`
	NLL          float64 `json:"nll"`
	Tokens       int64   `json:"tokens"`
	IdealFull    float64 `json:"ideal_full,omitempty"`    // NLL of the same tokens, generated corpora only
	IdealSegment float64 `json:"ideal_segment,omitempty"` // the same
}

// ClassScore is the tokens of one datasets.Class.
type ClassScore struct {
	Class        string  `json:"class"`
	NLL          float64 `json:"nll"`
	Tokens       int64   `json:"tokens"`
	IdealFull    float64 `json:"ideal_full"`
	IdealSegment float64 `json:"ideal_segment"`
}

// AgeScore is the tokens whose fact was last stated From to To segments ago, 0 being the part
// that local attention sees. To is -1 in the last row, which has no end.
type AgeScore struct {
	From         int     `json:"from"`
	To           int     `json:"to"` // inclusive
	NLL          float64 `json:"nll"`
	Tokens       int64   `json:"tokens"`
	IdealFull    float64 `json:"ideal_full"` // NLL of the same tokens
	IdealSegment float64 `json:"ideal_segment"`
}
