package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
)

const ropeBase = 10000

// The parts of a projection qkv [B·S·T, (H+2K)·D].
const (
	query = iota
	key
	value
)

// projection draws queries, keys and values.
func projection(r *rand.Rand, s Shape) array { return normal(r, s.Rows(), s.Columns()) }

// vector is one token's query of query head h, or its key or value of key/value head h.
func vector(s Shape, qkv array, b, seg, t, part, h int) []float64 {
	column := []int{query: 0, key: s.H, value: s.H + s.KV()}[part] + h
	row := (b*s.S+seg)*s.T + t
	return qkv.data[(row*(s.H+2*s.KV())+column)*s.D:][:s.D]
}

// kv is the key/value head that query head h reads: the first H/K query heads read the
// first, the next H/K the second (Ainslie et al. 2023, figure 2).
func kv(s Shape, h int) int { return h * s.KV() / s.H }

// rotated turns element i with element i + D/2 by position·base^(-2i/D).
func rotated(x []float64, position int, base float64) []float64 {
	half := len(x) / 2
	y := make([]float64, len(x))
	for i := range half {
		sin, cos := math.Sincos(float64(position) * math.Pow(base, -2*float64(i)/float64(len(x))))
		y[i], y[i+half] = x[i]*cos-x[i+half]*sin, x[i]*sin+x[i+half]*cos
	}
	return y
}

func inner(x, y []float64) (sum float64) {
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// attentionTwin is causal softmax(qkᵀ/√D)·v inside each segment, q and k turned
// by their places in it.
func attentionTwin(s Shape, qkv array) []float64 {
	out := make([]float64, s.Rows()*s.Width())
	for b := range s.B {
		for seg := range s.S {
			for h := range s.H {
				var keys [][]float64
				for t := range s.T {
					keys = append(keys, rotated(vector(s, qkv, b, seg, t, key, kv(s, h)), t, ropeBase))
					q := rotated(vector(s, qkv, b, seg, t, query, h), t, ropeBase)
					var total float64
					sum := make([]float64, s.D)
					for u := range t + 1 {
						w := math.Exp(inner(q, keys[u]) / math.Sqrt(float64(s.D)))
						total += w
						for j, v := range vector(s, qkv, b, seg, u, value, kv(s, h)) {
							sum[j] += w * v
						}
					}
					for j, v := range sum {
						out[((b*s.S+seg)*s.T+t)*s.Width()+h*s.D+j] = v / total
					}
				}
			}
		}
	}
	return out
}

// features is σ(x) = elu(x) + 1.
func features(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		if v > 0 {
			y[i] = v + 1
		} else {
			y[i] = math.Exp(v)
		}
	}
	return y
}

// slot is the memory [D, D+1] of key/value head k before segment seg.
func slot(s Shape, states []float64, seg, b, k int) []float64 {
	n := s.D * (s.D + 1)
	at := ((seg*s.B+b)*s.KV() + k) * n
	return states[at : at+n]
}

// recalled is f·M / (f·z + ε), z the last column.
func recalled(s Shape, memory, f []float64, epsilon float64) []float64 {
	sums := make([]float64, s.D+1)
	for i, v := range f {
		for j := range sums {
			sums[j] += v * memory[i*(s.D+1)+j]
		}
	}
	for j := range s.D {
		sums[j] /= sums[s.D] + epsilon
	}
	return sums[:s.D]
}

func memoryReadTwin(s Shape, epsilon float64, qkv, states array) []float64 {
	out := make([]float64, s.Rows()*s.Width())
	for b := range s.B {
		for seg := range s.S {
			for t := range s.T {
				for h := range s.H {
					a := recalled(s, slot(s, states.data, seg, b, kv(s, h)), features(vector(s, qkv, b, seg, t, query, h)), epsilon)
					copy(out[((b*s.S+seg)*s.T+t)*s.Width()+h*s.D:], a)
				}
			}
		}
	}
	return out
}

func memoryWriteTwin(s Shape, epsilon float64, delta bool, repeats []float32, qkv, initial array) []float64 {
	states := make([]float64, (s.S+1)*len(initial.data))
	copy(states, initial.data)
	for seg := range s.S {
		for b := range s.B {
			for h := range s.KV() {
				before, after := slot(s, states, seg, b, h), slot(s, states, seg+1, b, h)
				copy(after, before)
				repeat := 1.
				if repeats != nil {
					repeat = float64(repeats[b*s.S+seg])
				}
				for t := range s.T {
					f, v := features(vector(s, qkv, b, seg, t, key, h)), slices.Clone(vector(s, qkv, b, seg, t, value, h))
					if delta {
						for j, known := range recalled(s, before, f, epsilon) {
							v[j] -= known
						}
					}
					for i, x := range f {
						for j, y := range append(v, 1) {
							after[i*(s.D+1)+j] += repeat * x * y
						}
					}
				}
			}
		}
	}
	return states
}

// mixTwin is sigmoid(β)·memory + (1-sigmoid(β))·local.
func mixTwin(memory, local, beta array) []float64 {
	out := make([]float64, len(local.data))
	width := local.shape[1]
	for i := range out {
		g := 1 / (1 + math.Exp(-beta.data[i%width/(width/len(beta.data))]))
		out[i] = g*memory.data[i] + (1-g)*local.data[i]
	}
	return out
}

// ungatedMixTwin leaves the gate out in the first of S segments, whose memory the
// test empties.
func ungatedMixTwin(s Shape, memory, local, beta array) []float64 {
	out := mixTwin(memory, local, beta)
	for i := range out {
		if i/s.Width()/s.T%s.S == 0 {
			out[i] = local.data[i]
		}
	}
	return out
}

// scaleHeadsTwin multiplies each head of x [rows, H·D] by its scale.
func scaleHeadsTwin(x, scales array) []float64 {
	out := make([]float64, len(x.data))
	width := x.shape[1]
	for i := range out {
		out[i] = x.data[i] * scales.data[i%width/(width/len(scales.data))]
	}
	return out
}

// nextDocumentTwin moves the first document of each slot behind the last.
func nextDocumentTwin(s Shape, states array) []float64 {
	var out []float64
	size := s.KV() * s.D * (s.D + 1)
	for slot := range slices.Chunk(states.data, s.B*size) {
		out = append(append(out, slot[size:]...), slot[:size]...)
	}
	return out
}

// rotateTwin turns queries and keys to their place in the segment.
func rotateTwin(s Shape, qkv array) []float64 {
	var out []float64
	for b := range s.B {
		for seg := range s.S {
			for t := range s.T {
				for part, heads := range []int{query: s.H, key: s.KV(), value: s.KV()} {
					for h := range heads {
						x := vector(s, qkv, b, seg, t, part, h)
						if part != value {
							x = rotated(x, t, ropeBase)
						}
						out = append(out, x...)
					}
				}
			}
		}
	}
	return out
}

// headNormTwin norms each query and each key by itself.
func headNormTwin(s Shape, qkv, q, k array, epsilon float64) []float64 {
	out := slices.Clone(qkv.data)
	for at := 0; at < len(out); at += s.D {
		head, gain := array{shape: []int{1, s.D}, data: qkv.data[at : at+s.D]}, q
		switch i := at / s.D % (s.H + 2*s.KV()); {
		case i >= s.H+s.KV():
			continue
		case i >= s.H:
			gain = k
		}
		copy(out[at:], rmsNormTwin(head, gain, epsilon))
	}
	return out
}

// memories draws states [n, B, K, D, D+1] as writing makes them: the normaliser
// is positive.
func memories(r *rand.Rand, n int, s Shape) array {
	a := normal(r, n, s.B, s.KV(), s.D, s.D+1)
	for i := s.D; i < len(a.data); i += s.D + 1 {
		a.data[i] = float64(float32(0.5 + 2*r.Float64()))
	}
	return a
}

// shapes has one and several of everything, a query head to each key/value head and more; head widths that fill no vector
// register, lengths that are no multiple of one, and lengths around the 128
// queries that attention scores at once.
var shapes = []Shape{
	{B: 1, S: 1, T: 1, H: 1, D: 2},
	{B: 2, S: 1, T: 7, H: 1, D: 2},
	{B: 1, S: 2, T: 9, H: 3, D: 6},
	{B: 2, S: 3, T: 5, H: 2, D: 10},
	{B: 1, S: 1, T: 128, H: 1, D: 8},
	{B: 1, S: 1, T: 131, H: 2, D: 6},
	{B: 1, S: 2, T: 257, H: 1, D: 2},
	{B: 1, S: 2, T: 6, H: 6, D: 4, K: 3},
	{B: 2, S: 2, T: 5, H: 4, D: 6, K: 1},
	{B: 1, S: 2, T: 130, H: 4, D: 4, K: 2},
}

const epsilon = 1e-6

func rotaryOf(positions, d int) *Rotary {
	return NewRotary(positions, Frequencies(d, ropeBase, RopeScaling{}))
}

func attentionChecks() []check {
	const epsilon = 0.01 // so large that leaving it out shows
	r := rand.New(rand.NewPCG(2, 2))
	var all []check
	for _, s := range shapes {
		rotary := rotaryOf(s.T, s.D)
		qkv := projection(r, s)
		local, beta := normal(r, s.Rows(), s.Width()), normal(r, s.H)
		entry := func(name string, twin func([]array) []float64, node func([]*G.Node) *G.Node, in ...array) {
			all = append(all, check{name: fmt.Sprintf("%s/%+v", name, s), in: in, node: node, twin: twin})
		}
		entry("attention",
			func(in []array) []float64 { return attentionTwin(s, in[0]) },
			func(in []*G.Node) *G.Node { return CausalAttention(s, rotary, in[0]) }, qkv)
		for _, extra := range []int{0, 1} { // states before the segments, or after the last too
			entry("memory read",
				func(in []array) []float64 { return memoryReadTwin(s, epsilon, in[0], in[1]) },
				func(in []*G.Node) *G.Node { return MemoryRead(s, epsilon, in[0], in[1]) },
				qkv, memories(r, s.S+extra, s))
		}
		for _, delta := range []bool{false, true} {
			write := func(in []*G.Node) *G.Node { return MemoryWrite(s, epsilon, delta, nil, in[0], in[1]) }
			twin := func(in []array) []float64 { return memoryWriteTwin(s, epsilon, delta, nil, in[0], in[1]) }
			entry(fmt.Sprintf("memory write, delta %t", delta), twin, write, qkv, memories(r, 1, s))
			repeats := make([]float32, s.B*s.S)
			for i := range repeats {
				repeats[i] = float32(1+r.IntN(3)) / 2
			}
			entry(fmt.Sprintf("memory write with repeats, delta %t", delta),
				func(in []array) []float64 { return memoryWriteTwin(s, epsilon, delta, repeats, in[0], in[1]) },
				func(in []*G.Node) *G.Node { return MemoryWrite(s, epsilon, delta, repeats, in[0], in[1]) },
				qkv, memories(r, 1, s))
			// The empty memory is a corner of its own: 0 / (0 + ε).
			entry(fmt.Sprintf("memory write from empty, delta %t", delta), twin, write, qkv, zeros(1, s.B, s.KV(), s.D, s.D+1).fix())
		}
		entry("last",
			func(in []array) []float64 { return in[0].data[len(in[0].data)*s.S/(s.S+1):] },
			func(in []*G.Node) *G.Node { return Last(in[0]) }, memories(r, s.S+1, s))
		entry("mix",
			func(in []array) []float64 { return mixTwin(in[0], in[1], in[2]) },
			func(in []*G.Node) *G.Node { return Mix(s, in[0], in[1], in[2], nil) }, normal(r, s.Rows(), s.Width()), local, beta)
		// The first segment reads an empty memory, the others do not.
		states := memories(r, s.S, s)
		clear(states.data[:len(states.data)/s.S])
		entry("mix, ungated start",
			func(in []array) []float64 { return ungatedMixTwin(s, in[0], in[1], in[2]) },
			func(in []*G.Node) *G.Node { return Mix(s, in[0], in[1], in[2], in[3]) }, normal(r, s.Rows(), s.Width()), local, beta, states.fix())
		entry("scale heads",
			func(in []array) []float64 { return scaleHeadsTwin(in[0], in[1]) },
			func(in []*G.Node) *G.Node { return ScaleHeads(s, in[0], in[1]) }, local, beta)
		entry("next document",
			func(in []array) []float64 { return nextDocumentTwin(s, in[0]) },
			func(in []*G.Node) *G.Node { return NextDocument(in[0]) }, memories(r, s.S+1, s))
		entry("head norm",
			func(in []array) []float64 { return headNormTwin(s, in[0], in[1], in[2], epsilon) },
			func(in []*G.Node) *G.Node { return HeadNorm(s, in[0], in[1], in[2], epsilon) }, qkv, normal(r, s.D), normal(r, s.D))
		entry("rotate",
			func(in []array) []float64 { return rotateTwin(s, in[0]) },
			func(in []*G.Node) *G.Node { return Rotate(s, rotary, in[0], nil) }, qkv)
	}
	return all
}

func TestAttention(t *testing.T) {
	for _, c := range attentionChecks() {
		t.Run(c.name, c.test)
	}
}

// TestCachedAttention feeds a segment in pieces of several widths.
func TestCachedAttention(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, s := range shapes {
		s.S = 1 // decoding runs inside one segment
		qkv := projection(r, s)
		want := attentionTwin(s, qkv)
		rotary := rotaryOf(s.T, s.D)
		threads(func(int) {
			inPieces(t, r, s, fmt.Sprintf("%+v", s), qkv, want, forwardTolerance, func(piece Shape, cache Cache) func(in []*G.Node) *G.Node {
				return func(in []*G.Node) *G.Node { return CachedAttention(piece, rotary, in[0], cache) }
			})
		})
	}
}

// inPieces feeds the one segment of each document to a cached attention in pieces, by turns
// a single token and a random number, and holds what comes out against want [B·T, H·D]. The operation's
// inputs are a piece of qkv and then the others.
func inPieces(t *testing.T, r *rand.Rand, s Shape, what string, qkv array, want []float64, tolerance float64, node func(piece Shape, cache Cache) func(in []*G.Node) *G.Node, others ...array) {
	t.Helper()
	past := 0
	cache := NewCache(s, s.B, s.T, &past)
	for i := 0; past < s.T; i++ {
		piece := s
		piece.T = 1
		if i%2 == 1 {
			piece.T = min(1+r.IntN(1+s.T/2), s.T-past)
		}
		part := func(x []float64, width int) array {
			a := array{shape: []int{piece.Rows(), width}}
			for b := range s.B {
				a.data = append(a.data, x[(b*s.T+past)*width:(b*s.T+past+piece.T)*width]...)
			}
			return a
		}
		in := append([]array{part(qkv.data, s.Columns())}, others...)
		got := evaluate(t, node(piece, cache), in...)
		compare(t, fmt.Sprintf("%s, tokens %d to %d", what, past, past+piece.T), got, part(want, s.Width()).data, tolerance, tolerance)
		past += piece.T
	}
}
