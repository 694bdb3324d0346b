// Package models holds the decoder trunk that all models of the benchmark share, the
// memory that distinguishes them, the state a model carries from segment to segment, and
// decoding.
package models

import (
	"errors"
	"fmt"
)

// Config is the size and the numerics of a model. The zero value of a numeric setting is
// used as it is; for defaults, start from Defaults.
type Config struct {
	Vocabulary int `json:"vocabulary"`
	Layers     int `json:"layers"`
	Heads      int `json:"heads"`
	HeadSize   int `json:"head_size"` // even, for rotary positions
	FFN        int `json:"ffn"`       // hidden width of the feed-forward block
	Segment    int `json:"segment"`   // tokens

	GateInit      float64 `json:"gate_init"`      // initial β
	MemoryEpsilon float64 `json:"memory_epsilon"` // added to the normaliser σ(q)z
	NormEpsilon   float64 `json:"norm_epsilon"`   // inside RMSNorm
	RopeBase      float64 `json:"rope_base"`
	InitStd       float64 `json:"init_std"` // of the weights; output projections get it over √(2·layers)

	// The paper does not say what the gate does while the memory is empty. It does say
	// that the memory has no positions. These are the choices others made.
	UngatedStart    bool `json:"ungated_start"`    // the first segment is local attention alone, not (1-sigmoid(β)) of it
	MemoryPositions bool `json:"memory_positions"` // rotary positions on what the memory reads and writes

	// What the Llama family has beyond the paper's trunk. The zero values are that trunk.
	ModelWidth    int         `json:"d_model,omitempty"`         // 0 means heads × head size
	KeyValueHeads int         `json:"key_value_heads,omitempty"` // query head h reads key/value head h/(heads/key_value_heads); 0 means heads
	SwiGLU        bool        `json:"swiglu,omitempty"`          // W_down·(silu(W_gate·y) ⊙ W_up·y) in place of W_down·gelu(W_up·y)
	QKVBias       bool        `json:"qkv_bias,omitempty"`        // on queries, keys and values (Qwen 2)
	QKNorm        bool        `json:"qk_norm,omitempty"`         // RMSNorm of each query and key, before rotation (Qwen 3)
	UntiedHead    bool        `json:"untied_head,omitempty"`     // logits from a matrix of their own, not the embedding
	RopeScaling   RopeScaling `json:"rope_scaling,omitzero"`
}

// RopeScaling is the rope_type "llama3": slow rotary frequencies are divided by Factor, fast
// ones kept, those between interpolated. The zero value scales nothing.
type RopeScaling struct {
	Factor          float64 `json:"factor"`
	LowFrequency    float64 `json:"low_freq_factor"`
	HighFrequency   float64 `json:"high_freq_factor"`
	OriginalContext int     `json:"original_max_position_embeddings"` // tokens
}

// Defaults is the numerics that the reference values were computed with; sizes are zero.
func Defaults() Config {
	return Config{MemoryEpsilon: 1e-6, NormEpsilon: 1e-5, RopeBase: 10000, InitStd: 0.02}
}

// Width is the width of the model, d_model: heads × head size unless ModelWidth is set.
func (c Config) Width() int {
	if c.ModelWidth > 0 {
		return c.ModelWidth
	}
	return c.AttentionWidth()
}

// AttentionWidth is the width of what attention puts out, heads × head size.
func (c Config) AttentionWidth() int { return c.Heads * c.HeadSize }

// KVHeads is the number of key/value heads: heads unless KeyValueHeads is set.
func (c Config) KVHeads() int {
	if c.KeyValueHeads > 0 {
		return c.KeyValueHeads
	}
	return c.Heads
}

// KVWidth is the width of keys, and of values, key/value heads × head size.
func (c Config) KVWidth() int { return c.KVHeads() * c.HeadSize }

// Llama reports whether the trunk has any feature of the Llama family. Its positions are then
// rotary with every memory, since pretrained weights support no others.
func (c Config) Llama() bool {
	return c.ModelWidth != 0 || c.KeyValueHeads != 0 || c.SwiGLU || c.QKVBias || c.QKNorm || c.UntiedHead || c.RopeScaling != RopeScaling{}
}

// HeadLetter is the symbol for the number of key/value heads in formulas: the paper's H, or
// K where several heads share one.
func (c Config) HeadLetter() string {
	if c.KVHeads() == c.Heads {
		return "H"
	}
	return "K"
}

// ProjectionWidth is the width of queries, keys and values side by side.
func (c Config) ProjectionWidth() int { return c.AttentionWidth() + 2*c.KVWidth() }

const (
	largestSize    = 1 << 20 // of every size, so that no product of two overflows
	largestTurns   = 1 << 30 // segment × head size, the rotary positions
	smallestNumber = 1e-30   // still above 0 in float32
)

// Validate returns an error that names every invalid setting.
func (c Config) Validate() error {
	var errs []error
	positive := func(name string, v int) {
		if v < 1 || v > largestSize {
			errs = append(errs, fmt.Errorf("models: %s is %d, must be 1 to %d", name, v, largestSize))
		}
	}
	positive("vocabulary", c.Vocabulary)
	positive("layers", c.Layers)
	positive("heads", c.Heads)
	positive("head_size", c.HeadSize)
	positive("ffn", c.FFN)
	positive("segment", c.Segment)
	if c.ModelWidth != 0 {
		positive("d_model", c.ModelWidth)
	}
	if k := c.KeyValueHeads; k < 0 || k > 0 && c.Heads%k != 0 {
		errs = append(errs, fmt.Errorf("models: key_value_heads is %d, must divide heads, %d, so that each is shared by as many", k, c.Heads))
	}
	if err := c.RopeScaling.validate(); err != nil {
		errs = append(errs, err)
	}
	if c.HeadSize%2 != 0 {
		errs = append(errs, fmt.Errorf("models: head_size is %d, must be even for rotary positions", c.HeadSize))
	}
	for _, s := range []struct {
		name string
		v    float64
	}{{"norm_epsilon", c.NormEpsilon}, {"memory_epsilon", c.MemoryEpsilon}, {"rope_base", c.RopeBase}} {
		if !(s.v >= smallestNumber) {
			errs = append(errs, fmt.Errorf("models: %s is %g, must be at least %g", s.name, s.v, smallestNumber))
		}
	}
	if n := float64(c.Segment) * float64(c.HeadSize); n > largestTurns && max(c.Segment, c.HeadSize) <= largestSize {
		errs = append(errs, fmt.Errorf("models: segment × head_size is %.3g, must be at most %d", n, largestTurns))
	}
	// A model this large is a typing error, not a plan for this harness; it is refused
	// before anything is allocated.
	if n := c.Matrices(); n > 1<<36 {
		errs = append(errs, fmt.Errorf("models: %.3g parameters, more than the limit of 2³⁶", n))
	}
	return errors.Join(errs...)
}

// Matrices is the number of weights in the trunk's matrices, all but a model's norms,
// biases and memory. A float64 cannot overflow, whatever the sizes.
func (c Config) Matrices() float64 {
	d, layers := float64(c.Width()), float64(c.Layers)
	attention := 2 * (float64(c.Heads) + float64(c.KVHeads())) * float64(c.HeadSize)
	hidden, tables := 2*float64(c.FFN), 1.0
	if c.SwiGLU {
		hidden += float64(c.FFN)
	}
	if c.UntiedHead {
		tables = 2
	}
	return tables*d*float64(c.Vocabulary) + layers*d*(attention+hidden)
}

// validate accepts no scaling, or one with slow frequencies below fast ones.
func (s RopeScaling) validate() error {
	switch {
	case s == RopeScaling{}:
		return nil
	case !(s.Factor >= 1 && s.Factor <= largestSize):
		return fmt.Errorf("models: rope_scaling.factor is %g, must be 1 to %d", s.Factor, largestSize)
	case !(s.LowFrequency > 0 && s.LowFrequency < s.HighFrequency && s.HighFrequency <= largestSize):
		return fmt.Errorf("models: rope_scaling.low_freq_factor is %g and high_freq_factor %g, must be above 0 and in this order", s.LowFrequency, s.HighFrequency)
	case s.OriginalContext < 1 || s.OriginalContext > 1<<30:
		return fmt.Errorf("models: rope_scaling.original_max_position_embeddings is %d, must be 1 to %d", s.OriginalContext, 1<<30)
	}
	return nil
}
