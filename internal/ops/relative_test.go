package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
)

// reached is one key and value that a query sees, and its distance.
type reached struct {
	key, value []float64
	distance   int
}

// reach lists what a query of one head sees. Its own segment comes from qkv; earlier
// tokens come from past, which the finite differences leave unchanged: no gradient passes
// there.
func reach(s Shape, length int, qkv, past, cache array, seen float64, b, seg, t, h int) []reached {
	var all []reached
	width := 2 * s.KVWidth()
	for back := min(length, seg*s.T+int(seen)); back >= 1; back-- {
		k := reached{distance: back + t}
		if at := seg*s.T - back; at >= 0 {
			k.key = vector(s, past, b, at/s.T, at%s.T, key, kv(s, h))
			k.value = vector(s, past, b, at/s.T, at%s.T, value, kv(s, h))
		} else {
			row := cache.data[(b*length+length+at)*width:][:width]
			k.key, k.value = row[kv(s, h)*s.D:][:s.D], row[(s.KV()+kv(s, h))*s.D:][:s.D]
		}
		all = append(all, k)
	}
	for u := range t + 1 {
		all = append(all, reached{vector(s, qkv, b, seg, u, key, kv(s, h)), vector(s, qkv, b, seg, u, value, kv(s, h)), t - u})
	}
	return all
}

// mixed is Σ softmax(scores)·values.
func mixed(scores []float64, seen []reached) []float64 {
	out := make([]float64, len(seen[0].value))
	peak, total := slices.Max(scores), 0.0
	for i, x := range scores {
		w := math.Exp(x - peak)
		total += w
		for j, v := range seen[i].value {
			out[j] += w * v
		}
	}
	for j := range out {
		out[j] /= total
	}
	return out
}

// relativeTwin is attention over what is in reach, with a score for each.
func relativeTwin(s Shape, length int, qkv, past, cache, seen array, score func(q []float64, h int, k reached) float64) []float64 {
	var out []float64
	for b := range s.B {
		for seg := range s.S {
			for t := range s.T {
				for h := range s.H {
					q := vector(s, qkv, b, seg, t, query, h)
					all := reach(s, length, qkv, past, cache, seen.data[b], b, seg, t, h)
					var scores []float64
					for _, k := range all {
						scores = append(scores, score(q, h, k))
					}
					out = append(out, mixed(scores, all)...)
				}
			}
		}
	}
	return out
}

// placeScore is ((q + u)·k + (q + v)·r)/√D, distance 0 being the last row of r.
func placeScore(s Shape, u, v, r array) func(q []float64, h int, k reached) float64 {
	return func(q []float64, h int, k reached) float64 {
		row := r.shape[0] - 1 - k.distance
		place := r.data[row*s.Width()+h*s.D:][:s.D]
		var sum float64
		for i, x := range q {
			sum += (x+u.data[h*s.D+i])*k.key[i] + (x+v.data[h*s.D+i])*place[i]
		}
		return sum / math.Sqrt(float64(s.D))
	}
}

// rotaryScore turns the query by the distance and leaves the key as it is.
func rotaryScore(q []float64, _ int, k reached) float64 {
	return inner(rotated(q, k.distance, ropeBase), k.key) / math.Sqrt(float64(len(q)))
}

func biasScore(bias array) func(q []float64, h int, k reached) float64 {
	n := bias.shape[1]
	return func(q []float64, h int, k reached) float64 {
		return inner(q, k.key) + bias.data[h*n+n-1-k.distance]
	}
}

// placesTwin is W_r·R, R as Dai et al. 2019 lay it out.
func placesTwin(n int, wr array) []float64 {
	var out []float64
	d := wr.shape[1]
	for row := range n {
		r := make([]float64, d)
		for i := range d / 2 {
			r[i], r[d/2+i] = math.Sincos(float64(n-1-row) * math.Pow(10000, -2*float64(i)/float64(d)))
		}
		for m := range wr.shape[0] {
			out = append(out, inner(wr.data[m*d:][:d], r))
		}
	}
	return out
}

// unitTwin has keys of length 1 and queries of length gain, but for ε.
func unitTwin(s Shape, qkv, gain array) []float64 {
	out := slices.Clone(qkv.data)
	for at := 0; at < len(out); at += s.D {
		head := at / s.D % (s.H + 2*s.KV())
		length := math.Sqrt(inner(qkv.data[at:at+s.D], qkv.data[at:at+s.D]) + 1e-6)
		for i := range s.D {
			switch {
			case head < s.H:
				out[at+i] *= gain.data[head] / length
			case head < s.H+s.KV():
				out[at+i] /= length
			}
		}
	}
	return out
}

// lengths are caches shorter and longer than a segment, and as long; one for the
// shapes with which the twin takes long.
func lengths(s Shape) []int {
	if s.T > 100 {
		return []int{s.T - 3}
	}
	return []int{1 + s.T/2, s.T, 2*s.T + 1}
}

// counts draws how many tokens each document has seen: none, fewer than the cache
// holds, and more.
func counts(r *rand.Rand, s Shape, length int) array {
	a := zeros(1, s.B, 1)
	for b := range s.B {
		a.data[b] = float64([]int{length / 2, 3 * length, 0}[(b+r.IntN(3))%3])
	}
	return a.fix()
}

func relativeChecks() []check {
	r := rand.New(rand.NewPCG(5, 5))
	var all []check
	for _, s := range shapes {
		for _, length := range lengths(s) {
			entry := func(name string, twin func([]array) []float64, node func([]*G.Node) *G.Node, in ...array) {
				all = append(all, check{name: fmt.Sprintf("%s/%+v, reach %d", name, s, length), in: in, node: node, twin: twin, probes: 6})
			}
			qkv := projection(r, s)
			past := array{shape: qkv.shape, data: slices.Clone(qkv.data)}
			cache, seen := normal(r, 1, s.B, length, 2*s.KVWidth()).fix(), counts(r, s, length)
			u, v, places := normal(r, s.H, s.D), normal(r, s.H, s.D), normal(r, length+s.T+1, s.Width())
			at := func(in []*G.Node) Reach { return Reach{length, in[len(in)-2], in[len(in)-1]} }
			entry("relative attention",
				func(in []array) []float64 {
					return relativeTwin(s, length, in[0], past, cache, seen, placeScore(s, in[1], in[2], in[3]))
				},
				func(in []*G.Node) *G.Node { return RelativeAttention(s, at(in), in[0], in[1], in[2], in[3]) },
				qkv, u, v, places, cache, seen)
			rotary := rotaryOf(length+s.T, s.D)
			entry("rotary attention",
				func(in []array) []float64 {
					return relativeTwin(s, length, in[0], past, cache, seen, rotaryScore)
				},
				func(in []*G.Node) *G.Node { return RotaryAttention(s, rotary, at(in), in[0]) },
				qkv, cache, seen)
			entry("biased attention",
				func(in []array) []float64 {
					return relativeTwin(s, length, in[0], past, cache, seen, biasScore(in[1]))
				},
				func(in []*G.Node) *G.Node { return BiasedAttention(s, at(in), in[0], in[1]) },
				qkv, normal(r, s.H, length+s.T+1), cache, seen)
			all = append(all, check{name: fmt.Sprintf("cache write/%+v, reach %d", s, length), in: []array{qkv, cache}, fixed: true,
				node: func(in []*G.Node) *G.Node { return WriteCache(s, in[0], in[1]) },
				twin: func(in []array) []float64 { return writeCacheTwin(s, length, in[0], in[1]) }})
		}
		qkv, wr := projection(r, s), normal(r, s.Width(), s.Width())
		all = append(all,
			check{name: fmt.Sprintf("unit/%+v", s), in: []array{qkv, normal(r, s.H)},
				node: func(in []*G.Node) *G.Node { return QKNorm(s, in[0], in[1]) },
				twin: func(in []array) []float64 { return unitTwin(s, in[0], in[1]) }},
			check{name: fmt.Sprintf("places/%+v", s), in: []array{wr},
				node: func(in []*G.Node) *G.Node { return RelativeKeys(s.T+3, in[0]) },
				twin: func(in []array) []float64 { return placesTwin(s.T+3, in[0]) }},
			check{name: fmt.Sprintf("biases/%+v", s), in: []array{normal(r, s.H, Buckets)},
				node: func(in []*G.Node) *G.Node { return Biases(s.T+3, in[0]) },
				twin: func(in []array) []float64 { return biasesTwin(s.T+3, in[0]) }})
	}
	return all
}

// writeCacheTwin keeps the keys and values of the last tokens.
func writeCacheTwin(s Shape, length int, qkv, initial array) []float64 {
	out := slices.Clone(initial.data)
	for b := range s.B {
		width := 2 * s.KVWidth()
		rows := slices.Clone(initial.data[b*length*width:][:length*width])
		for i := range s.S * s.T {
			rows = append(rows, qkv.data[(b*s.S*s.T+i)*s.Columns()+s.Width():][:width]...)
		}
		out = append(out, rows[len(rows)-length*width:]...)
	}
	return out
}

// biasesTwin has the buckets of T5 for 32 and 128: below 16 one for each distance,
// then 16 + ⌊16·ln(distance/16)/ln 8⌋.
func biasesTwin(n int, table array) []float64 {
	var out []float64
	for h := range table.shape[0] {
		for i := range n {
			distance := n - 1 - i
			if distance >= 16 {
				distance = min(31, 16+int(16*math.Log(float64(distance)/16)/math.Log(8)))
			}
			out = append(out, table.data[h*32+distance])
		}
	}
	return out
}

func TestRelative(t *testing.T) {
	for _, c := range relativeChecks() {
		t.Run(c.name, c.test)
	}
}

// TestCacheIsTheDocument: a second segment that finds the first in its cache says
// what it says in one segment of both, and so does one that finds it before itself
// in the same graph (Dai et al. 2019, section 3.2).
func TestCacheIsTheDocument(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, s := range shapes {
		u, v, places := normal(r, s.H, s.D), normal(r, s.H, s.D), normal(r, 3*s.T, s.Width())
		cacheIsTheDocument(t, r, fmt.Sprintf("places, %+v", s), s, func(s Shape, reach Reach, in []*G.Node) *G.Node {
			return RelativeAttention(s, reach, in[0], in[1], in[2], in[3])
		}, u, v, places)
		rotary := rotaryOf(3*s.T, s.D)
		cacheIsTheDocument(t, r, fmt.Sprintf("rotary, %+v", s), s, func(s Shape, reach Reach, in []*G.Node) *G.Node {
			return RotaryAttention(s, rotary, reach, in[0])
		})
	}
}

// cacheIsTheDocument tests one attention; others are its inputs after the projection.
func cacheIsTheDocument(t *testing.T, r *rand.Rand, what string, s Shape, node func(s Shape, reach Reach, in []*G.Node) *G.Node, others ...array) {
	s.S = 1
	whole, two := s, s
	whole.T, two.S = 2*s.T, 2
	qkv := projection(r, whole)
	attention := func(s Shape, qkv, cache, seen array) []float64 {
		return evaluate(t, func(in []*G.Node) *G.Node {
			n := len(in) - 2
			return node(s, Reach{cache.shape[2], in[n], in[n+1]}, in[:n])
		}, append(append([]array{qkv}, others...), cache, seen)...)
	}
	alone := evaluate(t, func(in []*G.Node) *G.Node { return node(whole, Reach{}, in) }, append([]array{qkv}, others...)...)
	empty, nothing := zeros(1, s.B, s.T, 2*s.KVWidth()), zeros(1, s.B, 1)
	want := attention(whole, qkv, empty, nothing)
	compare(t, what+", without a cache", alone, want, 0, 0)
	compare(t, what+", both in one graph", attention(two, qkv, empty, nothing), want, 2e-6, 2e-6)

	part := func(x []float64, width, seg int) array {
		a := array{shape: []int{s.Rows(), width}}
		for b := range s.B {
			a.data = append(a.data, x[(b*2+seg)*s.T*width:][:s.T*width]...)
		}
		return a
	}
	first := part(qkv.data, s.Columns(), 0)
	written := evaluate(t, func(in []*G.Node) *G.Node { return WriteCache(s, in[0], in[1]) }, first, empty)
	cache := array{shape: empty.shape, data: written[len(written)/2:]}
	counted := evaluate(t, func(in []*G.Node) *G.Node { return CountSeen(s, in[0]) }, nothing)
	seen := array{shape: nothing.shape, data: counted[s.B:]}
	compare(t, what+", one after the other", attention(s, part(qkv.data, s.Columns(), 1), cache, seen), part(want, s.Width(), 1).data, 2e-6, 2e-6)
}

// TestCachedRelativeAttention feeds a segment in pieces of several widths.
func TestCachedRelativeAttention(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, s := range shapes {
		s.S = 1 // decoding runs inside one segment
		for _, length := range lengths(s) {
			qkv, cache, seen := projection(r, s), normal(r, 1, s.B, length, 2*s.KVWidth()), counts(r, s, length)
			u, v, wr := normal(r, s.H, s.D), normal(r, s.H, s.D), normal(r, s.Width(), s.Width())
			places := array{shape: []int{length + s.T, s.Width()}, data: placesTwin(length+s.T, wr)}
			bias := normal(r, s.H, length+s.T)
			for name, c := range map[string]struct {
				want []float64
				node func(piece Shape, running Cache) func(in []*G.Node) *G.Node
			}{
				"places": {relativeTwin(s, length, qkv, qkv, cache, seen, placeScore(s, u, v, places)), func(piece Shape, running Cache) func(in []*G.Node) *G.Node {
					return func(in []*G.Node) *G.Node {
						return CachedRelativeAttention(piece, Reach{length, in[1], in[2]}, s.T, in[0], in[3], in[4], in[5], running)
					}
				}},
				"rotary": {relativeTwin(s, length, qkv, qkv, cache, seen, rotaryScore), func(piece Shape, running Cache) func(in []*G.Node) *G.Node {
					return func(in []*G.Node) *G.Node {
						return CachedRotaryAttention(piece, rotaryOf(length+s.T, s.D), Reach{length, in[1], in[2]}, in[0], running)
					}
				}},
				"bias": {relativeTwin(s, length, qkv, qkv, cache, seen, biasScore(bias)), func(piece Shape, running Cache) func(in []*G.Node) *G.Node {
					return func(in []*G.Node) *G.Node {
						return CachedBiasedAttention(piece, Reach{length, in[1], in[2]}, in[0], in[6], running)
					}
				}},
			} {
				inPieces(t, r, s, fmt.Sprintf("%s, %+v, reach %d", name, s, length), qkv, c.want, 2*forwardTolerance, c.node, cache, seen, u, v, wr, bias)
			}
		}
	}
}
