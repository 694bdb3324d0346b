package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// Shape is the layout of a projection qkv [B·S·T, (H+2K)·D]; see kernel.Shape.
type Shape = kernel.Shape

// Rotary holds the rotary positions of one segment; see kernel.NewRotary.
type Rotary = kernel.Rotary

// NewRotary prepares a number of positions; frequencies are from Frequencies.
func NewRotary(positions int, frequencies []float64) *Rotary {
	return kernel.NewRotary(positions, frequencies)
}

// RopeScaling changes rotary frequencies; see kernel.RopeScaling.
type RopeScaling = kernel.RopeScaling

// Frequencies is the rotary frequencies of a head of width d, [d/2], in radians per
// position; see kernel.Frequencies.
func Frequencies(d int, base float64, scaling RopeScaling) []float64 {
	return kernel.Frequencies(d, base, scaling)
}

// CausalAttention is softmax attention inside each segment (paper eq. 6) over
// qkv [B·S·T, (H+2K)·D]: [B·S·T, H·D].
func CausalAttention(s Shape, rotary *Rotary, qkv *G.Node) *G.Node {
	logsum := make([]float32, s.B*s.S*s.H*s.T)
	var result []float32
	return apply(floats("attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			result = out
			kernel.Attention(s, rotary, out, logsum, f32(in[0]))
		},
		&vjp{do: func(g gradients, in []G.Value) {
			kernel.AttentionGradient(s, rotary, g.in[0], g.out, result, logsum, f32(in[0]))
		}}), qkv)
}

// Cache holds, for each document, the projections of the running segment's tokens, which
// decoding needs.
type Cache struct {
	QKV  []float32 // [B, segment, (H+2K)·D]
	Past *int      // tokens in it, shared by all layers
}

// NewCache is a cache for a number of documents and tokens of each; of s, only the heads
// count. past is the number of tokens in it, which the caller counts.
func NewCache(s Shape, documents, tokens int, past *int) Cache {
	return Cache{QKV: make([]float32, documents*tokens*s.Columns()), Past: past}
}

// CopyDocument copies the only document of another cache of the same size to document `to`.
func (c Cache) CopyDocument(to int, from Cache) {
	copy(c.QKV[to*len(from.QKV):], from.QKV)
}

// CachedAttention is CausalAttention for the next T tokens of a segment, which it appends
// to the cache. It has no gradient.
func CachedAttention(s Shape, rotary *Rotary, qkv *G.Node, cache Cache) *G.Node {
	return apply(floats("cached attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			kernel.CachedAttention(s, rotary, out, f32(in[0]), cache.QKV, *cache.Past)
		}, nil), qkv)
}

// MemoryRead is σ(q)M / (σ(q)z + ε) (paper eq. 7): segment s of qkv reads
// states[s]; states is [≥S, B, K, D, D+1]. The result is [B·S·T, H·D].
func MemoryRead(s Shape, epsilon float64, qkv, states *G.Node) *G.Node {
	e := float32(epsilon)
	return apply(floats("memory read", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) { kernel.MemoryRead(s, e, out, f32(in[0]), f32(in[1])) },
		&vjp{do: func(g gradients, in []G.Value) {
			kernel.MemoryReadGradient(s, e, g.in[0], g.in[1], g.out, f32(in[0]), f32(in[1]))
		}}), qkv, states)
}

// MemoryWrite is the memory before each segment and after the last, [S+1, B, K, D, D+1],
// from initial [1, B, K, D, D+1] and the keys and values of qkv: paper eq. 8, or eq. 9
// with delta. writeCounts [B·S] is how often the write of each segment counts, read at
// each run; nil means once.
func MemoryWrite(s Shape, epsilon float64, delta bool, writeCounts []float32, qkv, initial *G.Node) *G.Node {
	e := float32(epsilon)
	var states []float32
	return apply(floats("memory write", []int{s.S + 1, s.B, s.KV(), s.D, s.D + 1},
		func(out []float32, in []G.Value) {
			states = out
			kernel.MemoryWrite(s, e, delta, writeCounts, out, f32(in[0]), f32(in[1]))
		},
		&vjp{do: func(g gradients, in []G.Value) {
			kernel.MemoryWriteGradient(s, e, delta, writeCounts, g.in[0], g.in[1], g.out, f32(in[0]), states)
		}}), qkv, initial)
}

// Last is the last slot of states [n, …]: [1, …].
func Last(states *G.Node) *G.Node {
	shape := states.Shape().Clone()
	size := shape.TotalSize() / shape[0]
	shape[0] = 1
	return apply(floats("last", shape,
		func(out []float32, in []G.Value) { all := f32(in[0]); copy(out, all[len(all)-size:]) },
		&vjp{do: func(g gradients, _ []G.Value) {
			dstates := g.in[0]
			last := len(dstates.To) - size
			if !dstates.Add {
				clear(dstates.To[:last])
			}
			kernel.Accumulate(dstates.Part(last, last+size), 1, g.out)
		}}), states)
}

// Mix is sigmoid(β)·memory + (1-sigmoid(β))·local (paper eq. 10), β [H]. With states, a
// segment that reads an empty memory uses local attention alone; without, it is gated like
// the others. β may be -Inf: the result is then local, bit for bit.
func Mix(s Shape, memory, local, beta, states *G.Node) *G.Node {
	inputs := []*G.Node{memory, local, beta}
	if states != nil {
		inputs = append(inputs, states)
	}
	gate := func(in []G.Value) kernel.Gate {
		g := kernel.Gate{Shape: s, Beta: f32(in[2])}
		if states != nil {
			g.States = f32(in[3])
		}
		return g
	}
	return apply(floats("mix", local.Shape(),
		func(out []float32, in []G.Value) {
			kernel.Mix(gate(in), out, f32(in[0]), f32(in[1]))
		},
		&vjp{constant: []int{3}, do: func(g gradients, in []G.Value) {
			kernel.MixGradient(gate(in), g.in[0], g.in[1], g.in[2], g.out, f32(in[0]), f32(in[1]))
		}}), inputs...)
}

// Rotate is qkv with queries and keys rotated to their positions, for a memory that should
// know the position of a token. past is the number of earlier tokens of the segment; nil
// means none.
func Rotate(s Shape, rotary *Rotary, qkv *G.Node, past *int) *G.Node {
	if past == nil {
		past = new(int)
	}
	return apply(floats("rotate", qkv.Shape(),
		func(out []float32, in []G.Value) { kernel.Rotate(s, rotary, out, f32(in[0]), *past) },
		&vjp{do: func(g gradients, _ []G.Value) {
			kernel.RotateGradient(s, rotary, g.in[0], g.out, *past)
		}}), qkv)
}
