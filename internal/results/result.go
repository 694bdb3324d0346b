// Package results has the files of a run, runs/<profile>: the types of config.yaml,
// result.json, timing.json, the logs and plan.json, and how they are sealed and read. The
// experiments write them; the report and the live page read them. It is a leaf, so that a
// report links no engine.
package results

import (
	"fmt"

	"infinibench/datasets"
)

// Version is the version of the result file format.
const Version = 1

// Cell is the unit of work: one experiment on one corpus with one model and one
// seed; the cost of a model has neither corpus nor seed. Its Key is the name of its directory under runs/<profile>/.
type Cell struct {
	Experiment string `json:"experiment"` // "perplexity", "passkey", "booksum", "recall", "adapt" or "cost"
	Corpus     string `json:"corpus"`     // "novel", "proof", "pg19", "arxiv-math"
	Model      string `json:"model"`      // "local-only", "infini-linear", "infini-delta"; of cost also "full-attention"
	Length     int    `json:"length"`     // tokens per training sequence; of cost the longest
	Seed       uint64 `json:"seed"`
}

// Key is the name of the cell's directory, unique among cells: for example
// perplexity-novel-infini-delta-1024-seed1, or cost-infini-delta-32768 for a cell without
// a corpus, which has no seed either. A profile's cells need no characters but a-z, 0-9
// and -.
func (c Cell) Key() string {
	if c.Corpus == "" {
		return fmt.Sprintf("%s-%s-%d", c.Experiment, c.Model, c.Length)
	}
	return fmt.Sprintf("%s-%s-%s-%d-seed%d", c.Experiment, c.Corpus, c.Model, c.Length, c.Seed)
}

// Status is the outcome of a cell.
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

	Adapt *Adapt `json:"adapt,omitempty"` // of a cell that adapts a pretrained model

	Samples map[string]string `json:"samples,omitempty"` // digests of the files of samples that this sums up, by name
}

// Scale is the size of the run beside the paper's.
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

// LeftOut counts the texts of a split that cannot be read and were left out.
type LeftOut struct {
	Split datasets.Split `json:"split"`
	Texts int            `json:"texts"` // left out; a file of lines that cannot be decoded counts once
	Of    int            `json:"of"`    // texts that were looked at
	Why   []string       `json:"why"`   // for the first ten
}

// String is the count with the first reason.
func (l LeftOut) String() string {
	return fmt.Sprintf("%d of %d %s texts cannot be read and were left out, such as %s", l.Texts, l.Of, l.Adjective(), l.Why[0])
}

// Adjective is the split as an adjective.
func (l LeftOut) Adjective() string {
	if l.Split == datasets.Train {
		return "training"
	}
	return string(l.Split)
}
