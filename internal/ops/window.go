package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// window is the kernel's attention for a cache [slots, B, C, 2·K·D].
func window(s Shape, rotary *Rotary, cache *G.Node) kernel.Window {
	return kernel.Window{Shape: s, Cache: cache.Shape()[2], Rotary: rotary}
}

// WindowAttention is CausalAttention over qkv [B·S·T, (H+2K)·D] that also sees the C tokens
// before each segment: [B·S·T, H·D]. Those before the first segment come from slot 0 of
// cache [slots, B, C, 2·K·D], whose last seen [slots, B, 1] rows are filled; the others are
// in qkv. Unlike in RelativeAttention, the gradient passes into all of them. rotary needs
// C + S·T positions.
func WindowAttention(s Shape, rotary *Rotary, qkv, cache, seen *G.Node) *G.Node {
	w := window(s, rotary, cache)
	logsum := make([]float32, s.B*s.H*s.S*s.T)
	var result []float32
	return apply(floats("window attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			result = out
			kernel.WindowAttention(w, out, logsum, f32(in[0]), f32(in[1]), f32(in[2]))
		},
		&vjp{constant: []int{2}, do: func(g gradients, in []G.Value) {
			kernel.WindowGradient(w, g.in[0], g.in[1], g.out, result, logsum, f32(in[0]), f32(in[1]), f32(in[2]))
		}}), qkv, cache, seen)
}

// CachedWindowAttention is WindowAttention for the next T tokens of a segment, which it
// appends to the cache of the running segment. It has no gradient. rotary needs C and a
// segment of positions.
func CachedWindowAttention(s Shape, rotary *Rotary, qkv, cache, seen *G.Node, running Cache) *G.Node {
	w := window(s, rotary, cache)
	return apply(floats("cached window attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			kernel.CachedWindowAttention(w, out, f32(in[0]), f32(in[1]), f32(in[2]), running.QKV, *running.Past)
		}, nil), qkv, cache, seen)
}

// WriteWindow is WriteCache with a gradient.
func WriteWindow(s Shape, qkv, initial *G.Node) *G.Node {
	shape := initial.Shape().Clone()
	shape[0] = 2
	w := window(s, nil, initial)
	return apply(floats("window write", shape,
		func(out []float32, in []G.Value) {
			kernel.WriteCache(kernel.Reach{Shape: s, Cache: w.Cache}, out, f32(in[0]), f32(in[1]))
		},
		&vjp{do: func(g gradients, _ []G.Value) { kernel.WriteWindowGradient(w, g.in[0], g.in[1], g.out) }}), qkv, initial)
}
