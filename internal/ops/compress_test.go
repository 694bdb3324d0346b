package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
)

// softmaxed is the mean of values weighted by the softmax of q·k/√D.
func softmaxed(q []float64, keys, values [][]float64) []float64 {
	var total float64
	sum := make([]float64, len(q))
	for i, k := range keys {
		w := math.Exp(inner(q, k) / math.Sqrt(float64(len(q))))
		total += w
		for j, v := range values[i] {
			sum[j] += w * v
		}
	}
	for j := range sum {
		sum[j] /= total
	}
	return sum
}

// prefixTwin is attention with relative positions over the last seen rows of a prefix, each
// of which occupies one position, followed by the segment.
func prefixTwin(s Shape, qkv, u, v, r, keys, values, seen array) []float64 {
	p, score := keys.shape[2], placeScore(s, u, v, r)
	out := make([]float64, s.Rows()*s.Width())
	for b := range s.B {
		for seg := range s.S {
			for h := range s.H {
				slot := seg*s.B + b
				for t := range s.T {
					var all []reached
					for back := int(seen.data[slot]); back > 0; back-- {
						at := ((slot*p+p-back)*s.KV() + kv(s, h)) * s.D
						all = append(all, reached{keys.data[at : at+s.D], values.data[at : at+s.D], back + t})
					}
					for j := range t + 1 {
						all = append(all, reached{vector(s, qkv, b, seg, j, key, kv(s, h)), vector(s, qkv, b, seg, j, value, kv(s, h)), t - j})
					}
					q := vector(s, qkv, b, seg, t, query, h)
					var scores []float64
					for _, k := range all {
						scores = append(scores, score(q, h, k))
					}
					copy(out[((b*s.S+seg)*s.T+t)*s.Width()+h*s.D:], mixed(scores, all))
				}
			}
		}
	}
	return out
}

// compression is the rows of a memory, oldest first: those compressed, and the segment
// before.
type compression struct{ compressed, segment [][]float64 }

// compressed multiplies w with each `rate` rows, end to end, as far as they go.
func compressed(rows [][]float64, rate int, w array) (made [][]float64) {
	for at := 0; at < len(rows); at += rate {
		var window []float64
		for _, row := range rows[at:min(at+rate, len(rows))] {
			window = append(window, row...)
		}
		y := make([]float64, w.shape[0])
		for i := range y {
			y[i] = inner(window, w.data[i*w.shape[1]:])
		}
		made = append(made, y)
	}
	return made
}

// segmentRows is one part of the rows of a segment, all heads.
func segmentRows(s Shape, qkv array, b, seg, part int) (all [][]float64) {
	for t := range s.T {
		var row []float64
		for h := range s.KV() {
			row = append(row, vector(s, qkv, b, seg, t, part, h)...)
		}
		all = append(all, row)
	}
	return all
}

// memoryOf cuts the memory of a document out of a state.
func memoryOf(c Compression, state array, b int) compression {
	var m compression
	for i := range c.Slots + c.T {
		at := (b*(c.Slots+c.T) + i) * c.KVWidth()
		row := state.data[at : at+c.KVWidth()]
		if i < c.Slots {
			m.compressed = append(m.compressed, row)
		} else {
			m.segment = append(m.segment, row)
		}
	}
	return m
}

func compressTwin(c Compression, part int, qkv, initial, w array) []float64 {
	states := make([]float64, (c.S+1)*len(initial.data))
	for b := range c.B {
		m := memoryOf(c, initial, b)
		for seg := range c.S + 1 {
			at := (seg*c.B + b) * (c.Slots + c.T) * c.KVWidth()
			for _, part := range [][][]float64{m.compressed, m.segment} {
				for _, row := range part {
					at += copy(states[at:], row)
				}
			}
			if seg < c.S {
				all := append(append([][]float64(nil), m.compressed...), compressed(m.segment, c.Rate, w)...)
				m.compressed, m.segment = all[len(all)-c.Slots:], segmentRows(c.Shape, qkv, b, seg, part)
			}
		}
	}
	return states
}

// ofHead is one head of rows.
func ofHead(rows [][]float64, h, d int) (x [][]float64) {
	for _, row := range rows {
		x = append(x, row[h*d:(h+1)*d])
	}
	return x
}

func reconstructionTwin(c Compression, qkv, wk, wv, keys, values, seen array) []float64 {
	var loss float64
	for b := range c.B {
		k, v := memoryOf(c, keys, b).segment, memoryOf(c, values, b).segment
		for seg := range c.S {
			if seg > 0 || seen.data[b] > 0 {
				ck, cv := compressed(k, c.Rate, wk), compressed(v, c.Rate, wv)
				for h := range c.H {
					of := func(rows [][]float64) [][]float64 { return ofHead(rows, kv(c.Shape, h), c.D) }
					for t := range c.T {
						q := vector(c.Shape, qkv, b, seg, t, query, h)
						want := softmaxed(q, of(k), of(v))
						for j, x := range softmaxed(q, of(ck), of(cv)) {
							loss += (want[j] - x) * (want[j] - x) / float64(c.Width())
						}
					}
				}
			}
			k, v = segmentRows(c.Shape, qkv, b, seg, key), segmentRows(c.Shape, qkv, b, seg, value)
		}
	}
	return []float64{loss}
}

func compressChecks() []check {
	r := rand.New(rand.NewPCG(12, 12))
	var all []check
	for i, s := range shapes {
		rate := 1 + i%3
		c := Compression{Shape: s, Rate: rate, Slots: (s.T+rate-1)/rate + i%2}
		rows := c.Slots + c.T
		qkv := projection(r, s)
		entry := func(name string, twin func([]array) []float64, node func([]*G.Node) *G.Node, in ...array) {
			all = append(all, check{name: fmt.Sprintf("%s/%+v", name, c), in: in, node: node, twin: twin, probes: 10})
		}
		// Nothing, something and all of the prefix is there.
		seen := zeros(s.S+1, s.B, 1).fix()
		for j := range seen.data {
			seen.data[j] = float64(min(j%3*(rows/2+1), rows))
		}
		entry("prefix attention",
			func(in []array) []float64 { return prefixTwin(s, in[0], in[1], in[2], in[3], in[4], in[5], in[6]) },
			func(in []*G.Node) *G.Node {
				return RelativeAttention(s, Prefix{in[4], in[5], in[6]}, in[0], in[1], in[2], in[3])
			},
			qkv, normal(r, s.H, s.D), normal(r, s.H, s.D), normal(r, rows+s.T+1, s.Width()), normal(r, s.S+1, s.B, rows, s.KVWidth()).fix(), normal(r, s.S+1, s.B, rows, s.KVWidth()).fix(), seen)

		keys, values := normal(r, 1, s.B, rows, s.KVWidth()).fix(), normal(r, 1, s.B, rows, s.KVWidth()).fix()
		wk, wv := normal(r, s.KVWidth(), rate*s.KVWidth()), normal(r, s.KVWidth(), rate*s.KVWidth())
		entry("compress keys",
			func(in []array) []float64 { return compressTwin(c, key, in[0], in[1], in[2]) },
			func(in []*G.Node) *G.Node { return CompressKeys(c, in[0], in[1], in[2]) }, qkv.fix(), keys, wk.fix())
		entry("compress values",
			func(in []array) []float64 { return compressTwin(c, value, in[0], in[1], in[2]) },
			func(in []*G.Node) *G.Node { return CompressValues(c, in[0], in[1], in[2]) }, qkv.fix(), values, wv.fix())
		// The first document has a segment in memory, the second none.
		before := zeros(1, s.B, 1).fix()
		before.data[0] = float64(s.T)
		entry("reconstruction",
			func(in []array) []float64 { return reconstructionTwin(c, in[0], in[1], in[2], in[3], in[4], in[5]) },
			func(in []*G.Node) *G.Node {
				p := Prefix{CompressKeys(c, in[0], in[3], in[1]), CompressValues(c, in[0], in[4], in[2]), CountFilled(c, in[5])}
				return Reconstruction(c, in[0], in[1], in[2], p)
			}, qkv.fix(), wk, wv, keys, values, before)
	}
	return all
}

func TestCompression(t *testing.T) {
	for _, c := range compressChecks() {
		t.Run(c.name, c.test)
	}
}

// TestFill counts by hand: 5 tokens, compressed to 2 rows of at most 5.
func TestFill(t *testing.T) {
	c := Compression{Shape: Shape{B: 2, S: 4, T: 5, H: 1, D: 2}, Rate: 3, Slots: 5}
	in := zeros(1, 2, 1)
	in.data[1] = 7
	got := evaluate(t, func(in []*G.Node) *G.Node { return CountFilled(c, in[0]) }, in)
	compare(t, "filled", got, []float64{0, 7, 5, 9, 7, 10, 9, 10, 10, 10}, 0, 0)
}

// TestCachedPrefix feeds a segment in pieces of several widths.
func TestCachedPrefix(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	for _, s := range shapes {
		s.S = 1
		const rows = 7
		qkv := projection(r, s)
		keys, values := normal(r, 1, s.B, rows, s.KVWidth()), normal(r, 1, s.B, rows, s.KVWidth())
		seen := zeros(1, s.B, 1)
		for b := range seen.data {
			seen.data[b] = float64(rows - 3*b)
		}
		u, v, wr := normal(r, s.H, s.D), normal(r, s.H, s.D), normal(r, s.Width(), s.Width())
		places := array{shape: []int{rows + s.T, s.Width()}, data: placesTwin(rows+s.T, wr)}
		want := prefixTwin(s, qkv, u, v, places, keys, values, seen)
		inPieces(t, r, s, fmt.Sprintf("%+v", s), qkv, want, 2*forwardTolerance, func(piece Shape, cache Cache) func(in []*G.Node) *G.Node {
			return func(in []*G.Node) *G.Node {
				return CachedRelativeAttention(piece, Prefix{in[4], in[5], in[6]}, s.T, in[0], in[1], in[2], in[3], cache)
			}
		}, u, v, wr, keys, values, seen)
	}
}
