package models

import G "gorgonia.org/gorgonia"

// Memory is what distinguishes the models: what a layer carries from segment to segment,
// how attention reads it and how a finished segment is written to it. To add a memory,
// write one file that implements this and one line in the conformance test.
type Memory interface {
	// Name is the model's id in profiles and results, e.g. "infini-linear".
	Name() string
	// Params lists a layer's weights beyond the trunk's. Layers may differ, both here
	// and in State.
	Params(c Config, layer int) []ParamSpec
	// State lists what a layer carries for one document; empty for nothing.
	State(c Config, layer int) []StateSpec
	// Read builds the attention of one layer: from qkv [B·S·T, (H+2K)·D] and the state
	// before each segment to [B·S·T, H·D]. states is the result of Write or, where
	// nothing is written, the one slot before the first segment.
	Read(l *Layer, qkv *G.Node, states []*G.Node) *G.Node
	// Write builds the state before each segment and after the last, S+1 slots, from
	// the state before the first, one slot. It is called for whole segments only. A
	// memory is written after it is read, and never with the content of a later
	// segment. When decoding, qkv is what Read put into the cache of the running
	// segment; see Layer.FromCache. If Read finds in qkv what earlier segments of the
	// graph have written, only the first and the last slot are needed.
	Write(l *Layer, qkv *G.Node, initial []*G.Node) []*G.Node
	// Footprint is the paper's formula for the numbers carried per document, and its
	// value, derived independently of State so that each checks the other.
	Footprint(Config) (formula string, entries int64)
}

// Particular is a Memory that does not support every trunk.
type Particular interface {
	Memory
	// Check returns an error that says why the memory does not support a trunk, or nil.
	Check(Config) error
}

// Check returns an error that names every invalid setting, or says why the memory does not
// support the trunk.
func Check(c Config, m Memory) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if p, ok := m.(Particular); ok {
		return p.Check(c)
	}
	return nil
}

// AuxiliaryLoss is a Memory with an auxiliary loss, for weights that the gradient of the
// language-model loss does not reach.
type AuxiliaryLoss interface {
	Memory
	// Loss builds the loss of one layer, a number, over the tokens of whole segments,
	// from the inputs of Read. Training minimises it together with the language-model
	// loss. Its operations decide which weights it has gradients for.
	Loss(l *Layer, qkv *G.Node, states []*G.Node) *G.Node
}

// ParamSpec describes one weight.
type ParamSpec struct {
	Name  string
	Shape []int
	Group Group
	// Init is the value every element starts at when Random is false.
	Init float64
	// Random elements are normal with mean 0 and standard deviation
	// Config.InitStd, over √(2·layers) when Output is set too.
	Random, Output bool
}

// StateSpec describes one tensor of a layer's state, for one document.
type StateSpec struct {
	Name           string
	Shape          []int
	Differentiable bool // the gradient flows through it from segment to segment
	Counted        bool // the paper counts it as memory

	// Tokens marks a memory [m, d] that lives in the token stream. It must be the only
	// state of layer 0, and the other layers must have none. No layer reads or writes
	// it: it becomes m tokens before and m after every segment, and Read treats them
	// like the segment's own. See recurrent.go.
	Tokens bool
}

func (s StateSpec) size() int {
	n := 1
	for _, d := range s.Shape {
		n *= d
	}
	return n
}
