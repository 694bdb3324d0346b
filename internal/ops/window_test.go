package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
)

// windowTwin is softmax(qkᵀ/√D)·v over the tokens of the cache and of qkv that a query
// sees, turned by their distance alone: q against k turned back by it.
func windowTwin(s Shape, length int, qkv, cache, seen array) []float64 {
	return relativeTwin(s, length, qkv, qkv, cache, seen, func(q []float64, _ int, k reached) float64 {
		return inner(q, rotated(k.key, -k.distance, ropeBase)) / math.Sqrt(float64(s.D))
	})
}

func TestWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 5))
	for _, s := range shapes {
		for _, length := range lengths(s) {
			qkv := projection(r, s)
			cache, seen := normal(r, 1, s.B, length, 2*s.KVWidth()), counts(r, s, length)
			rotary := rotaryOf(length+s.S*s.T, s.D)
			for _, c := range []check{
				{name: "attention", in: []array{qkv, cache, seen}, probes: 12,
					node: func(in []*G.Node) *G.Node { return WindowAttention(s, rotary, in[0], in[1], in[2]) },
					twin: func(in []array) []float64 { return windowTwin(s, length, in[0], in[1], in[2]) }},
				{name: "write", in: []array{qkv, cache}, probes: 12,
					node: func(in []*G.Node) *G.Node { return WriteWindow(s, in[0], in[1]) },
					twin: func(in []array) []float64 { return writeCacheTwin(s, length, in[0], in[1]) }},
			} {
				t.Run(fmt.Sprintf("%s/%+v, reach %d", c.name, s, length), c.test)
			}
		}
	}
}

// TestCachedWindowAttention feeds a segment in pieces of several widths.
func TestCachedWindowAttention(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	for _, s := range shapes {
		s.S = 1 // decoding runs inside one segment
		for _, length := range lengths(s) {
			qkv, cache, seen := projection(r, s), normal(r, 1, s.B, length, 2*s.KVWidth()), counts(r, s, length)
			rotary := rotaryOf(length+s.T, s.D)
			inPieces(t, r, s, fmt.Sprintf("%+v, reach %d", s, length), qkv, windowTwin(s, length, qkv, cache, seen), 2*forwardTolerance,
				func(piece Shape, running Cache) func(in []*G.Node) *G.Node {
					return func(in []*G.Node) *G.Node {
						return CachedWindowAttention(piece, rotary, in[0], in[1], in[2], running)
					}
				}, cache, seen)
		}
	}
}
