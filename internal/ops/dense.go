package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// Embed looks ids [n] up in table [V, d]: [n, d].
func Embed(table, ids *G.Node) *G.Node {
	return apply(floats("embed", []int{ids.Shape()[0], table.Shape()[1]},
		func(out []float32, in []G.Value) { kernel.Embed(out, f32(in[0]), i32(in[1])) },
		&pull{constant: []int{1}, do: func(g gradients, in []G.Value) {
			kernel.EmbedGradient(g.in[0], g.add[0], g.out, i32(in[1]))
		}}), table, ids)
}

// Linear is x·Wᵀ for x [n, k] and W [m, k]: [n, m]. There is no bias.
func Linear(x, w *G.Node) *G.Node {
	n := x.Shape()[0]
	return apply(floats("linear", []int{n, w.Shape()[0]},
		func(out []float32, in []G.Value) { kernel.Linear(out, f32(in[0]), f32(in[1]), n) },
		&pull{do: func(g gradients, in []G.Value) {
			kernel.LinearGradient(g.in[0], g.add[0], g.in[1], g.add[1], g.out, f32(in[0]), f32(in[1]), n)
		}}), x, w)
}

// LinearAdd is r + x·Wᵀ for r [n, m], x [n, k] and W [m, k]: [n, m].
func LinearAdd(r, x, w *G.Node) *G.Node {
	n := x.Shape()[0]
	return apply(floats("linear add", r.Shape(),
		func(out []float32, in []G.Value) {
			kernel.LinearAdd(out, f32(in[0]), f32(in[1]), f32(in[2]), n)
		},
		&pull{residual: true, do: func(g gradients, in []G.Value) {
			kernel.LinearGradient(g.in[1], g.add[1], g.in[2], g.add[2], g.out, f32(in[1]), f32(in[2]), n)
		}}), r, x, w)
}

// NormLinear is RMSNorm(x)·Wᵀ for x [n, d], g [d] and W [m, d]: [n, m].
func NormLinear(x, g, w *G.Node, epsilon float64) *G.Node {
	e := float32(epsilon)
	return apply(floats("norm linear", []int{x.Shape()[0], w.Shape()[0]},
		func(out []float32, in []G.Value) { kernel.NormLinear(out, f32(in[0]), f32(in[1]), f32(in[2]), e) },
		&pull{do: func(g gradients, in []G.Value) {
			kernel.NormLinearGradient(g.in[0], g.add[0], g.in[1], g.add[1], g.in[2], g.add[2], g.out, f32(in[0]), f32(in[1]), f32(in[2]), e)
		}}), x, g, w)
}

// FeedForward is x + W_down·gelu(W_up·RMSNorm(x)) for x [n, d], g [d], W_up [f, d]
// and W_down [d, f]: [n, d].
func FeedForward(x, g, up, down *G.Node, epsilon float64) *G.Node {
	e := float32(epsilon)
	hidden := make([]float32, x.Shape()[0]*up.Shape()[0])
	return apply(floats("feed-forward", x.Shape(),
		func(out []float32, in []G.Value) {
			kernel.FeedForward(out, hidden, f32(in[0]), f32(in[1]), f32(in[2]), f32(in[3]), e)
		},
		&pull{residual: true, do: func(g gradients, in []G.Value) {
			kernel.FeedForwardGradient(g.in[0], g.in[1], g.add[1], g.in[2], g.add[2], g.in[3], g.add[3], g.out, hidden, f32(in[0]), f32(in[1]), f32(in[2]), f32(in[3]), e)
		}}), x, g, up, down)
}

// Add is a + b, both of one shape.
func Add(a, b *G.Node) *G.Node {
	return apply(floats("add", a.Shape(),
		func(out []float32, in []G.Value) { kernel.Add(out, f32(in[0]), f32(in[1])) },
		&pull{do: func(g gradients, _ []G.Value) {
			for i, d := range g.in {
				kernel.Accumulate(d, g.add[i], 1, g.out)
			}
		}}), a, b)
}

// RMSNorm is x·rsqrt(mean(x²)+ε)·g for x [n, d] and g [d].
func RMSNorm(x, g *G.Node, epsilon float64) *G.Node {
	e := float32(epsilon)
	return apply(floats("rmsnorm", x.Shape(),
		func(out []float32, in []G.Value) { kernel.RMSNorm(out, f32(in[0]), f32(in[1]), e) },
		&pull{do: func(g gradients, in []G.Value) {
			kernel.RMSNormGradient(g.in[0], g.add[0], g.in[1], g.add[1], g.out, f32(in[0]), f32(in[1]), e)
		}}), x, g)
}
