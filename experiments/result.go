package experiments

import "infinibench/datasets"

// ResultVersion is the version of the result file format.
const ResultVersion = 1

// ProtocolVersion is part of every protocol id; it changes when the way of
// scoring does.
const ProtocolVersion = 1

// Cell is the unit of work: one experiment on one corpus with one model and one
// seed; the cost of a model has neither corpus nor seed. Its Key is the name of its directory under runs/<profile>/.
type Cell struct {
	Experiment string `json:"experiment"` // "perplexity", "passkey", "booksum", "recall" or "cost"
	Corpus     string `json:"corpus"`     // "novel", "proof", "pg19", "arxiv-math"
	Model      string `json:"model"`      // "local-only", "infini-linear", "infini-delta"; of cost also "full-attention"
	Length     int    `json:"length"`     // tokens per training sequence; of cost the longest
	Seed       uint64 `json:"seed"`
}

// Status is what became of a cell.
type Status string

const (
	StatusDone   Status = "done"
	StatusFailed Status = "failed"
)

// Result is everything one cell found out; it is self-contained, so that the
// report needs no other file but the training log beside it.
type Result struct {
	Version     int          `json:"version"`
	Profile     string       `json:"profile"`
	Cell        Cell         `json:"cell"`
	ConfigHash  string       `json:"config_hash"` // sha256 of the resolved configuration
	Status      Status       `json:"status"`
	Error       string       `json:"error,omitempty"` // of a failed cell
	Protocol    string       `json:"protocol"`        // e.g. "novel/test/word-168/carry/v1"; a table never mixes two in one column
	Scale       Scale        `json:"scale"`
	Data        DataNote     `json:"data"`
	Perplexity  *Perplexity  `json:"perplexity,omitempty"`
	Booksum     *Booksum     `json:"booksum,omitempty"`
	Passkey     *Passkey     `json:"passkey,omitempty"`
	Gates       [][]float64  `json:"gates,omitempty"` // sigmoid(β), [layer][head]; nil for a model without gates
	Footprint   Footprint    `json:"footprint"`
	Settings    CellSettings `json:"settings"` // all that decided the result
	Environment Environment  `json:"environment"`
	Warnings    []string     `json:"warnings,omitempty"`

	Recall []RecallPoint `json:"recall,omitempty"` // of a cell that tries what a memory gives back

	Samples map[string]string `json:"samples,omitempty"` // digests of the files of samples that this sums up, by name
}

// Scale says how large the run was, and how large the paper's is.
type Scale struct {
	Parameters  int64 `json:"parameters"`
	Layers      int   `json:"layers"`
	DModel      int   `json:"d_model"`
	Heads       int   `json:"heads"`
	Segment     int   `json:"segment"` // tokens
	TrainLength int   `json:"train_length"`
	Batch       int   `json:"batch"`
	Steps       int   `json:"steps"`
	TrainTokens int64 `json:"train_tokens"`
	PaperScale  bool  `json:"paper_scale"` // the paper's model, sequence, batch and data
}

// DataNote says which text the numbers are about.
type DataNote struct {
	Certificate datasets.Certificate `json:"certificate"`
	Split       datasets.Split       `json:"split"`
	Documents   int                  `json:"documents"` // evaluated
	Truncated   int                  `json:"truncated"` // documents cut at the profile's token limit
	Tokenizer   string               `json:"tokenizer"`
	Note        string               `json:"note"`      // e.g. "10 of 100 test books"; "" when complete and official
	WordRule    string               `json:"word_rule"` // "official PG19 count" or "whitespace words"

	LeftOut []LeftOut `json:"left_out,omitempty"` // texts of the training and the scored split that cannot be read
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

// Footprint is the memory a model carries from segment to segment, for one
// document. Entries counts numbers, as the paper does; Bytes is float32.
type Footprint struct {
	Formula       string `json:"formula"` // e.g. "d_key·(d_value+1)·H·l"
	Entries       int64  `json:"entries"`
	Bytes         int64  `json:"bytes"`
	MeasuredBytes int64  `json:"measured_bytes"` // of the live state
}

// Environment is the machine and the build that made a result.
type Environment struct {
	Version string `json:"version"` // of bench
	Go      string `json:"go"`
	OS      string `json:"os"` // "linux/amd64"
	CPU     string `json:"cpu"`
	BLAS    string `json:"blas"`
	Threads int    `json:"threads"`
}

// Timing is what a cell cost. It stands in a file of its own, timing.json,
// because it differs from run to run and result.json must not.
type Timing struct {
	TrainSeconds float64 `json:"train_seconds"` // interruptions left out
	EvalSeconds  float64 `json:"eval_seconds"`
	TrainTokens  int64   `json:"train_tokens"`
	EvalTokens   int64   `json:"eval_tokens"`
	PeakRSS      int64   `json:"peak_rss_bytes"` // of the whole process, so far

	Stages []*StageTiming `json:"stages,omitempty"` // of a cell that is trained more than once; the sums are above

	PeakFLOPS float64     `json:"peak_flops,omitempty"` // per second, of large matrix products on this machine
	Lengths   []CostPoint `json:"lengths,omitempty"`    // of a cell that measures the cost
}

// StageTiming is what one training of a cell, and the evaluation behind it, cost.
type StageTiming struct {
	Stage        string  `json:"stage"`
	TrainSeconds float64 `json:"train_seconds"`
	EvalSeconds  float64 `json:"eval_seconds"`
	TrainTokens  int64   `json:"train_tokens"`
	EvalTokens   int64   `json:"eval_tokens"`
}

// stageTiming is the timing of one stage, made when first asked for.
func stageTiming(t *Timing, name string) *StageTiming {
	for _, s := range t.Stages {
		if s.Stage == name {
			return s
		}
	}
	s := &StageTiming{Stage: name}
	t.Stages = append(t.Stages, s)
	return s
}

// sumStages adds the stages up.
func sumStages(t *Timing) {
	t.TrainSeconds, t.EvalSeconds, t.TrainTokens, t.EvalTokens = 0, 0, 0, 0
	for _, s := range t.Stages {
		t.TrainSeconds, t.EvalSeconds = t.TrainSeconds+s.TrainSeconds, t.EvalSeconds+s.EvalSeconds
		t.TrainTokens, t.EvalTokens = t.TrainTokens+s.TrainTokens, t.EvalTokens+s.EvalTokens
	}
}

// CostPoint is what a sequence of some length costs, measured or, where that would have
// exceeded the limits of the profile, predicted.
type CostPoint struct {
	Tokens     int   `json:"tokens"`
	StateBytes int64 `json:"state_bytes"` // carried from segment to segment
	Evaluation *Cost `json:"evaluation,omitempty"`
	Training   *Cost `json:"training,omitempty"` // one step

	WouldTakeSeconds float64 `json:"would_take_seconds,omitempty"` // both together, when not measured
	WouldTakeBytes   int64   `json:"would_take_bytes,omitempty"`
}

// Cost is the speed and the memory of one kind of work.
type Cost struct {
	TokensPerSecond float64 `json:"tokens_per_second"`
	FLOPS           float64 `json:"flops"`      // per second, as FLOPs counts them
	Bytes           int64   `json:"live_bytes"` // in use after the work, weights and state included
}

// LogLine is one line of metrics.jsonl, the training log.
type LogLine struct {
	Step         int     `json:"step"`
	Loss         float64 `json:"loss"`   // mean NLL per token of the step, nats
	Tokens       int64   `json:"tokens"` // seen so far
	LearningRate float64 `json:"learning_rate"`
	GradNorm     float64 `json:"grad_norm"`
	Auxiliary    float64 `json:"auxiliary,omitempty"` // the memory's own loss, of a model that has one
	GateMin      float64 `json:"gate_min"`            // smallest and largest sigmoid(β)
	GateMax      float64 `json:"gate_max"`
	Seconds      float64 `json:"seconds"` // since training began, interruptions left out
}
