package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// NearestAttention is attention to the k entries of a memory whose keys are most similar
// to a query (Wu et al. 2022): softmax(gain·q·k)·v over those, [B·S·T, H·D], with queries
// and keys of length 1 and gain [H]. memory [slots, B, 2, K, entries, D] holds the keys
// and values of the last of the seen [slots, B, 1] tokens; of both, only slot 0 is read. A
// segment also finds the tokens of the segments before it in qkv. The search is exact. No
// gradient passes into the memory.
func NearestAttention(s Shape, k int, qkv, gain, memory, seen *G.Node) *G.Node {
	n := kernel.Nearest{Shape: s, Entries: memory.Shape()[4], Most: k}
	size := s.Rows() * s.H * k
	found := kernel.Neighbours{Index: make([]int32, size), Scores: make([]float32, size)}
	inputs := func(in []G.Value) kernel.NearestInputs {
		return kernel.NearestInputs{QKV: f32(in[0]), Gain: f32(in[1]), Memory: f32(in[2]), Seen: f32(in[3])}
	}
	return apply(floats("nearest attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			kernel.NearestAttention(n, out, found, inputs(in))
		},
		&vjp{constant: []int{2, 3}, do: func(g gradients, in []G.Value) {
			kernel.NearestGradient(n, g.in[0], g.in[1], g.out, found, inputs(in))
		}}), qkv, gain, memory, seen)
}

// WriteNearest is the memory before and after the segments of qkv, [2, B, 2, K, entries,
// D], from initial [slots, B, 2, K, entries, D]. The oldest entries make room for the new.
// It scales keys to length 1, unless unit says that QKNorm has done so. No gradient
// passes.
func WriteNearest(s Shape, qkv, initial *G.Node, unit bool) *G.Node {
	shape := initial.Shape().Clone()
	shape[0] = 2
	n := kernel.Nearest{Shape: s, Entries: shape[4]}
	return apply(floats("remember", shape,
		func(out []float32, in []G.Value) { kernel.WriteNearest(n, out, f32(in[0]), f32(in[1]), unit) },
		&vjp{constant: []int{0, 1}}), qkv, initial)
}
