package baselines

import (
	"fmt"
	"math"

	"infinibench/internal/ops"
	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// TransformerXL is Transformer-XL (Dai et al. 2019, sections 3.2 and 3.3): each layer
// keeps the keys and values of the last C tokens before a segment, and a segment's
// tokens attend to them as to its own. Positions are relative: with learned u and v for
// each head and sinusoidal R,
//
//	score(i, j) = ((q_i + u)·k_j + (q_i + v)·W_r R_{i-j}) / √D
//
// and every token sees the whole cache. On a trunk of the Llama family positions are the
// trunk's own rotary ones, counted from the oldest token in sight, and there is nothing to
// learn: such a model can be plugged into a pretrained one.
//
// No gradient passes through the cached keys and values. That is our choice: Dai et al.
// cache the hidden layers and stop the gradient at those, so that W_k and W_v also learn
// from cached tokens. Logits and loss are the same either way.
type TransformerXL struct {
	// Cache is C; 0 means the segment length, the paper's choice. No weight depends on
	// it, so a model may be evaluated with another C than it was trained with.
	Cache int
	// T5 is the variant behind the numbers that the Infini-attention paper prints, from
	// Table 4 of Wu et al. 2022: a bias for each of 32 ranges of distance (Raffel et
	// al. 2020) in place of R, and keys and queries of length 1,
	//
	//	score(i, j) = scale·q_i·k_j + bias(i - j)
	//
	// with a learned scale for each head. The authors' code (google-research/meliad)
	// differs in three ways. It adds the bias before scaling, scale·(q_i·k_j + bias(i -
	// j)); we add it after. Its scale starts at 1 and trains for 500,000 steps; ours
	// starts at √D, which gives scores their usual size. And its tokens see the last W
	// tokens before them, where W is the length of segment and cache; ours, as in Dai
	// et al., see the whole cache and their own segment, W to 2W tokens.
	T5 bool
}

// Name is "transformer-xl".
func (TransformerXL) Name() string { return "transformer-xl" }

// Check refuses relative positions on a trunk of the Llama family.
func (m TransformerXL) Check(c models.Config) error { return m.check(c, m.Name()) }

func (m TransformerXL) check(c models.Config, name string) error {
	if m.T5 && c.Llama() {
		return fmt.Errorf("%s: t5 is a choice of relative positions, and a trunk of the Llama family has rotary ones", name)
	}
	return nil
}

// Params is the weights of the positions; rotary ones have none.
func (m TransformerXL) Params(c models.Config, _ int) []models.ParamSpec {
	switch {
	case c.Llama():
		return nil
	case m.T5:
		return []models.ParamSpec{
			{Name: "scale", Shape: []int{c.Heads}, Group: models.Vector, Init: math.Sqrt(float64(c.HeadSize))},
			{Name: "bias", Shape: []int{c.Heads, ops.Buckets}, Group: models.Vector, Random: true},
		}
	}
	return []models.ParamSpec{
		{Name: "u", Shape: []int{c.Heads, c.HeadSize}, Group: models.Vector, Random: true},
		{Name: "v", Shape: []int{c.Heads, c.HeadSize}, Group: models.Vector, Random: true},
		{Name: "w_r", Shape: []int{c.Width(), c.Width()}, Group: models.Matrix, Random: true},
	}
}

func (m TransformerXL) length(c models.Config) int {
	if m.Cache > 0 {
		return m.Cache
	}
	return c.Segment
}

// The tensors of State.
const (
	cache = iota
	seen
)

// State is the cache [C, 2·K·D], and the number of tokens of the document so far: a cache
// that is not yet full is empty at its beginning.
func (m TransformerXL) State(c models.Config, _ int) []models.StateSpec {
	return []models.StateSpec{
		{Name: "cache", Shape: []int{m.length(c), 2 * c.KVWidth()}, Counted: true},
		{Name: "seen", Shape: []int{1}},
	}
}

// Read attends to the cache and the segment. In one graph, each segment finds in qkv what
// the segments before it have left in its cache.
func (m TransformerXL) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	c, running := l.Config, l.Cache()
	reach := ops.Reach{Length: m.length(c), Cache: states[cache], Seen: states[seen]}
	switch {
	case running == nil:
		return m.attend(l, qkv, reach)
	case c.Llama():
		return ops.CachedRotaryAttention(l.Shape, l.Rotary(reach.Length+c.Segment), reach, qkv, *running)
	case m.T5:
		return ops.CachedBiasedAttention(l.Shape, reach, m.unit(l, qkv), ops.Biases(reach.Length+c.Segment, l.Param("bias")), *running)
	}
	return ops.CachedRelativeAttention(l.Shape, reach, c.Segment, qkv, l.Param("u"), l.Param("v"), l.Param("w_r"), *running)
}

// Local is the attention of a segment with nothing before it.
func (m TransformerXL) Local(l *models.Layer, qkv *G.Node) *G.Node {
	return m.attend(l, qkv, ops.Reach{})
}

func (m TransformerXL) attend(l *models.Layer, qkv *G.Node, reach ops.Reach) *G.Node {
	places := reach.Length + l.Shape.T
	switch {
	case l.Config.Llama():
		return ops.RotaryAttention(l.Shape, l.Rotary(places), reach, qkv)
	case m.T5:
		return ops.BiasedAttention(l.Shape, reach, m.unit(l, qkv), ops.Biases(places, l.Param("bias")))
	}
	return ops.RelativeAttention(l.Shape, reach, qkv, l.Param("u"), l.Param("v"), ops.RelativeKeys(places, l.Param("w_r")))
}

// unit is computed twice, by Read and by Write. In decoding, only one of them is in a
// graph, so there is nothing to share; elsewhere the second costs a pass over the rows,
// but no matrix product.
func (TransformerXL) unit(l *models.Layer, qkv *G.Node) *G.Node {
	return ops.QKNorm(l.Shape, qkv, l.Param("scale"))
}

// Write updates the cache to the last C tokens of the old cache and the segments.
func (m TransformerXL) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	if m.T5 && !l.FromCache() { // Read has cached unit keys; doing it twice adds ε twice
		qkv = m.unit(l, qkv)
	}
	return []*G.Node{ops.WriteCache(l.Shape, qkv, initial[cache]), ops.CountSeen(l.Shape, initial[seen])}
}

// Footprint is the first row of the Infini-attention paper's Table 1, where N is the
// length of both segment and cache; a cache of another length is C.
func (m TransformerXL) Footprint(c models.Config) (string, int64) {
	return "(d_key+d_value)·" + c.HeadLetter() + "·" + m.letter(c) + "·l", 2 * int64(c.KVWidth()) * int64(m.length(c)) * int64(c.Layers)
}

// letter is the symbol for the cache length in formulas.
func (m TransformerXL) letter(c models.Config) string {
	if m.length(c) == c.Segment {
		return "N"
	}
	return "C"
}
