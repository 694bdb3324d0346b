package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// Embed looks up ids [n] in table [V, d]: [n, d].
func Embed(table, ids *G.Node) *G.Node {
	return apply(floats("embed", []int{ids.Shape()[0], table.Shape()[1]},
		func(out []float32, in []G.Value) { kernel.Embed(out, Weights(in[0]), i32(in[1])) },
		&vjp{constant: []int{1}, do: func(g gradients, in []G.Value) {
			kernel.EmbedGradient(g.in[0], g.out, i32(in[1]))
		}}), table, ids)
}

// LinearAdd is r + x·Wᵀ for r [n, m], x [n, k] and W [m, k]: [n, m].
func LinearAdd(r, x, w *G.Node) *G.Node {
	n := x.Shape()[0]
	return apply(floats("linear add", r.Shape(),
		func(out []float32, in []G.Value) {
			kernel.LinearAdd(out, f32(in[0]), f32(in[1]), Weights(in[2]), n)
		},
		&vjp{residual: true, do: func(g gradients, in []G.Value) {
			kernel.LinearGradient(g.in[1], g.in[2], g.out, f32(in[1]), f32(in[2]), n)
		}}), r, x, w)
}

// NormLinear is RMSNorm(x)·Wᵀ for x [n, d], g [d] and W [m, d]: [n, m].
func NormLinear(x, g, w *G.Node, epsilon float64) *G.Node { return normLinear(epsilon, x, g, w) }

// NormLinearBias is NormLinear plus b [m] in every row.
func NormLinearBias(x, g, w, bias *G.Node, epsilon float64) *G.Node {
	return normLinear(epsilon, x, g, w, bias)
}

// normLinear takes x, g, W and, for one with a bias, b.
func normLinear(epsilon float64, inputs ...*G.Node) *G.Node {
	norm := func(in []G.Value) kernel.Norm {
		return kernel.Norm{Gain: f32(in[1]), Epsilon: float32(epsilon)}
	}
	biased := len(inputs) == 4
	return apply(floats("norm linear", []int{inputs[0].Shape()[0], inputs[2].Shape()[0]},
		func(out []float32, in []G.Value) {
			var bias []float32
			if biased {
				bias = f32(in[3])
			}
			kernel.NormLinear(out, f32(in[0]), norm(in), Weights(in[2]), bias)
		},
		&vjp{do: func(g gradients, in []G.Value) {
			var dbias kernel.Gradient
			if biased {
				dbias = g.in[3]
			}
			kernel.NormLinearGradient(g.in[0], g.in[1], g.in[2], dbias, g.out, f32(in[0]), norm(in), f32(in[2]))
		}}), inputs...)
}

// FeedForward is x + W_down·gelu(W_up·RMSNorm(x)) for x [n, d], g [d], W_up [f, d]
// and W_down [d, f]: [n, d].
func FeedForward(x, g, up, down *G.Node, epsilon float64) *G.Node {
	return feedForward(epsilon, x, g, up, down)
}

// SwiGLU is x + W_down·(silu(W_gate·y) ⊙ W_up·y), y = RMSNorm(x), for x [n, d], g [d],
// W_gate and W_up [f, d] and W_down [d, f]: [n, d].
func SwiGLU(x, g, gate, up, down *G.Node, epsilon float64) *G.Node {
	return feedForward(epsilon, x, g, up, down, gate)
}

// feedForward takes x, g, W_up, W_down and, for one with a gate, W_gate.
func feedForward(epsilon float64, inputs ...*G.Node) *G.Node {
	x, hidden := inputs[0].Shape(), inputs[0].Shape()[0]*inputs[2].Shape()[0]
	gated := len(inputs) == 5
	block := func(in []G.Value) kernel.FeedForwardWeights {
		norm := kernel.Norm{Gain: f32(in[1]), Epsilon: float32(epsilon)}
		w := kernel.FeedForwardWeights{Norm: norm, Up: Weights(in[2]), Down: Weights(in[3])}
		if gated {
			w.Gate = Weights(in[4])
		}
		return w
	}
	var keep kernel.Hidden
	return apply(floats("feed-forward", x,
		func(out []float32, in []G.Value) { kernel.FeedForward(out, keep, f32(in[0]), block(in)) },
		&vjp{
			residual: true,
			prepare: func() {
				keep.Up = make([]float32, hidden)
				if gated {
					keep.Gate = make([]float32, hidden)
				}
			},
			do: func(g gradients, in []G.Value) {
				dw := kernel.FeedForwardGradients{Gain: g.in[1], Up: g.in[2], Down: g.in[3]}
				if gated {
					dw.Gate = g.in[4]
				}
				kernel.FeedForwardGradient(g.in[0].To, dw, g.out, keep, f32(in[0]), block(in))
			},
		}), inputs...)
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
