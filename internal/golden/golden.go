// Package golden checks a model against reference numbers computed elsewhere: the
// logits, losses, state and gradients of a small network in a JSON file.
package golden

import (
	"fmt"
	"io"
	"os"

	"infinibench/internal/jsonread"
)

// File is one reference. A file without config.model describes an Infini-Transformer,
// whose state is Memory; every other file gives its state in State. One without config.model
// and with config.kv_heads is of the Llama family; see llama.go.
type File struct {
	About     string               `json:"about"`
	Config    Config               `json:"config"`
	IDs       [][]int32            `json:"ids"` // [batch][segments·segment + tail + 1]
	Weights   map[string]Array     `json:"weights"`
	Loss      *float64             `json:"loss"`                // mean over all targets, nats
	Auxiliary *float64             `json:"auxiliary,omitempty"` // the loss of a models.AuxiliaryLoss, mean over all targets
	Logits    Array                `json:"logits"`              // [batch, length, vocabulary]
	Memory    []Array              `json:"memory,omitempty"`    // per layer, [batch, heads, D, D+1], after the last whole segment
	State     []map[string]Array   `json:"state,omitempty"`     // per layer, [batch, …] by the name in models.StateSpec, after the last whole segment
	Gradients map[string][]float64 `json:"gradients"`           // of loss + auxiliary

	// What references of a published model have, whose weights are in its folder.
	Beta       *float64 `json:"beta,omitempty"`        // of every gate
	Positions  []int    `json:"positions,omitempty"`   // that Logits has; omitted: all
	Text       string   `json:"text,omitempty"`        // of IDs
	Greedy     []int32  `json:"greedy,omitempty"`      // IDs[0], continued greedily
	GreedyText string   `json:"greedy_text,omitempty"` // of Greedy
}

// Config is the network of a reference.
type Config struct {
	Model         string  `json:"model,omitempty"` // a model id; empty: infini-linear, or infini-delta if Delta is set
	Options       Options `json:"options,omitzero"`
	Vocabulary    int     `json:"vocab"`
	Width         int     `json:"d_model"`
	Layers        int     `json:"layers"`
	Heads         int     `json:"heads"`
	FFN           int     `json:"ffn,omitempty"` // 0: what the shape of layers.0.w_up says
	Segment       int     `json:"segment"`
	Segments      int     `json:"segments"`
	Tail          int     `json:"tail"` // tokens after the last whole segment: read, not written
	Batch         int     `json:"batch"`
	Delta         bool    `json:"delta,omitempty"`
	MemoryEpsilon float64 `json:"memory_epsilon"`
	NormEpsilon   float64 `json:"norm_epsilon"`
	RopeBase      float64 `json:"rope_base"`

	Llama
}

// Options are the settings of a model, under their names in a profile. An omitted option has
// the default of the model's type in package baselines; an unknown option is an error.
type Options struct {
	Cache   *int `json:"cache,omitempty"`   // transformer-xl, memorizing: tokens
	T5      bool `json:"t5,omitempty"`      // transformer-xl, memorizing: relative biases
	Entries *int `json:"entries,omitempty"` // memorizing: tokens in memory
	K       *int `json:"k,omitempty"`       // memorizing: entries found
	Tokens  *int `json:"tokens,omitempty"`  // rmt
	Slots   *int `json:"slots,omitempty"`   // compressive
	Rate    *int `json:"rate,omitempty"`    // compressive: tokens to a slot

	UngatedStart    bool `json:"ungated_start,omitempty"`    // infini-linear, infini-delta
	MemoryPositions bool `json:"memory_positions,omitempty"` // infini-linear, infini-delta
}

// Array is a tensor, row by row.
type Array struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
}

// Length is the number of scored tokens of a sequence.
func (c Config) Length() int { return c.Segments*c.Segment + c.Tail }

// maxFile bounds the memory, in bytes, that a reference can cost. A reference for a
// network of ten million numbers takes half of it.
const maxFile = 512 << 20

// Load reads and checks a reference. Its errors name the file and the field.
func Load(path string) (*File, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("golden: %w", err)
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.Size() > maxFile {
		return nil, fmt.Errorf("golden: %s: larger than %d MiB, which no reference should be", path, maxFile>>20)
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile))
	if err != nil {
		return nil, fmt.Errorf("golden: %w", err)
	}
	f, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("golden: %s: %w", path, err)
	}
	return f, nil
}

// Parse reads and checks a reference.
func Parse(data []byte) (*File, error) {
	f := new(File)
	if err := jsonread.Document(data, f, jsonread.Exact); err != nil {
		return nil, err
	}
	return f, f.validate()
}
