package models

import G "gorgonia.org/gorgonia"

// Memory is what tells one model from another: what a layer carries from segment
// to segment, how attention reads it and how a finished segment is written to it.
// A new memory is one file with an implementation of this, and one line in the
// conformance test.
type Memory interface {
	// Name is the model's id in profiles and results, e.g. "infini-linear".
	Name() string
	// Params are the weights of a layer beyond the trunk's. Layers may differ, here
	// and in State.
	Params(c Config, layer int) []ParamSpec
	// State is what a layer carries for one document; empty for none.
	State(c Config, layer int) []StateSpec
	// Read builds the attention of one layer: from qkv [B·S·T, 3·H·D] and the
	// state before each segment to [B·S·T, H·D]. states is what Write returned or,
	// where nothing is written, the one slot before the first segment.
	Read(l *Layer, qkv *G.Node, states []*G.Node) *G.Node
	// Write builds the state before each segment and after the last, S+1 slots,
	// from the state before the first, one slot. It is called for whole
	// segments only, and sees what Read sees: a memory is written after it is
	// read, and never with what a later segment holds. When decoding, qkv is what Read
	// put into the cache of the running segment; see Layer.FromCache. The first slot and the last
	// will do for a Read that finds in qkv what the segments between have written.
	Write(l *Layer, qkv *G.Node, initial []*G.Node) []*G.Node
	// Footprint is the paper's formula for the numbers carried per document,
	// and its value, worked out apart from State so that one checks the other.
	Footprint(Config) (formula string, entries int64)
}

// AuxiliaryLoss is a Memory with a loss of its own, for weights that the gradient of the
// language model's loss does not reach.
type AuxiliaryLoss interface {
	Memory
	// Loss builds the loss of one layer, a number, over the tokens of whole
	// segments, from what Read sees. It is minimised beside the language model's,
	// and what it has a gradient for is up to its operations.
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

	// Tokens is for a memory [m, d] that lives in the token stream. It is the only
	// state of layer 0, the others have none, and nobody reads or writes it in a
	// layer: it stands as m tokens before and m after every segment, on which Read
	// is called as on the segment's own. See recurrent.go.
	Tokens bool
}

func (s StateSpec) size() int {
	n := 1
	for _, d := range s.Shape {
		n *= d
	}
	return n
}
