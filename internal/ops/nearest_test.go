package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
)

// long is x over its length, but for ε.
func long(x []float64) []float64 {
	length := math.Sqrt(inner(x, x) + 1e-6)
	y := slices.Clone(x)
	for i := range y {
		y[i] /= length
	}
	return y
}

// remembered is the keys and values that one head of a segment may find. Tokens of earlier
// segments come from past, which finite differences leave unchanged.
func remembered(s Shape, past, memory array, seen float64, b, seg, h int) []reached {
	entries := memory.shape[4]
	k := kv(s, h)
	at := func(part, i int) []float64 {
		return memory.data[(((b*2+part)*s.KV()+k)*entries+i)*s.D:][:s.D]
	}
	var all []reached
	for i := entries - min(int(seen), entries); i < entries; i++ {
		all = append(all, reached{key: at(0, i), value: at(1, i)})
	}
	for t := range seg * s.T {
		all = append(all, reached{key: long(vector(s, past, b, t/s.T, t%s.T, key, k)), value: vector(s, past, b, t/s.T, t%s.T, value, k)})
	}
	return all[max(0, len(all)-entries):]
}

// nearestTwin sorts all keys, and attends to the first k.
func nearestTwin(s Shape, k int, qkv, past, gain, memory, seen array) []float64 {
	var out []float64
	for b := range s.B {
		for seg := range s.S {
			for t := range s.T {
				for h := range s.H {
					q := long(vector(s, qkv, b, seg, t, query, h))
					all := remembered(s, past, memory, seen.data[b], b, seg, h)
					slices.SortFunc(all, func(x, y reached) int {
						if inner(q, x.key) > inner(q, y.key) {
							return -1
						}
						return 1
					})
					all = all[:min(k, len(all))]
					if len(all) == 0 {
						out = append(out, make([]float64, s.D)...)
						continue
					}
					var scores []float64
					for _, e := range all {
						scores = append(scores, gain.data[h]*inner(q, e.key))
					}
					out = append(out, mixed(scores, all)...)
				}
			}
		}
	}
	return out
}

// entriesOf draws a memory whose keys have length 1.
func entriesOf(r *rand.Rand, s Shape, entries int) array {
	a := normal(r, 1, s.B, 2, s.KV(), entries, s.D)
	size := s.KV() * entries * s.D
	for at := 0; at < len(a.data); at += s.D {
		if at/size%2 == 0 {
			copy(a.data[at:], convert[float64](convert[float32](long(a.data[at:at+s.D]))))
		}
	}
	return a.fix()
}

func rememberTwin(s Shape, qkv, initial array) []float64 {
	entries := initial.shape[4]
	out := slices.Clone(initial.data)
	for b := range s.B {
		for part := range 2 {
			for h := range s.KV() {
				rows := slices.Clone(initial.data[((b*2+part)*s.KV()+h)*entries*s.D:][:entries*s.D])
				for t := range s.S * s.T {
					if part == 0 {
						rows = append(rows, long(vector(s, qkv, b, t/s.T, t%s.T, key, h))...)
					} else {
						rows = append(rows, vector(s, qkv, b, t/s.T, t%s.T, value, h)...)
					}
				}
				out = append(out, rows[len(rows)-entries*s.D:]...)
			}
		}
	}
	return out
}

// The memories hold less than a segment, several, and more than one block of keys.
// Where k is smaller, what is found must be what sorting finds in float64; where it
// is as large, the attention is full.
func TestNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 15))
	for _, s := range shapes {
		if s.D < 4 {
			s.D = 4 // in two dimensions keys are too close to each other for float32
		}
		for _, m := range []struct{ entries, k int }{{3, 3}, {40, 5}, {1200, 32}} {
			if m.entries > 1000 && s.T > 100 && s.T != 131 && s.K == 0 || m.entries < 100 && s.T > 100 {
				continue // the twin takes long
			}
			qkv, memory, seen := projection(r, s), entriesOf(r, s, m.entries), counts(r, s, m.entries)
			past := array{shape: qkv.shape, data: slices.Clone(qkv.data)}
			gain := zeros(s.H)
			for h := range gain.data {
				gain.data[h] = float64(1 + h)
			}
			c := check{
				in: []array{qkv, gain, memory, seen}, probes: 4,
				node: func(in []*G.Node) *G.Node { return NearestAttention(s, m.k, in[0], in[1], in[2], in[3]) },
				twin: func(in []array) []float64 { return nearestTwin(s, m.k, in[0], past, in[1], memory, seen) },
			}
			t.Run(fmt.Sprintf("attention/%+v, %d of %d", s, m.k, m.entries), c.test)
			w := check{
				in: []array{qkv, memory}, fixed: true,
				node: func(in []*G.Node) *G.Node { return WriteNearest(s, in[0], in[1], false) },
				twin: func(in []array) []float64 { return rememberTwin(s, in[0], in[1]) },
			}
			t.Run(fmt.Sprintf("remember/%+v, %d", s, m.entries), w.test)
		}
	}
}
