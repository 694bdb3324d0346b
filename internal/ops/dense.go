package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// Embed looks up ids [n] in table [V, d]: [n, d].
func Embed(table, ids *G.Node) *G.Node {
	return apply(floats("embed", []int{ids.Shape()[0], table.Shape()[1]},
		func(out []float32, in []G.Value) { kernel.Embed(out, f32(in[0]), i32(in[1])) },
		&vjp{constant: []int{1}, do: func(g gradients, in []G.Value) {
			kernel.EmbedGradient(g.in[0], g.out, i32(in[1]))
		}}), table, ids)
}

// LinearAdd is r + x·Wᵀ for r [n, m], x [n, k] and W [m, k]: [n, m].
func LinearAdd(r, x, w *G.Node) *G.Node {
	n := x.Shape()[0]
	return apply(floats("linear add", r.Shape(),
		func(out []float32, in []G.Value) {
			kernel.LinearAdd(out, f32(in[0]), f32(in[1]), f32(in[2]), n)
		},
		&vjp{residual: true, do: func(g gradients, in []G.Value) {
			kernel.LinearGradient(g.in[1], g.in[2], g.out, f32(in[1]), f32(in[2]), n)
		}}), r, x, w)
}

// NormLinear is RMSNorm(x)·Wᵀ for x [n, d], g [d] and W [m, d]: [n, m].
func NormLinear(x, g, w *G.Node, epsilon float64) *G.Node {
	norm := func(in []G.Value) kernel.Norm {
		return kernel.Norm{Gain: f32(in[1]), Epsilon: float32(epsilon)}
	}
	return apply(floats("norm linear", []int{x.Shape()[0], w.Shape()[0]},
		func(out []float32, in []G.Value) { kernel.NormLinear(out, f32(in[0]), norm(in), f32(in[2])) },
		&vjp{do: func(g gradients, in []G.Value) {
			kernel.NormLinearGradient(g.in[0], g.in[1], g.in[2], g.out, f32(in[0]), norm(in), f32(in[2]))
		}}), x, g, w)
}

// FeedForward is x + W_down·gelu(W_up·RMSNorm(x)) for x [n, d], g [d], W_up [f, d]
// and W_down [d, f]: [n, d].
func FeedForward(x, g, up, down *G.Node, epsilon float64) *G.Node {
	weights := func(in []G.Value) kernel.FeedForwardWeights {
		norm := kernel.Norm{Gain: f32(in[1]), Epsilon: float32(epsilon)}
		return kernel.FeedForwardWeights{Norm: norm, Up: f32(in[2]), Down: f32(in[3])}
	}
	hidden := make([]float32, x.Shape()[0]*up.Shape()[0])
	return apply(floats("feed-forward", x.Shape(),
		func(out []float32, in []G.Value) {
			kernel.FeedForward(out, hidden, f32(in[0]), weights(in))
		},
		&vjp{residual: true, do: func(g gradients, in []G.Value) {
			dw := kernel.FeedForwardGradients{Gain: g.in[1], Up: g.in[2], Down: g.in[3]}
			kernel.FeedForwardGradient(g.in[0].To, dw, g.out, hidden, f32(in[0]), weights(in))
		}}), x, g, up, down)
}

// Add is a + b, both of one shape. It is for memories that are not gated, such as the
// example in docs/add-a-memory.md.
func Add(a, b *G.Node) *G.Node {
	return apply(floats("add", a.Shape(),
		func(out []float32, in []G.Value) { kernel.Add(out, f32(in[0]), f32(in[1])) },
		&vjp{do: func(g gradients, _ []G.Value) {
			for _, d := range g.in {
				kernel.Accumulate(d, 1, g.out)
			}
		}}), a, b)
}

// RMSNorm is x·rsqrt(mean(x²)+ε)·g for x [n, d] and g [d].
func RMSNorm(x, g *G.Node, epsilon float64) *G.Node {
	norm := func(in []G.Value) kernel.Norm {
		return kernel.Norm{Gain: f32(in[1]), Epsilon: float32(epsilon)}
	}
	return apply(floats("rmsnorm", x.Shape(),
		func(out []float32, in []G.Value) { kernel.RMSNorm(out, f32(in[0]), norm(in)) },
		&vjp{do: func(g gradients, in []G.Value) {
			kernel.RMSNormGradient(g.in[0], g.in[1], g.out, f32(in[0]), norm(in))
		}}), x, g)
}
