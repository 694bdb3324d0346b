package modeltest

import (
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"testing"

	"infinibench/internal/ops"
	"infinibench/models"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestBrokenMemories breaks Infini-attention in one way after another: each time the check
// that guards the property must fail. Together the faults trip every check of the suite, so
// no check is vacuous.
func TestBrokenMemories(t *testing.T) {
	objected := map[string]bool{}
	for _, c := range []struct {
		reason string
		memory models.Memory
		checks []string
	}{
		{"reads what the segment itself wrote", leak{}, []string{"causality"}},
		{"declares a state and never reads it", deaf{}, []string{"carry"}},
		{"averages the memory over documents", average{}, []string{"batch", "documents"}},
		{"reads one state for all segments of a graph", stale{}, []string{"segments"}},
		{"counts its runs", &counter{}, []string{"repeatable"}},
		{"does not read in a tail", lazy{}, []string{"tail", "generate"}},
		{"answers ones when it is empty", talkative{}, []string{"empty"}},
		{"attends without the cache of decoding", cacheless{}, []string{"generate"}},
		{"passes twice the gradient to what it reads", steep{}, []string{"gradient"}},
		{"passes no gradient to what it writes", detached{}, []string{"gradient", "gradient reaches writing"}},
		{"passes a gradient on that it does not declare", stopGradient{models.Infini{}}, []string{"gradient interval"}},
		{"has one memory for all layers", &shared{}, []string{"layers"}},
		{"keeps a copy that no reset reaches", &hoard{}, []string{"reset"}},
		{"grows a thousandfold at each write", growing{}, []string{"finite"}},
		{"leaves the normaliser out of its footprint", modest{}, []string{"footprint"}},
		{"declares memory that it does not count", uncounted{}, []string{"footprint"}},
	} {
		for _, name := range c.checks {
			at := slices.IndexFunc(checks, func(k check) bool { return k.name == name })
			if err := checks[at].test(c.memory); err == nil {
				t.Errorf("a memory that %s passes the check %q", c.reason, name)
			} else {
				t.Logf("a memory that %s: %s: %v", c.reason, name, err)
			}
			objected[name] = true
		}
	}
	for _, k := range checks {
		if !objected[k.name] {
			t.Errorf("no broken memory tries the check %q", k.name)
		}
	}
}

type leak struct{ models.Infini }

func (m leak) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	return m.Infini.Read(l, qkv, []*G.Node{ops.Last(states[0])})
}

type deaf struct{ models.Infini }

func (deaf) Read(l *models.Layer, qkv *G.Node, _ []*G.Node) *G.Node { return l.Local(qkv) }

type average struct{ models.Infini }

func (m average) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	documents := l.Shape.B
	mean := func(out, in []float32) {
		size := len(in) / ((l.Shape.S + 1) * documents)
		for i := range out {
			out[i] = 0
			slot, j := i/(size*documents), i%size
			for b := range documents {
				out[i] += in[(slot*documents+b)*size+j] / float32(documents)
			}
		}
	}
	return []*G.Node{apply(m.Infini.Write(l, qkv, initial)[0], mean, mean)}
}

type stale struct{ models.Infini }

func (m stale) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	slots := states[0].Shape()[0]
	first := apply(states[0], func(out, in []float32) {
		for i := range out {
			out[i] = in[i%(len(in)/slots)]
		}
	}, scaled(1))
	return m.Infini.Read(l, qkv, []*G.Node{first})
}

type counter struct {
	models.Infini
	runs float32
}

func (m *counter) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	return apply(m.Infini.Read(l, qkv, states), func(out, in []float32) {
		m.runs++
		for i, x := range in {
			out[i] = x + m.runs/1000
		}
	}, scaled(1))
}

type lazy struct{ models.Infini }

func (m lazy) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	if l.Shape.T < l.Config.Segment {
		return l.Local(qkv)
	}
	return m.Infini.Read(l, qkv, states)
}

type talkative struct{ models.Infini }

func (m talkative) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	return apply(m.Infini.Read(l, qkv, states), func(out, in []float32) {
		for i, x := range in {
			out[i] = x + 1
		}
	}, scaled(1))
}

type cacheless struct{ models.Infini }

func (cacheless) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	rotary := ops.NewRotary(l.Config.Segment, ops.Frequencies(l.Config.HeadSize, l.Config.RopeBase, ops.RopeScaling{}))
	mem := ops.MemoryRead(l.Shape, l.Config.MemoryEpsilon, qkv, states[0])
	return ops.Mix(l.Shape, mem, ops.CausalAttention(l.Shape, rotary, qkv), l.Param("beta"), nil)
}

type steep struct{ models.Infini }

func (m steep) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	return m.Infini.Read(l, qkv, []*G.Node{apply(states[0], scaled(1), scaled(2))})
}

type detached struct{ models.Infini }

func (m detached) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	return m.Infini.Write(l, apply(qkv, scaled(1), scaled(0)), initial)
}

type shared struct {
	models.Infini
	graph  *G.ExprGraph
	states []*G.Node
}

func (m *shared) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	if m.graph != qkv.Graph() {
		m.graph, m.states = qkv.Graph(), m.Infini.Write(l, qkv, initial)
	}
	return m.states
}

type hoard struct {
	models.Infini
	kept map[int][]float32 // by size
}

func (m *hoard) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	if m.kept == nil {
		m.kept = map[int][]float32{}
	}
	return []*G.Node{apply(m.Infini.Write(l, qkv, initial)[0], func(out, in []float32) {
		copy(out, in)
		for i, x := range m.kept[len(in)] {
			out[i] += x
		}
		m.kept[len(in)] = slices.Clone(in)
	}, scaled(1))}
}

type growing struct{ models.Infini }

func (m growing) Write(l *models.Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	return []*G.Node{apply(m.Infini.Write(l, qkv, initial)[0], scaled(1000), scaled(1000))}
}

type modest struct{ models.Infini }

func (modest) Footprint(c models.Config) (string, int64) {
	return "d_key·d_value·H·l", int64(c.HeadSize) * int64(c.HeadSize) * int64(c.Heads) * int64(c.Layers)
}

type uncounted struct{ models.Infini }

func (m uncounted) State(c models.Config, layer int) []models.StateSpec {
	specs := m.Infini.State(c, layer)
	specs[0].Counted = false
	return specs
}

// function is a gorgonia operation that keeps the shape: the tool to break things
// with. back turns the gradient of its result into the gradient of its input.
type function struct {
	name    string
	node    *G.Node
	f, back func(out, in []float32)
	result  *tensor.Dense
}

var serial int

func apply(n *G.Node, f, back func(out, in []float32)) *G.Node {
	serial++
	return G.Must(G.ApplyOp(&function{
		name: fmt.Sprintf("function %d", serial), node: n, f: f, back: back,
		result: tensor.New(tensor.WithShape(n.Shape()...), tensor.Of(tensor.Float32)),
	}, n))
}

func scaled(a float32) func(out, in []float32) {
	return func(out, in []float32) {
		for i, x := range in {
			out[i] = a * x
		}
	}
}

func (f *function) Do(in ...G.Value) (G.Value, error) {
	f.f(f.result.Data().([]float32), in[0].Data().([]float32))
	return f.result, nil
}

func (f *function) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	return G.Nodes{apply(grad, f.back, nil)}, nil
}

func (f *function) DiffWRT(int) []bool                             { return []bool{f.back != nil} }
func (f *function) InferShape(...G.DimSizer) (tensor.Shape, error) { return f.node.Shape(), nil }
func (f *function) Arity() int                                     { return 1 }
func (f *function) Type() hm.Type                                  { return hm.NewFnType(f.node.Type(), f.node.Type()) }
func (f *function) ReturnsPtr() bool                               { return false }
func (f *function) CallsExtern() bool                              { return false }
func (f *function) OverwritesInput() int                           { return -1 }
func (f *function) WriteHash(h hash.Hash)                          { fmt.Fprint(h, f.name) }
func (f *function) String() string                                 { return f.name }
func (f *function) Hashcode() uint32 {
	h := fnv.New32a()
	f.WriteHash(h)
	return h.Sum32()
}
