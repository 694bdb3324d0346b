package ops

import (
	"fmt"

	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// Shape is the layout of a projection qkv [B·S·T, (H+2K)·D]; see kernel.Shape.
type Shape = kernel.Shape

// CausalAttention is softmax attention inside each segment (paper eq. 6) over
// qkv [B·S·T, (H+2K)·D]: [B·S·T, H·D].
func CausalAttention(s Shape, rotary *Rotary, qkv *G.Node) *G.Node {
	return RotaryAttention(s, rotary, Reach{}, qkv)
}

// RotaryAttention is CausalAttention that also sees what reach puts before a segment.
// Positions count from the oldest token in reach: a score depends on the distance alone,
// as in Transformer-XL, and the cache holds keys without positions. rotary has at least
// reach.Length + T positions. Where there is nothing in reach, the result is
// CausalAttention, bit for bit.
func RotaryAttention(s Shape, rotary *Rotary, reach Reach, qkv *G.Node) *G.Node {
	past := reach.past(s)
	k := kernel.Reach{Shape: s, Cache: past.length}
	checkPositions(rotary, past.length+s.T)
	logsum := make([]float32, s.B*s.S*s.H*s.T)
	var result []float32
	return apply(floats("attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			result = out
			kernel.Attention(k, rotary, out, logsum, f32(in[0]), past.of(in[1:]))
		},
		&vjp{constant: []int{1, 2}, do: func(g gradients, in []G.Value) {
			kernel.AttentionGradient(k, rotary, g.in[0], g.out, result, logsum, f32(in[0]), past.of(in[1:]))
		}}), append([]*G.Node{qkv}, past.nodes...)...)
}

func checkPositions(rotary *Rotary, n int) {
	if n > rotary.Positions() {
		panic(fmt.Sprintf("ops: %d rotary positions for attention to %d tokens", rotary.Positions(), n))
	}
}

// Cache holds, for each document, the projections of the running segment's tokens, which
// decoding needs.
type Cache struct {
	QKV  []float32 // [B, segment, (H+2K)·D]
	Past *int      // tokens in it, shared by all layers

	rotated *rotatedKeys
}

// rotatedKeys is the keys of a running segment and of what it reaches, rotated, [B,
// length+segment, K·D]. Attention with rotary positions makes room for them.
type rotatedKeys struct{ keys []float32 }

// NewCache is a cache for a number of documents and tokens of each; of s, only the heads
// count. past is the number of tokens in it, which the caller counts.
func NewCache(s Shape, documents, tokens int, past *int) Cache {
	return Cache{QKV: make([]float32, documents*tokens*s.Columns()), Past: past, rotated: &rotatedKeys{}}
}

// CopyDocument copies the only document of another cache of the same size to document `to`.
func (c Cache) CopyDocument(to int, from Cache) {
	copy(c.QKV[to*len(from.QKV):], from.QKV)
	n := len(from.rotated.keys)
	c.rotated.hold(n * (len(c.QKV) / len(from.QKV)))
	copy(c.rotated.keys[to*n:], from.rotated.keys)
}

func (r *rotatedKeys) hold(n int) {
	if r.keys == nil {
		r.keys = make([]float32, n)
	}
}

// CachedAttention is CausalAttention for the next T tokens of a segment, which it appends
// to the cache. It has no gradient.
func CachedAttention(s Shape, rotary *Rotary, qkv *G.Node, cache Cache) *G.Node {
	return CachedRotaryAttention(s, rotary, Reach{}, qkv, cache)
}

// CachedRotaryAttention is RotaryAttention in the same way. What is in reach must not
// change while a segment is running.
func CachedRotaryAttention(s Shape, rotary *Rotary, reach Reach, qkv *G.Node, running Cache) *G.Node {
	past := reach.past(s)
	k := kernel.Reach{Shape: s, Cache: past.length}
	tokens := past.length + len(running.QKV)/(s.B*s.Columns())
	checkPositions(rotary, tokens)
	running.rotated.hold(s.B * tokens * s.KVWidth())
	return apply(floats("cached attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			kernel.CachedAttention(k, rotary, out, f32(in[0]), past.of(in[1:]),
				kernel.Running{QKV: running.QKV, Keys: running.rotated.keys, Done: *running.Past})
		}, nil), append([]*G.Node{qkv}, past.nodes...)...)
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

// ScaleHeads is each head of x [B·S·T, H·D] times its scale [H].
func ScaleHeads(s Shape, x, scales *G.Node) *G.Node {
	return apply(floats("scale heads", x.Shape(),
		func(out []float32, in []G.Value) { kernel.ScaleHeads(s, out, f32(in[0]), f32(in[1])) },
		&vjp{do: func(g gradients, in []G.Value) {
			kernel.ScaleHeadsGradient(s, g.in[0], g.in[1], g.out, f32(in[0]), f32(in[1]))
		}}), x, scales)
}

// NextDocument is states [n, B, …] with the state of document (b+1) mod B in place of
// document b's.
func NextDocument(states *G.Node) *G.Node {
	shape := states.Shape().Clone()
	documents := shape[1]
	size := shape.TotalSize() / (shape[0] * documents) // of one document's state
	// each calls f with the places of a state and of the state that takes it.
	each := func(f func(from, to int)) {
		for i := range shape[0] * documents {
			slot, b := i/documents, i%documents
			f((slot*documents+(b+1)%documents)*size, i*size)
		}
	}
	return apply(floats("next document", shape,
		func(out []float32, in []G.Value) {
			x := f32(in[0])
			each(func(from, to int) { copy(out[to:to+size], x[from:from+size]) })
		},
		&vjp{do: func(g gradients, _ []G.Value) {
			each(func(from, to int) { kernel.Accumulate(g.in[0].Part(from, from+size), 1, g.out[to:to+size]) })
		}}), states)
}
