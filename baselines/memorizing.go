package baselines

import (
	"math"

	"infinibench/internal/ops"
	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// Memorizing is the Memorizing Transformer (Wu et al. 2022, section 3): our
// Transformer-XL, one layer of which has, beside the cache, a memory for each head: the
// keys and values of the last M tokens. In that layer a query attends to the k entries
// whose keys are most similar to it,
//
//	A_mem = Σ softmax(scale·q·k_i)·v_i,   A = sigmoid(β)·A_mem + (1 - sigmoid(β))·A_xl
//
// where q and k have length 1 and no positions, and each head learns scale and β. No
// gradient passes into the memory. The search is exact; the authors' is approximate. Their
// code (google-research/meliad) has one learned scale per head for local and memory
// attention together; ours has one for the memory alone, beside the T5 variant's own.
type Memorizing struct {
	TransformerXL
	// Entries is M; 0 means 32 segments: at the 2048-token segments of the
	// Infini-attention paper, the 65,536 of its Table 2.
	Entries int
	// K is k; 0 means the authors' 32.
	K int
}

// Name is "memorizing".
func (Memorizing) Name() string { return "memorizing" }

// Check is Transformer-XL's.
func (m Memorizing) Check(c models.Config) error { return m.check(c, m.Name()) }

// layer is the layer with the memory, three quarters of the way up: the 9th of 12.
func (Memorizing) layer(c models.Config) int {
	return max(0, int(math.Round(0.75*float64(c.Layers)))-1)
}

func (m Memorizing) entries(c models.Config) int {
	if m.Entries > 0 {
		return m.Entries
	}
	return 32 * c.Segment
}

func (m Memorizing) nearest() int {
	if m.K > 0 {
		return m.K
	}
	return 32
}

// Params is Transformer-XL's and, in the layer with the memory, β and the memory's own
// scale, which starts at √D as in TransformerXL.T5.
func (m Memorizing) Params(c models.Config, layer int) []models.ParamSpec {
	specs := m.TransformerXL.Params(c, layer)
	if layer == m.layer(c) {
		specs = append(specs,
			models.ParamSpec{Name: "beta", Shape: []int{c.Heads}, Group: models.Gate, Init: c.GateInit},
			models.ParamSpec{Name: "memory_scale", Shape: []int{c.Heads}, Group: models.Vector, Init: math.Sqrt(float64(c.HeadSize))})
	}
	return specs
}

// memory is the index in State, after Transformer-XL's tensors.
const memory = seen + 1

// State is Transformer-XL's and, in the layer with the memory, its keys and values
// [2, K, M, D].
func (m Memorizing) State(c models.Config, layer int) []models.StateSpec {
	specs := m.TransformerXL.State(c, layer)
	if layer == m.layer(c) {
		specs = append(specs, models.StateSpec{Name: "memory", Shape: []int{2, c.KVHeads(), m.entries(c), c.HeadSize}, Counted: true})
	}
	return specs
}

// Read mixes attention to the nearest entries with Transformer-XL's attention.
func (m Memorizing) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	local := m.TransformerXL.Read(l, qkv, states)
	if l.Index != m.layer(l.Config) {
		return local
	}
	found := ops.NearestAttention(l.Shape, m.nearest(), qkv, l.Param("memory_scale"), states[memory], states[seen])
	return ops.Mix(l.Shape, found, local, l.Param("beta"), nil)
}

// Write appends the segments to cache and memory.
func (m Memorizing) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	states := m.TransformerXL.Write(l, qkv, initial)
	if l.Index == m.layer(l.Config) {
		states = append(states, ops.WriteNearest(l.Shape, qkv, initial[memory], m.T5 && l.FromCache()))
	}
	return states
}

// Footprint is the cache of all layers and the memory of one. The Infini-attention
// paper's Table 1 has the memory alone, for M = N·S; its Table 2 prints 183M, which is
// both, at M = 65,000.
func (m Memorizing) Footprint(c models.Config) (string, int64) {
	_, xl := m.TransformerXL.Footprint(c)
	return "(d_key+d_value)·" + c.HeadLetter() + "·(" + m.letter(c) + "·l+M)", xl + 2*int64(c.KVWidth())*int64(m.entries(c))
}
