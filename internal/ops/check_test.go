package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// check is one operation at one size, beside its twin: the same function in
// float64, written from the equations in plain loops. The operation's value is
// compared with the twin's, and its gradient with central differences of the
// twin, which are accurate to nine digits; differences of a float32 function
// would be accurate to three.
type check struct {
	name   string
	in     []array
	node   func(in []*G.Node) *G.Node
	twin   func(in []array) []float64
	probes int  // elements of each input to differentiate; 0 means 40
	fixed  bool // the operation has no gradient
}

// array is an input: numbers that float32 can hold, row by row.
type array struct {
	shape    []int
	data     []float64
	integer  bool // int32 in the graph
	constant bool // no gradient is asked
}

func zeros(shape ...int) array {
	return array{shape: shape, data: make([]float64, tensor.Shape(shape).TotalSize())}
}

func normal(r *rand.Rand, shape ...int) array {
	a := zeros(shape...)
	for i := range a.data {
		a.data[i] = float64(float32(r.NormFloat64()))
	}
	return a
}

// integers draws n numbers below a bound.
func integers(r *rand.Rand, n, below int) array {
	a := zeros(n)
	a.integer, a.constant = true, true
	for i := range a.data {
		a.data[i] = float64(r.IntN(below))
	}
	return a
}

func (a array) fix() array { a.constant = true; return a }

func (a array) node(g *G.ExprGraph) *G.Node {
	var backing any
	if a.integer {
		backing = convert[int32](a.data)
	} else {
		backing = convert[float32](a.data)
	}
	value := tensor.New(tensor.WithShape(a.shape...), tensor.WithBacking(backing))
	return G.NewTensor(g, value.Dtype(), value.Dims(), G.WithShape(a.shape...), G.WithValue(value), G.WithName(name()))
}

// name gives every input a name of its own: gorgonia merges nodes of one name.
func name() string {
	names++
	return fmt.Sprintf("input %d", names)
}

var names int

func convert[To, From int32 | float32 | float64](x []From) []To {
	y := make([]To, len(x))
	for i, v := range x {
		y[i] = To(v)
	}
	return y
}

// numbers copies a value of any of the types that operations have.
func numbers(v G.Value) []float64 {
	switch x := v.Data().(type) {
	case float32:
		return []float64{float64(x)}
	case []float32:
		return convert[float64](x)
	case []float64:
		return slices.Clone(x)
	}
	panic("unexpected value")
}

// poison overwrites a result, so that a run that leaves a number out shows.
func poison(x []float32) {
	for i := range x {
		x[i] = float32(math.NaN())
	}
}

// compiled is an operation in a graph, with the gradient of Σ up·output.
type compiled struct {
	machine   G.VM
	out       *G.Node
	gradients [][]float32 // nil for a constant
}

// scalarUp is the upstream gradient of an operation whose result is one number.
const scalarUp = 0.75

func compile(t testing.TB, c check, up []float64) compiled {
	g := G.NewGraph()
	nodes := make([]*G.Node, len(c.in))
	for i, a := range c.in {
		nodes[i] = a.node(g)
	}
	k := compiled{out: c.node(nodes), gradients: make([][]float32, len(c.in))}
	if up != nil && !c.fixed {
		var leaves []Leaf
		for i, a := range c.in {
			if !a.constant {
				k.gradients[i] = make([]float32, len(a.data))
				leaves = append(leaves, Leaf{Node: nodes[i], Gradient: k.gradients[i]})
			}
		}
		if err := Gradient([]Root{{k.out, convert[float32](up)}}, leaves); err != nil {
			t.Fatal(err)
		}
	}
	k.machine = G.NewTapeMachine(g)
	return k
}

func (k compiled) run(t testing.TB) {
	t.Helper()
	if err := k.machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	k.machine.Reset()
}

// results copies the output and then each gradient.
func (k compiled) results() [][]float64 {
	all := [][]float64{numbers(k.out.Value())}
	for _, x := range k.gradients {
		if x == nil {
			all = append(all, nil)
		} else {
			all = append(all, convert[float64](x))
		}
	}
	return all
}

// evaluate is the value of an operation alone.
func evaluate(t testing.TB, node func(in []*G.Node) *G.Node, in ...array) []float64 {
	t.Helper()
	k := compile(t, check{in: in, node: node}, nil)
	k.run(t)
	return k.results()[0]
}

// The tolerances. Forward: a float32 sum of a few hundred terms. Gradient: the
// same, through two or three such sums.
const (
	forwardTolerance  = 5e-6
	gradientTolerance = 1e-4
)

// threads runs f with one and with two threads.
func threads(f func(n int)) {
	defer kernel.SetThreads(kernel.Threads())
	for _, n := range []int{1, 2} {
		kernel.SetThreads(n)
		f(n)
	}
}

func (c check) test(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	want := c.twin(c.in)
	up := []float64{scalarUp}
	if len(want) > 1 {
		up = normal(r, len(want)).data
	}
	probes := c.probe(r, up)
	threads(func(n int) {
		k := compile(t, c, up)
		k.run(t)
		first := k.results()
		compare(t, "value", first[0], want, forwardTolerance, forwardTolerance)
		for _, p := range probes {
			p.test(t, first[1+p.input])
		}
		if out, ok := k.out.Value().Data().([]float32); ok {
			poison(out)
		}
		for _, g := range k.gradients {
			poison(g)
		}
		k.run(t)
		for i, x := range k.results() {
			if !slices.Equal(x, first[i]) {
				t.Errorf("%d threads: a second run gives other numbers in result %d", n, i)
			}
		}
	})
}

// compare fails where |got-want| > relative·|want| + absolute·max|want|.
func compare(t *testing.T, what string, got, want []float64, relative, absolute float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	var size float64
	for _, w := range want {
		size = math.Max(size, math.Abs(w))
	}
	for i, w := range want {
		if d := math.Abs(got[i] - w); !(d <= relative*math.Abs(w)+absolute*size) {
			t.Fatalf("%s: number %d is %.8g, twin %.8g (largest %.3g)", what, i, got[i], w, size)
		}
	}
}
