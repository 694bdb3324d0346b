package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
)

// linearTwin is x·Wᵀ, x [n, k], W [m, k].
func linearTwin(x, w array) []float64 {
	n, k, m := x.shape[0], x.shape[1], w.shape[0]
	y := make([]float64, n*m)
	for i := range n {
		for j := range m {
			for l := range k {
				y[i*m+j] += x.data[i*k+l] * w.data[j*k+l]
			}
		}
	}
	return y
}

// rmsNormTwin is x·rsqrt(mean(x²)+ε)·g.
func rmsNormTwin(x, g array, epsilon float64) []float64 {
	y := make([]float64, len(x.data))
	d := len(g.data)
	for i := range x.shape[0] {
		var squares float64
		for _, v := range x.data[i*d : (i+1)*d] {
			squares += v * v
		}
		for j, v := range x.data[i*d : (i+1)*d] {
			y[i*d+j] = v / math.Sqrt(squares/float64(d)+epsilon) * g.data[j]
		}
	}
	return y
}

// geluTwin is x·Φ(x), Φ the standard normal distribution.
func geluTwin(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v * 0.5 * math.Erfc(-v/math.Sqrt2)
	}
	return y
}

func addTwin(a, b []float64) []float64 {
	y := make([]float64, len(a))
	for i := range a {
		y[i] = a[i] + b[i]
	}
	return y
}

// embedTwin is the rows of the table that the ids name.
func embedTwin(table, ids array) []float64 {
	d := table.shape[1]
	var y []float64
	for _, id := range ids.data {
		y = append(y, table.data[int(id)*d:(int(id)+1)*d]...)
	}
	return y
}

func denseChecks() []check {
	r := rand.New(rand.NewPCG(1, 1))
	var all []check
	for _, c := range []struct{ n, k, m int }{{1, 1, 1}, {3, 7, 5}, {33, 6, 9}, {130, 70, 31}} {
		all = append(all, check{
			name: fmt.Sprintf("linear add/%dx%dx%d", c.n, c.k, c.m),
			in:   []array{normal(r, c.n, c.m), normal(r, c.n, c.k), normal(r, c.m, c.k)},
			node: func(in []*G.Node) *G.Node { return LinearAdd(in[0], in[1], in[2]) },
			twin: func(in []array) []float64 { return addTwin(in[0].data, linearTwin(in[1], in[2])) },
		})
	}
	for _, c := range []struct {
		n, d    int
		epsilon float64
	}{{1, 2, 1e-5}, {5, 6, 1e-5}, {9, 130, 0.3}, {77, 10, 1e-5}} {
		all = append(all, check{
			name: fmt.Sprintf("rmsnorm/%dx%d", c.n, c.d),
			in:   []array{normal(r, c.n, c.d), normal(r, c.d)},
			node: func(in []*G.Node) *G.Node { return RMSNorm(in[0], in[1], c.epsilon) },
			twin: func(in []array) []float64 { return rmsNormTwin(in[0], in[1], c.epsilon) },
		})
	}
	for _, n := range []int{1, 7, 8, 300, 9001} {
		all = append(all, check{
			name: fmt.Sprintf("add/%d", n), in: []array{normal(r, n, 1), normal(r, n, 1)},
			node: func(in []*G.Node) *G.Node { return Add(in[0], in[1]) },
			twin: func(in []array) []float64 { return addTwin(in[0].data, in[1].data) },
		})
	}
	// Rows around the blocks that several steps are done in; and few rows with large
	// weights, which are divided in their place.
	for _, c := range []struct {
		n, d, f int
		epsilon float64
		probes  int
	}{{1, 2, 1, 1e-5, 0}, {5, 6, 9, 0.3, 0}, {33, 10, 7, 1e-5, 0}, {300, 4, 8, 1e-5, 0}, {1100, 2, 3, 1e-5, 0}, {3, 500, 525, 1e-5, 1}, {5, 500, 525, 1e-5, 1}} {
		size := fmt.Sprintf("/%dx%dx%d", c.n, c.d, c.f)
		all = append(all, check{
			name: "norm linear" + size, probes: c.probes,
			in:   []array{normal(r, c.n, c.d), normal(r, c.d), normal(r, c.f, c.d)},
			node: func(in []*G.Node) *G.Node { return NormLinear(in[0], in[1], in[2], c.epsilon) },
			twin: func(in []array) []float64 {
				normed := array{shape: in[0].shape, data: rmsNormTwin(in[0], in[1], c.epsilon)}
				return linearTwin(normed, in[2])
			},
		}, check{
			name: "norm linear with bias" + size, probes: c.probes,
			in:   []array{normal(r, c.n, c.d), normal(r, c.d), normal(r, c.f, c.d), normal(r, c.f)},
			node: func(in []*G.Node) *G.Node { return NormLinearBias(in[0], in[1], in[2], in[3], c.epsilon) },
			twin: func(in []array) []float64 {
				y := linearTwin(array{shape: in[0].shape, data: rmsNormTwin(in[0], in[1], c.epsilon)}, in[2])
				for i := range y {
					y[i] += in[3].data[i%c.f]
				}
				return y
			},
		}, check{
			name: "swiglu" + size, probes: c.probes,
			in:   []array{normal(r, c.n, c.d), normal(r, c.d), normal(r, c.f, c.d), normal(r, c.f, c.d), normal(r, c.d, c.f)},
			node: func(in []*G.Node) *G.Node { return SwiGLU(in[0], in[1], in[2], in[3], in[4], c.epsilon) },
			twin: func(in []array) []float64 {
				normed := array{shape: in[0].shape, data: rmsNormTwin(in[0], in[1], c.epsilon)}
				gate, active := linearTwin(normed, in[2]), array{shape: []int{c.n, c.f}, data: linearTwin(normed, in[3])}
				for i, g := range gate {
					active.data[i] *= g / (1 + math.Exp(-g))
				}
				return addTwin(in[0].data, linearTwin(active, in[4]))
			},
		}, check{
			name: "linear add" + size, probes: c.probes,
			in:   []array{normal(r, c.n, c.f), normal(r, c.n, c.d), normal(r, c.f, c.d)},
			node: func(in []*G.Node) *G.Node { return LinearAdd(in[0], in[1], in[2]) },
			twin: func(in []array) []float64 { return addTwin(in[0].data, linearTwin(in[1], in[2])) },
		}, check{
			name: "feed-forward" + size, probes: c.probes,
			in:   []array{normal(r, c.n, c.d), normal(r, c.d), normal(r, c.f, c.d), normal(r, c.d, c.f)},
			node: func(in []*G.Node) *G.Node { return FeedForward(in[0], in[1], in[2], in[3], c.epsilon) },
			twin: func(in []array) []float64 {
				up := linearTwin(array{shape: in[0].shape, data: rmsNormTwin(in[0], in[1], c.epsilon)}, in[2])
				active := array{shape: []int{c.n, c.f}, data: geluTwin(up)}
				return addTwin(in[0].data, linearTwin(active, in[3]))
			},
		})
	}
	// Few ids in a long text: every row of the table is a sum of many.
	for _, c := range []struct{ n, d, v int }{{1, 2, 1}, {9, 6, 5}, {200, 10, 7}} {
		all = append(all, check{
			name: fmt.Sprintf("embed/%d of %dx%d", c.n, c.v, c.d),
			in:   []array{normal(r, c.v, c.d), integers(r, c.n, c.v)},
			node: func(in []*G.Node) *G.Node { return Embed(in[0], in[1]) },
			twin: func(in []array) []float64 { return embedTwin(in[0], in[1]) },
		})
	}
	// Inputs with several uses, whose gradients add up in one place: before, after
	// and as the residual of another.
	all = append(all, check{
		name: "feed-forward of an input used elsewhere",
		in:   []array{normal(r, 5, 6), normal(r, 6), normal(r, 7, 6), normal(r, 6, 7)},
		node: func(in []*G.Node) *G.Node {
			return Add(FeedForward(in[0], in[1], in[2], in[3], 1e-5), RMSNorm(in[0], in[1], 1e-5))
		},
		twin: func(in []array) []float64 {
			normed := array{shape: in[0].shape, data: rmsNormTwin(in[0], in[1], 1e-5)}
			active := array{shape: []int{5, 7}, data: geluTwin(linearTwin(normed, in[2]))}
			return addTwin(addTwin(in[0].data, linearTwin(active, in[3])), normed.data)
		},
	})
	return append(all, check{
		name: "several uses",
		in:   []array{normal(r, 5, 6), normal(r, 6, 6)},
		node: func(in []*G.Node) *G.Node {
			return LinearAdd(Add(in[0], LinearAdd(in[0], in[0], in[1])), LinearAdd(in[0], in[0], in[1]), in[1])
		},
		twin: func(in []array) []float64 {
			once := linearTwin(in[0], in[1])
			sum := addTwin(in[0].data, once)
			twice := linearTwin(array{shape: in[0].shape, data: sum}, in[1])
			return addTwin(addTwin(in[0].data, sum), twice)
		},
	})
}

func TestDense(t *testing.T) {
	for _, c := range denseChecks() {
		t.Run(c.name, c.test)
	}
}
