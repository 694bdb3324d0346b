package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CrossEntropy is Σ w·nll over targets [n] under softmax(x·tableᵀ), a number in
// nats; x [n, d], table [V, d], weights [n]. Targets and weights are constants.
func CrossEntropy(x, table, targets, weights *G.Node) *G.Node {
	dx := make([]float32, x.Shape().TotalSize())
	dtable := make([]float32, table.Shape().TotalSize())
	return apply(scalar("cross-entropy",
		func(in []G.Value) float32 {
			return float32(kernel.WeightedCrossEntropy(dx, dtable, f32(in[0]), f32(in[1]), i32(in[2]), f32(in[3])))
		},
		// The forward pass has computed the gradients already.
		&vjp{constant: []int{2, 3}, do: func(g gradients, _ []G.Value) {
			for i, d := range [][]float32{dx, dtable} {
				kernel.Accumulate(g.in[i], g.out[0], d)
			}
		}}), x, table, targets, weights)
}

// TokenNLL is the negative log-likelihood of each target, float64 [n], in nats.
// It has no gradient.
func TokenNLL(x, table, targets *G.Node) *G.Node {
	n := x.Shape()[0]
	out := make([]float64, n)
	return apply(&operation{
		name: "token nll", shape: tensor.Shape{n},
		result: tensor.New(tensor.WithShape(n), tensor.WithBacking(out)),
		do:     func(in []G.Value) { kernel.CrossEntropy(out, f32(in[0]), Weights(in[1]), i32(in[2])) },
	}, x, table, targets)
}
