package baselines

import (
	"infinibench/internal/ops"
	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// FullAttention is the control with nothing to forget: the same trunk, whose attention
// reaches over the whole training sequence. It carries the keys and values of all tokens of
// the sequence before a segment, and the gradient passes through them, so training is
// equivalent to training on one long segment. On a longer text it sees only the last
// tokens, as many as in training. It is the reference for what a memory of bounded size can
// gain from a sequence.
type FullAttention struct {
	// Segments is the length of the sequence, at least 2; 0 means 16, as in the paper's
	// training. No weight depends on it.
	Segments int
}

// Name is "full-attention".
func (FullAttention) Name() string { return "full-attention" }

// Params: none beyond the trunk's.
func (FullAttention) Params(models.Config, int) []models.ParamSpec { return nil }

// Length is L, the tokens of the sequence.
func (m FullAttention) Length(c models.Config) int {
	if m.Segments > 0 {
		return m.Segments * c.Segment
	}
	return 16 * c.Segment
}

// State is the keys and values [L - N, 2·K·D] of the tokens before a segment of N, without
// positions, and how many tokens there were.
func (m FullAttention) State(c models.Config, _ int) []models.StateSpec {
	return []models.StateSpec{
		{Name: "cache", Shape: []int{m.Length(c) - c.Segment, 2 * c.KVWidth()}, Differentiable: true, Counted: true},
		{Name: "seen", Shape: []int{1}},
	}
}

// Read attends to the cache and the segment. In one graph, each segment finds in qkv what
// the segments before it have left in its cache.
func (m FullAttention) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	c := l.Config
	places := m.Length(c) - c.Segment + max(l.Shape.S*l.Shape.T, c.Segment)
	rotary := l.Rotary(places)
	if running := l.Cache(); running != nil {
		return ops.CachedWindowAttention(l.Shape, rotary, qkv, states[cache], states[seen], *running)
	}
	return ops.WindowAttention(l.Shape, rotary, qkv, states[cache], states[seen])
}

// Write appends the segments to the cache and drops the oldest tokens.
func (FullAttention) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	return []*G.Node{ops.WriteWindow(l.Shape, qkv, initial[cache]), ops.CountSeen(l.Shape, initial[seen])}
}

// Footprint is the key-value cache of a sequence up to its last segment.
func (m FullAttention) Footprint(c models.Config) (string, int64) {
	return "(d_key+d_value)·" + c.HeadLetter() + "·(L-N)·l", 2 * int64(c.KVWidth()) * int64(m.Length(c)-c.Segment) * int64(c.Layers)
}
