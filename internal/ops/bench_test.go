package ops

import (
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
)

// BenchmarkOperations times the operations in a graph, alone and with its
// gradient, at a size the small profiles train with. GFLOP/s counts the matrix
// products alone, a causal score as half a square, and a gradient as twice the
// operation, whatever is computed again.
func BenchmarkOperations(b *testing.B) {
	const vocabulary, hidden = 2048, 512
	r := rand.New(rand.NewPCG(1, 1))
	s := Shape{B: 4, S: 1, T: 256, H: 4, D: 32}
	rows, d := s.Rows(), s.Width()
	grouped := s
	grouped.K = 1
	rotary := rotaryOf(s.T, s.D)
	x, qkv, beta := normal(r, rows, d), normal(r, rows, 3*d), normal(r, s.H)
	table, ids := normal(r, vocabulary, d), integers(r, rows, vocabulary)
	past := 0
	cache := NewCache(s, s.B, s.T, &past)

	perHead := float64(s.B * s.H * s.T * s.D)
	attention := 2 * perHead * float64(s.T)
	memory := 2 * perHead * float64(s.D+1)
	write := func(delta bool) func(in []*G.Node) *G.Node {
		return func(in []*G.Node) *G.Node { return MemoryWrite(s, epsilon, delta, nil, in[0], in[1]) }
	}
	logits := 2 * float64(rows*vocabulary*d)

	// A whole segment precedes the first one, as text or as a prefix.
	full := zeros(1, s.B, 1)
	for i := range full.data {
		full.data[i] = float64(s.T)
	}
	full = full.fix()
	before := normal(r, 1, s.B, s.T, d).fix()
	beyond := 2 * attention // the whole square of the segment before
	const entries, k = 8 * 256, 32
	remembered := normal(r, 1, s.B, 2, s.H, entries, s.D).fix()
	many := zeros(1, s.B, 1)
	for i := range many.data {
		many.data[i] = entries
	}
	heads := normal(r, s.H, s.D)
	for _, c := range []struct {
		check
		flops float64
	}{
		{check{name: "embed", in: []array{table, ids}, node: func(in []*G.Node) *G.Node { return Embed(in[0], in[1]) }}, 0},
		{check{name: "add", in: []array{x, normal(r, rows, d)}, node: func(in []*G.Node) *G.Node { return Add(in[0], in[1]) }}, 0},
		{check{name: "rmsnorm", in: []array{x, normal(r, d)}, node: func(in []*G.Node) *G.Node { return RMSNorm(in[0], in[1], 1e-5) }}, 0},
		{check{name: "norm linear", in: []array{x, normal(r, d), normal(r, hidden, d)}, node: func(in []*G.Node) *G.Node { return NormLinear(in[0], in[1], in[2], 1e-5) }}, 2 * float64(rows*d*hidden)},
		{check{name: "linear add", in: []array{x, x, normal(r, d, d)}, node: func(in []*G.Node) *G.Node { return LinearAdd(in[0], in[1], in[2]) }}, 2 * float64(rows*d*d)},
		{check{name: "feed-forward", in: []array{x, normal(r, d), normal(r, hidden, d), normal(r, d, hidden)}, node: func(in []*G.Node) *G.Node { return FeedForward(in[0], in[1], in[2], in[3], 1e-5) }}, 4 * float64(rows*d*hidden)},
		{check{name: "swiglu", in: []array{x, normal(r, d), normal(r, hidden, d), normal(r, hidden, d), normal(r, d, hidden)}, node: func(in []*G.Node) *G.Node { return SwiGLU(in[0], in[1], in[2], in[3], in[4], 1e-5) }}, 6 * float64(rows*d*hidden)},
		{check{name: "attention of grouped heads", in: []array{projection(r, grouped)}, node: func(in []*G.Node) *G.Node { return CausalAttention(grouped, rotary, in[0]) }}, attention},
		{check{name: "attention", in: []array{qkv}, node: func(in []*G.Node) *G.Node { return CausalAttention(s, rotary, in[0]) }}, attention},
		{check{name: "cached attention", in: []array{qkv}, fixed: true, node: func(in []*G.Node) *G.Node { return CachedAttention(s, rotary, in[0], cache) }}, attention},
		{check{name: "memory read", in: []array{qkv, memories(r, 1, s)}, node: func(in []*G.Node) *G.Node { return MemoryRead(s, epsilon, in[0], in[1]) }}, memory},
		{check{name: "memory write linear", in: []array{qkv, memories(r, 1, s)}, node: write(false)}, memory},
		{check{name: "memory write delta", in: []array{qkv, memories(r, 1, s)}, node: write(true)}, 2 * memory},
		{check{name: "last", in: []array{memories(r, 2, s)}, node: func(in []*G.Node) *G.Node { return Last(in[0]) }}, 0},
		{check{name: "mix", in: []array{x, normal(r, rows, d), beta}, node: func(in []*G.Node) *G.Node { return Mix(s, in[0], in[1], in[2], nil) }}, 0},
		{check{name: "rotate", in: []array{qkv}, node: func(in []*G.Node) *G.Node { return Rotate(s, rotary, in[0], nil) }}, 0},
		{check{name: "relative attention", in: []array{qkv, heads, heads, normal(r, 2*s.T+1, d), normal(r, 1, s.B, s.T, 2*d).fix(), full}, node: func(in []*G.Node) *G.Node {
			return RelativeAttention(s, Reach{s.T, in[4], in[5]}, in[0], in[1], in[2], in[3])
		}}, 1.5 * (attention + beyond)}, // the scores take a second product, with the places
		{check{name: "prefix attention", in: []array{qkv, heads, heads, normal(r, 2*s.T+1, d), before, before, full}, node: func(in []*G.Node) *G.Node {
			return RelativeAttention(s, Prefix{in[4], in[5], in[6]}, in[0], in[1], in[2], in[3])
		}}, 1.5 * (attention + beyond)},
		{check{name: "nearest attention", in: []array{qkv, normal(r, s.H), remembered, many.fix()}, node: func(in []*G.Node) *G.Node {
			return NearestAttention(s, k, in[0], in[1], in[2], in[3])
		}}, 2 * perHead * (entries + k)},
		{check{name: "remember", in: []array{qkv, remembered}, fixed: true, node: func(in []*G.Node) *G.Node { return WriteNearest(s, in[0], in[1], false) }}, 0},
		{check{name: "write cache", in: []array{qkv, normal(r, 1, s.B, s.T, 2*d).fix()}, fixed: true, node: func(in []*G.Node) *G.Node { return WriteCache(s, in[0], in[1]) }}, 0},
		{check{name: "join", in: []array{x, normal(r, s.B, d)}, node: func(in []*G.Node) *G.Node { return ConcatRows(s.B, in[0], in[1]) }}, 0},
		// Its gradient is made in the forward pass, so that counts three times.
		{check{name: "cross-entropy", in: []array{x, table, ids, normal(r, rows).fix()}, node: func(in []*G.Node) *G.Node { return CrossEntropy(in[0], in[1], in[2], in[3]) }}, 3 * logits},
		{check{name: "token nll", in: []array{x, table, ids}, fixed: true, node: func(in []*G.Node) *G.Node { return TokenNLL(in[0], in[1], in[2]) }}, logits},
	} {
		run := func(name string, up []float64, flops float64) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				k := compile(b, c.check, up)
				k.run(b)
				bytes := 0
				for _, x := range k.results() {
					bytes += 4 * len(x)
				}
				for _, a := range c.in {
					bytes += 4 * len(a.data)
				}
				b.SetBytes(int64(bytes))
				for b.Loop() {
					k.run(b)
				}
				if flops > 0 {
					b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				}
			})
		}
		run("forward", nil, c.flops)
		if c.fixed {
			continue
		}
		k := compile(b, c.check, nil)
		k.run(b)
		up, flops := make([]float64, len(k.results()[0])), 3*c.flops
		for i := range up {
			up[i] = r.NormFloat64()
		}
		if c.name == "cross-entropy" {
			flops = c.flops
		}
		run("gradient", up, flops)
	}
}
