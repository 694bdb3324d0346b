package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Shape is the layout of a projection qkv [B·S·T, 3·H·D]; see kernel.Shape.
type Shape = kernel.Shape

// Rotary holds the rotary positions of one segment; see kernel.NewRotary.
type Rotary = kernel.Rotary

// NewRotary prepares n positions for heads of width d.
func NewRotary(n, d int, base float64) *Rotary { return kernel.NewRotary(n, d, base) }

// CausalAttention is softmax attention inside each segment (paper eq. 6) over
// qkv [B·S·T, 3·H·D]: [B·S·T, H·D].
func CausalAttention(s Shape, rotary *Rotary, qkv *G.Node) *G.Node {
	logsum := make([]float32, s.B*s.S*s.H*s.T)
	return apply(floats("attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) { kernel.Attention(s, rotary, out, logsum, f32(in[0])) },
		func(in G.Nodes, out, grad *G.Node) G.Nodes {
			return G.Nodes{apply(floats("attention'", qkv.Shape(), func(d []float32, in []G.Value) {
				kernel.AttentionGradient(s, rotary, d, f32(in[0]), f32(in[1]), logsum, f32(in[2]))
			}, nil), grad, out, in[0])}
		}), qkv)
}

// Cache holds the projections of the tokens that a running segment has seen, per
// document: what decoding needs of them.
type Cache struct {
	QKV  []float32 // [B, segment, 3·H·D]
	Past *int      // tokens in it, shared by all layers
}

// CachedAttention is CausalAttention for the next T tokens of a segment; it adds
// them to the cache. It has no gradient.
func CachedAttention(s Shape, rotary *Rotary, qkv *G.Node, cache Cache) *G.Node {
	return apply(floats("cached attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			kernel.CachedAttention(s, rotary, out, f32(in[0]), cache.QKV, *cache.Past)
		}, nil), qkv)
}

// MemoryRead is σ(q)M / (σ(q)z + ε) (paper eq. 7): segment s of qkv reads
// states[s]; states is [≥S, B, H, D, D+1]. The result is [B·S·T, H·D].
func MemoryRead(s Shape, epsilon float64, qkv, states *G.Node) *G.Node {
	e := float32(epsilon)
	return apply(floats("memory read", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) { kernel.MemoryRead(s, e, out, f32(in[0]), f32(in[1])) },
		func(in G.Nodes, _, grad *G.Node) G.Nodes {
			return together("memory read'", []tensor.Shape{qkv.Shape(), states.Shape()}, func(outs [][]float32, in []G.Value) {
				kernel.MemoryReadGradient(s, e, outs[0], outs[1], f32(in[0]), f32(in[1]), f32(in[2]))
			}, grad, in[0], in[1])
		}), qkv, states)
}

// MemoryWrite is the memory before each segment and after the last,
// [S+1, B, H, D, D+1], from initial [1, B, H, D, D+1] and the keys and values of
// qkv: paper eq. 8, or eq. 9 with delta.
func MemoryWrite(s Shape, epsilon float64, delta bool, qkv, initial *G.Node) *G.Node {
	e := float32(epsilon)
	return apply(floats("memory write", []int{s.S + 1, s.B, s.H, s.D, s.D + 1},
		func(out []float32, in []G.Value) {
			kernel.MemoryWrite(s, e, delta, out, f32(in[0]), f32(in[1]))
		},
		func(in G.Nodes, out, grad *G.Node) G.Nodes {
			return together("memory write'", []tensor.Shape{qkv.Shape(), initial.Shape()}, func(outs [][]float32, in []G.Value) {
				kernel.MemoryWriteGradient(s, e, delta, outs[0], outs[1], f32(in[0]), f32(in[1]), f32(in[2]))
			}, grad, in[0], out)
		}), qkv, initial)
}

// Last is the last slot of states [n, …]: [1, …].
func Last(states *G.Node) *G.Node {
	shape := states.Shape().Clone()
	size := shape.TotalSize() / shape[0]
	shape[0] = 1
	return apply(floats("last", shape,
		func(out []float32, in []G.Value) { all := f32(in[0]); copy(out, all[len(all)-size:]) },
		func(in G.Nodes, _, grad *G.Node) G.Nodes {
			return G.Nodes{apply(floats("last'", in[0].Shape(), func(out []float32, in []G.Value) {
				clear(out[:len(out)-size])
				copy(out[len(out)-size:], f32(in[0]))
			}, nil), grad)}
		}), states)
}

// Mix is sigmoid(β)·memory + (1-sigmoid(β))·local (paper eq. 10), β [H]. With
// states, a segment that reads an empty memory is local alone; with nil it is gated
// like the others.
func Mix(s Shape, memory, local, beta, states *G.Node) *G.Node {
	inputs := []*G.Node{memory, local, beta}
	if states != nil {
		inputs = append(inputs, states)
	}
	of := func(in []G.Value) []float32 { // the states, or nil
		if states == nil {
			return nil
		}
		return f32(in[len(in)-1])
	}
	op := floats("mix", local.Shape(),
		func(out []float32, in []G.Value) {
			kernel.Mix(s, out, f32(in[0]), f32(in[1]), f32(in[2]), of(in))
		},
		func(in G.Nodes, _, grad *G.Node) G.Nodes {
			shapes := []tensor.Shape{memory.Shape(), local.Shape(), beta.Shape()}
			d := together("mix'", shapes, func(outs [][]float32, in []G.Value) {
				kernel.MixGradient(s, outs[0], outs[1], outs[2], f32(in[0]), f32(in[1]), f32(in[2]), f32(in[3]), of(in))
			}, append(G.Nodes{grad}, in...)...)
			return append(d, nil)[:len(in):len(in)]
		})
	op.smooth = []bool{true, true, true, false}[:len(inputs)]
	return apply(op, inputs...)
}

// Rotate is qkv with queries and keys turned to their rotary positions, for a
// memory that is to know where a token stood. past counts the tokens of the segment
// that came before; nil is none.
func Rotate(s Shape, rotary *Rotary, qkv *G.Node, past *int) *G.Node {
	if past == nil {
		past = new(int)
	}
	return apply(floats("rotate", qkv.Shape(),
		func(out []float32, in []G.Value) { kernel.Rotate(s, rotary, out, f32(in[0]), *past) },
		func(_ G.Nodes, _, grad *G.Node) G.Nodes {
			return G.Nodes{apply(floats("rotate'", qkv.Shape(), func(out []float32, in []G.Value) {
				kernel.RotateGradient(s, rotary, out, f32(in[0]), *past)
			}, nil), grad)}
		}), qkv)
}
