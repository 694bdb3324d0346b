package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// HeadNorm is qkv with an RMSNorm of each query, with gain query [D], and of each key, with
// gain key [D]: the q_norm and k_norm of Qwen 3. It comes before the rotation, and what
// memories read and write is normed, too.
func HeadNorm(s Shape, qkv, query, key *G.Node, epsilon float64) *G.Node {
	norms := func(in []G.Value) kernel.HeadNorms {
		e := float32(epsilon)
		return kernel.HeadNorms{Query: kernel.Norm{Gain: f32(in[1]), Epsilon: e}, Key: kernel.Norm{Gain: f32(in[2]), Epsilon: e}}
	}
	return apply(floats("head norm", qkv.Shape(),
		func(out []float32, in []G.Value) { kernel.HeadNorm(s, out, f32(in[0]), norms(in)) },
		&vjp{do: func(g gradients, in []G.Value) {
			kernel.HeadNormGradient(s, g.in[0], g.in[1], g.in[2], g.out, f32(in[0]), norms(in))
		}}), qkv, query, key)
}
