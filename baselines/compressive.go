package baselines

import (
	"errors"

	"infinibench/internal/ops"
	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// Compressive is the Compressive Transformer (Rae et al. 2020, section 3). A layer keeps
// the keys and values of the previous segment, N tokens, and before them c slots of
// compressed memory. When the next segment replaces the previous one, each r of its tokens
// become one slot, by a convolution of width and stride r,
//
//	slot_i = W·[x_{ri}; …; x_{ri+r-1}]
//
// for keys and for values, and the oldest slots are dropped. A token attends to slots,
// memory and its own segment in one softmax. No gradient passes into either memory. W
// learns from the attention-reconstruction loss instead (algorithm 2), for each layer
//
//	|attn(h, old) - attn(h, W(old))|²
//
// where h are the tokens of a segment, and old the keys and values that it pushes out,
// without positions. The gradient of this loss reaches W alone, and the language-model
// loss does not reach W.
//
// Positions are as in Transformer-XL and in the original: slots, memory and segment form
// one sequence, in which a slot takes one position. One thing differs. The original keeps
// hidden layers and recomputes keys and values in each segment; this memory is keys and
// values, as in the other baselines, which doubles the memory and saves the computation.
type Compressive struct {
	// Slots is c; 0 means N. It is at least the number of rows that one segment is
	// compressed to.
	Slots int
	// Rate is r; 0 means 2. Both defaults are the authors' for PG19 (section 5.1):
	// memory and slots of the segment's 512 tokens, at a rate of 2.
	Rate int
}

// Name is "compressive".
func (Compressive) Name() string { return "compressive" }

// Check refuses a trunk of the Llama family.
func (m Compressive) Check(c models.Config) error {
	if c.Llama() {
		return errors.New("compressive: its slots have no rotary positions, as each stands for several tokens, and a trunk of the Llama family has no others")
	}
	return nil
}

// Params is the weights of Transformer-XL's positions, and W for keys and for values.
func (m Compressive) Params(c models.Config, layer int) []models.ParamSpec {
	d, rate := c.Width(), m.rate()
	return append(TransformerXL{}.Params(c, layer),
		models.ParamSpec{Name: "w_compress_key", Shape: []int{d, rate * d}, Group: models.Matrix, Random: true},
		models.ParamSpec{Name: "w_compress_value", Shape: []int{d, rate * d}, Group: models.Matrix, Random: true},
	)
}

func (m Compressive) rate() int {
	if m.Rate > 0 {
		return m.Rate
	}
	return 2
}

func (m Compressive) slots(c models.Config) int {
	n := m.Slots
	if n == 0 {
		n = c.Segment
	}
	return max(n, (c.Segment+m.rate()-1)/m.rate())
}

// State is keys and values [c + N, d], first the slots and then the previous segment, each
// the oldest first; and how many of these rows are filled, the last ones.
func (m Compressive) State(c models.Config, _ int) []models.StateSpec {
	rows := m.slots(c) + c.Segment
	return []models.StateSpec{
		{Name: "keys", Shape: []int{rows, c.Width()}, Counted: true},
		{Name: "values", Shape: []int{rows, c.Width()}, Counted: true},
		{Name: "filled", Shape: []int{1}},
	}
}

func prefix(states []*G.Node) ops.Prefix {
	return ops.Prefix{Keys: states[0], Values: states[1], Seen: states[2]}
}

// Read is attention over slots, memory and segment.
func (m Compressive) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	c, u, v, wr := l.Config, l.Param("u"), l.Param("v"), l.Param("w_r")
	if running := l.Cache(); running != nil {
		return ops.CachedRelativeAttention(l.Shape, prefix(states), c.Segment, qkv, u, v, wr, *running)
	}
	places := ops.RelativeKeys(m.slots(c)+c.Segment+l.Shape.T, wr)
	return ops.RelativeAttention(l.Shape, prefix(states), qkv, u, v, places)
}

// Local is the attention of a segment with nothing before it.
func (Compressive) Local(l *models.Layer, qkv *G.Node) *G.Node { return TransformerXL{}.Local(l, qkv) }

func (m Compressive) compression(l *models.Layer) ops.Compression {
	return ops.Compression{Shape: l.Shape, Rate: m.rate(), Slots: m.slots(l.Config)}
}

// Write compresses the segment in memory and puts the new one in its place.
func (m Compressive) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	c := m.compression(l)
	return []*G.Node{
		ops.CompressKeys(c, qkv, initial[0], l.Param("w_compress_key")),
		ops.CompressValues(c, qkv, initial[1], l.Param("w_compress_value")),
		ops.CountFilled(c, initial[2]),
	}
}

// Loss is the attention-reconstruction loss, a mean over the width of the model.
func (m Compressive) Loss(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	return ops.Reconstruction(m.compression(l), qkv, l.Param("w_compress_key"), l.Param("w_compress_value"), prefix(states))
}

// Footprint is twice the paper's Table 1, d_model·(c+N)·l, which counts hidden layers: a
// key and a value are two such rows.
func (m Compressive) Footprint(c models.Config) (string, int64) {
	return "2·d_model·(c+N)·l", 2 * int64(c.Width()) * int64(m.slots(c)+c.Segment) * int64(c.Layers)
}
