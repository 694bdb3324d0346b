package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Embed looks ids [n] up in table [V, d]: [n, d].
func Embed(table, ids *G.Node) *G.Node {
	op := floats("embed", []int{ids.Shape()[0], table.Shape()[1]},
		func(out []float32, in []G.Value) { kernel.Embed(out, f32(in[0]), i32(in[1])) },
		func(in G.Nodes, _, grad *G.Node) G.Nodes {
			return G.Nodes{apply(floats("embed'", table.Shape(), func(out []float32, in []G.Value) {
				kernel.EmbedGradient(out, f32(in[0]), i32(in[1]))
			}, nil), grad, in[1]), nil}
		})
	op.smooth = []bool{true, false}
	return apply(op, table, ids)
}

// Linear is x·Wᵀ for x [n, k] and W [m, k]: [n, m]. There is no bias.
func Linear(x, w *G.Node) *G.Node {
	n, k, m := x.Shape()[0], x.Shape()[1], w.Shape()[0]
	return apply(floats("linear", []int{n, m},
		func(out []float32, in []G.Value) {
			kernel.ParallelGemm(false, true, n, m, k, 1, f32(in[0]), k, f32(in[1]), k, 0, out, m)
		},
		func(in G.Nodes, _, grad *G.Node) G.Nodes {
			dx := apply(floats("linear'x", x.Shape(), func(out []float32, in []G.Value) {
				kernel.ParallelGemm(false, false, n, k, m, 1, f32(in[0]), m, f32(in[1]), k, 0, out, k)
			}, nil), grad, in[1])
			dw := apply(floats("linear'w", w.Shape(), func(out []float32, in []G.Value) {
				kernel.ParallelGemm(true, false, m, k, n, 1, f32(in[0]), m, f32(in[1]), k, 0, out, k)
			}, nil), grad, in[0])
			return G.Nodes{dx, dw}
		}), x, w)
}

// Add is a + b, both of one shape.
func Add(a, b *G.Node) *G.Node {
	return apply(floats("add", a.Shape(),
		func(out []float32, in []G.Value) { kernel.Add(out, f32(in[0]), f32(in[1])) },
		func(_ G.Nodes, _, grad *G.Node) G.Nodes { return G.Nodes{grad, grad} }), a, b)
}

// RMSNorm is x·rsqrt(mean(x²)+ε)·g for x [n, d] and g [d].
func RMSNorm(x, g *G.Node, epsilon float64) *G.Node {
	e := float32(epsilon)
	return apply(floats("rmsnorm", x.Shape(),
		func(out []float32, in []G.Value) { kernel.RMSNorm(out, f32(in[0]), f32(in[1]), e) },
		func(in G.Nodes, _, grad *G.Node) G.Nodes {
			return together("rmsnorm'", []tensor.Shape{x.Shape(), g.Shape()}, func(outs [][]float32, in []G.Value) {
				kernel.RMSNormGradient(outs[0], outs[1], f32(in[0]), f32(in[1]), f32(in[2]), e)
			}, grad, in[0], in[1])
		}), x, g)
}

// Gelu is x·Φ(x).
func Gelu(x *G.Node) *G.Node {
	return apply(floats("gelu", x.Shape(),
		func(out []float32, in []G.Value) { kernel.Gelu(out, f32(in[0])) },
		func(in G.Nodes, _, grad *G.Node) G.Nodes {
			return G.Nodes{apply(floats("gelu'", x.Shape(), func(out []float32, in []G.Value) {
				kernel.GeluGradient(out, f32(in[0]), f32(in[1]))
			}, nil), grad, in[0])}
		}), x)
}

// Dot is Σ a·b, a number. It carries the gradient of an outgoing state into a
// graph: the gradient of Dot(state, g) with respect to the state is g. The second
// input is taken as a constant.
func Dot(a, b *G.Node) *G.Node {
	op := scalar("dot",
		func(in []G.Value) float32 { return float32(kernel.Dot(f32(in[0]), f32(in[1]))) },
		func(in G.Nodes, _, grad *G.Node) G.Nodes {
			return G.Nodes{times(grad, in[1]), nil}
		})
	op.smooth = []bool{true, false}
	return apply(op, a, b)
}

// times is factor·x for a number and a tensor.
func times(factor, x *G.Node) *G.Node {
	return apply(floats("times", x.Shape(), func(out []float32, in []G.Value) {
		kernel.Scale(out, f32(in[1]), in[0].Data().(float32))
	}, nil), factor, x)
}
