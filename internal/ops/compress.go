package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// Compression is a memory of the last segment and of compressed older ones; see
// kernel.Compression.
type Compression = kernel.Compression

// CompressKeys is the memory of keys before each segment of qkv and after the last, [S+1,
// B, Slots+T, K·D], from initial [1, …]; w [K·D, Rate·K·D] compresses. No gradient passes
// through it, nor through CompressValues, its counterpart for values.
func CompressKeys(c Compression, qkv, initial, w *G.Node) *G.Node {
	return compress(c, 1, qkv, initial, w)
}

// CompressValues is CompressKeys for values.
func CompressValues(c Compression, qkv, initial, w *G.Node) *G.Node {
	return compress(c, 2, qkv, initial, w)
}

func compress(c Compression, part int, qkv, initial, w *G.Node) *G.Node {
	return apply(floats("compress", []int{c.S + 1, c.B, c.Slots + c.T, c.KVWidth()},
		func(out []float32, in []G.Value) { kernel.Compress(c, out, f32(in[0]), f32(in[1]), f32(in[2]), part) },
		&vjp{constant: []int{0, 1, 2}}), qkv, initial, w)
}

// CountFilled is the number of filled rows of the memory before each segment and after the
// last, [S+1, B, 1], from initial [1, B, 1].
func CountFilled(c Compression, initial *G.Node) *G.Node {
	return apply(floats("fill", []int{c.S + 1, c.B, 1},
		func(out []float32, in []G.Value) { c.CountFilled(out, f32(in[0])) },
		&vjp{constant: []int{0}}), initial)
}

// Reconstruction is the loss that trains compression, a number; see kernel.Reconstruction.
// p holds the results of CompressKeys with wk, of CompressValues with wv, and of
// CountFilled. Only wk and wv have a gradient.
func Reconstruction(c Compression, qkv, wk, wv *G.Node, p Prefix) *G.Node {
	dk, dv := make([]float32, wk.Shape().TotalSize()), make([]float32, wv.Shape().TotalSize())
	return apply(scalar("reconstruction",
		func(in []G.Value) float32 {
			return float32(kernel.Reconstruction(c, dk, dv, f32(in[0]), f32(in[3]), f32(in[4]), f32(in[5])))
		},
		// The forward pass has computed the gradients already.
		&vjp{constant: []int{0, 3, 4, 5}, do: func(g gradients, _ []G.Value) {
			kernel.Accumulate(g.in[1], g.out[0], dk)
			kernel.Accumulate(g.in[2], g.out[0], dv)
		}}), qkv, wk, wv, p.Keys, p.Values, p.Seen)
}
