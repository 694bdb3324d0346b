package models

import (
	"fmt"
	"slices"
	"sync"

	"infinibench/internal/ops"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Model is the trunk with a memory: decoder-only, pre-norm, tied embedding,
//
//	x = E[ids];  x += W_o·Read(W_qkv·norm(x));  x += W_down·gelu(W_up·norm(x));
//	logits = norm(x)·Eᵀ
//
// Config says what a trunk of the Llama family has in their place.
type Model struct {
	Config Config
	Memory Memory
	Params []*Param

	byName map[string]int
	tokens int // memory tokens before and after a segment, or 0
	guard  sync.Mutex
	rotary *ops.Rotary // as many positions as anything has needed
}

// New creates a model with weights drawn from the seed.
func New(c Config, m Memory, seed uint64) (*Model, error) {
	return NewStored(c, m, seed, func(string) Storage { return Drawn })
}

// NewStored is New, but leaves the weights that are not Drawn at zero, for the caller to fill
// in: to draw a billion numbers takes ten seconds. With matrices of the trunk in half the
// size, a model can be evaluated and can generate, but not be trained.
func NewStored(c Config, m Memory, seed uint64, storage func(name string) Storage) (*Model, error) {
	if err := Check(c, m); err != nil {
		return nil, err
	}
	tokens := memoryTokens(c, m)
	model := &Model{Config: c, Memory: m, byName: map[string]int{}, tokens: tokens}
	for _, s := range specs(c, m) {
		model.byName[s.Name] = len(model.Params)
		kind := storage(s.Name)
		if kind != Drawn {
			s.Random, s.Init = false, 0
		}
		model.Params = append(model.Params, newParam(c, s, seed, kind))
	}
	return model, nil
}

// Param returns a weight by name, or nil.
func (m *Model) Param(name string) *Param {
	if i, ok := m.byName[name]; ok {
		return m.Params[i]
	}
	return nil
}

// Head returns the weight that logits are products with, [V, d]: the embedding, unless the
// head is untied.
func (m *Model) Head() *Param { return m.Param(m.Config.headName()) }

func (c Config) headName() string {
	if c.UntiedHead {
		return "head"
	}
	return "embedding"
}

// shape is the layout of B documents of S segments of T tokens.
func (m *Model) shape(b, s, t int) ops.Shape {
	return ops.Shape{B: b, S: s, T: t, H: m.Config.Heads, D: m.Config.HeadSize, K: m.Config.KeyValueHeads}
}

// Parameters is the number of weights.
func (m *Model) Parameters() int64 {
	var n int64
	for _, p := range m.Params {
		n += int64(p.Value.DataSize())
	}
	return n
}

// Stateful reports whether anything is carried from segment to segment.
func (m *Model) Stateful() bool {
	for i := range m.Config.Layers {
		if len(m.Memory.State(m.Config, i)) > 0 {
			return true
		}
	}
	return false
}

// Gates is sigmoid(β) of every layer and head, or nil for a model without gates.
func (m *Model) Gates() [][]float64 {
	var gates [][]float64
	for i := range m.Config.Layers {
		if p := m.Param(layerName(i, "beta")); p != nil {
			row := make([]float64, len(p.Data()))
			for h, b := range p.Data() {
				row[h] = logistic(float64(b))
			}
			gates = append(gates, row)
		}
	}
	return gates
}

// positions returns the rotary positions of a model, n or more of them.
func (m *Model) positions(n int) *ops.Rotary {
	m.guard.Lock()
	defer m.guard.Unlock()
	if c := m.Config; m.rotary == nil || m.rotary.Positions() < n {
		m.rotary = ops.NewRotary(n, ops.Frequencies(c.HeadSize, c.RopeBase, ops.RopeScaling(c.RopeScaling)))
	}
	return m.rotary
}

// Layer is what a memory sees of its layer.
type Layer struct {
	Index  int // 0 is the lowest
	Config Config
	Shape  ops.Shape

	model       *Model
	cache       *ops.Cache // of the running segment, when decoding
	fromCache   bool
	writeCounts []float32 // of a pass
	param       func(name string) *G.Node
}

// Local is causal softmax attention inside each segment.
func (l *Layer) Local(qkv *G.Node) *G.Node {
	if l.cache != nil {
		return ops.CachedAttention(l.Shape, l.rotary(), qkv, *l.cache)
	}
	return ops.CausalAttention(l.Shape, l.rotary(), qkv)
}

// Rotary is the trunk's rotary positions, n or more of them.
func (l *Layer) Rotary(n int) *ops.Rotary { return l.model.positions(n) }

// rotary is the positions of a segment and of memory tokens around it.
func (l *Layer) rotary() *ops.Rotary { return l.Rotary(l.Config.Segment + 2*l.model.tokens) }

// MemoryView is qkv as a memory should read and write it: without positions (paper section
// 4.1), or rotated to them.
func (l *Layer) MemoryView(qkv *G.Node) *G.Node {
	switch {
	case !l.Config.MemoryPositions:
		return qkv
	case l.cache != nil:
		return ops.Rotate(l.Shape, l.rotary(), qkv, l.cache.Past)
	}
	return ops.Rotate(l.Shape, l.rotary(), qkv, nil)
}

// Cache holds the running segment when decoding, and is nil otherwise. A memory with its
// own attention, in place of Local, reads it and appends to it.
func (l *Layer) Cache() *ops.Cache { return l.cache }

// FromCache reports that Write gets a segment from the cache that Read filled while
// decoding, not from the projection. The two differ if Read puts anything else into the
// cache.
func (l *Layer) FromCache() bool { return l.fromCache }

// project computes the queries, keys and values of x.
func (l *Layer) project(x *G.Node) *G.Node {
	c, gain, w := l.Config, l.param("norm_attention"), l.param("w_qkv")
	var qkv *G.Node
	if c.QKVBias {
		qkv = ops.NormLinearBias(x, gain, w, l.param("b_qkv"), c.NormEpsilon)
	} else {
		qkv = ops.NormLinear(x, gain, w, c.NormEpsilon)
	}
	if c.QKNorm {
		qkv = ops.HeadNorm(l.Shape, qkv, l.param("norm_q"), l.param("norm_k"), c.NormEpsilon)
	}
	return qkv
}

// finish completes the layer on x, given the output of attention.
func (l *Layer) finish(x, read *G.Node) *G.Node {
	x = ops.LinearAdd(x, read, l.param("w_o"))
	gain, up, down := l.param("norm_ffn"), l.param("w_up"), l.param("w_down")
	if l.Config.SwiGLU {
		return ops.SwiGLU(x, gain, l.param("w_gate"), up, down, l.Config.NormEpsilon)
	}
	return ops.FeedForward(x, gain, up, down, l.Config.NormEpsilon)
}

// Param returns one of the weights that Params lists.
func (l *Layer) Param(name string) *G.Node { return l.param(name) }

// Pass is a model's graph over B documents of S segments of T tokens each: from
// ids and the incoming state to the outgoing state and the normalised last hidden
// layer. With T below the segment length, S is 1 and nothing is written to memory.
type Pass struct {
	Graph *G.ExprGraph
	Shape ops.Shape
	IDs   []int32 // [B·S·T], filled in before each run
	In    *State  // bound to the graph, filled in by each run
	// WriteCounts [B·S] is how often the write of each segment to a compressive memory
	// counts: 1, unless set before a run. A larger count lets a few segments of a
	// training sequence do the work of many.
	WriteCounts []float32
	Params      []*G.Node   // in the order of Model.Params
	Hidden      *G.Node     // [B·S·T, d]; nil in a pass for the state alone
	Inputs      [][]*G.Node // [layer][spec], the nodes of In
	Out         [][]*G.Node // [layer][spec], [1, B, …]

	model   *Model
	written []written
	machine G.VM // nil before the first run
}

// written is the inputs of Read in a layer that writes a segment.
type written struct {
	layer  *Layer
	qkv    *G.Node
	states []*G.Node
}

// Losses adds to the graph the memory's auxiliary loss of each layer: none if it has none
// or writes nothing.
func (p *Pass) Losses() []*G.Node {
	var losses []*G.Node
	if auxiliary, ok := p.model.Memory.(AuxiliaryLoss); ok {
		for _, w := range p.written {
			losses = append(losses, auxiliary.Loss(w.layer, w.qkv, w.states))
		}
	}
	return losses
}

// NewPass builds the graph. With stateOnly it omits what only the logits need.
func (m *Model) NewPass(documents, segments, tokens int, stateOnly bool) *Pass {
	return m.newPass(documents, segments, tokens, stateOnly, nil)
}

func (m *Model) newPass(documents, segments, tokens int, stateOnly bool, caches []ops.Cache) *Pass {
	c := m.Config
	if tokens > c.Segment || tokens < c.Segment && segments > 1 {
		panic(fmt.Sprintf("models: %d segments of %d tokens, segment length %d", segments, tokens, c.Segment))
	}
	shape := m.shape(documents, segments, tokens)
	p := m.newInputs(shape)
	p.IDs = make([]int32, shape.Rows())
	p.WriteCounts = slices.Repeat([]float32{1}, documents*segments)
	x := ops.Embed(p.param("embedding"), Constant(p, "ids", p.IDs))
	if m.tokens > 0 && caches == nil {
		p.recur(x, stateOnly)
		return p
	}
	for i := range c.Layers {
		layer := p.layer(i)
		if caches != nil {
			layer.cache = &caches[i]
		}
		qkv := layer.project(x)
		states := p.Inputs[i]
		if tokens == c.Segment && caches == nil && len(states) > 0 {
			states = m.Memory.Write(layer, qkv, states)
			p.written = append(p.written, written{layer, qkv, states})
			p.Out = append(p.Out, last(states))
		} else {
			p.Out = append(p.Out, states)
		}
		if stateOnly && i == c.Layers-1 {
			return p
		}
		x = layer.finish(x, m.Memory.Read(layer, qkv, states))
	}
	p.Hidden = p.normed(x)
	return p
}

// normed applies the last norm, whose result the logits are computed from.
func (p *Pass) normed(x *G.Node) *G.Node {
	return ops.RMSNorm(x, p.param("norm_final"), p.model.Config.NormEpsilon)
}

// newInputs creates a graph of only the weights and the incoming state.
func (m *Model) newInputs(shape ops.Shape) *Pass {
	p := &Pass{Graph: G.NewGraph(), Shape: shape, In: m.NewState(shape.B), model: m}
	for _, w := range m.Params {
		p.Params = append(p.Params, p.Tensor(w.Name, w.Value))
	}
	for i, layer := range p.In.Layers {
		p.Inputs = append(p.Inputs, nil)
		for j, t := range layer {
			p.Inputs[i] = append(p.Inputs[i], p.Tensor(layerName(i, p.In.specs[i][j].Name), t))
		}
	}
	return p
}

// layer is what the memory of layer i sees.
func (p *Pass) layer(i int) *Layer {
	return &Layer{Index: i, Config: p.model.Config, Shape: p.Shape, model: p.model, writeCounts: p.WriteCounts, param: func(name string) *G.Node { return p.param(layerName(i, name)) }}
}

func last(states []*G.Node) []*G.Node {
	out := make([]*G.Node, len(states))
	for i, s := range states {
		out[i] = ops.Last(s)
	}
	return out
}

func (p *Pass) param(name string) *G.Node { return p.Params[p.model.byName[name]] }

// Head is the node of Model.Head.
func (p *Pass) Head() *G.Node { return p.param(p.model.Config.headName()) }

// Tensor adds a tensor to the graph; its numbers may change between runs.
func (p *Pass) Tensor(name string, value *tensor.Dense) *G.Node {
	return G.NewTensor(p.Graph, value.Dtype(), value.Dims(), G.WithShape(value.Shape()...), G.WithName(name), G.WithValue(value))
}

// Constant adds a vector of numbers ([]int32 or []float32), which the caller fills in
// before each run.
func Constant[T int32 | float32](p *Pass, name string, backing []T) *G.Node {
	// With no explicit shape, a vector of one would become a scalar.
	return p.Tensor(name, tensor.New(tensor.WithShape(len(backing)), tensor.WithBacking(backing)))
}

// matrix adds a matrix [rows, …] backed by the caller's numbers.
func (p *Pass) matrix(name string, backing []float32, rows int) *G.Node {
	return p.Tensor(name, tensor.New(tensor.WithShape(rows, len(backing)/rows), tensor.WithBacking(backing)))
}
