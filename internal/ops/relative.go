package ops

import (
	"math"
	"sync"

	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// Reach is what attention with relative positions sees beyond its segment: the last Length
// tokens before it. Tokens before the first segment come from Cache [slots, B, Length,
// 2·K·D]; Seen [slots, B] is how many there were. Of both, only slot 0 is read, and no
// gradient passes into them. The zero value sees the segment alone.
type Reach struct {
	Length      int
	Cache, Seen *G.Node
}

// past is what the attention of a graph sees before its segments: the nodes that hold it,
// and a function that reads their values.
type past struct {
	length int
	apart  bool
	nodes  []*G.Node
	of     func(in []G.Value) kernel.Past
}

func (r Reach) past(s Shape) past {
	if r.Length == 0 {
		return past{of: func([]G.Value) kernel.Past { return kernel.Past{} }}
	}
	return past{length: r.Length, nodes: []*G.Node{r.Cache, r.Seen}, of: func(in []G.Value) kernel.Past {
		rows := f32(in[0])
		return kernel.Past{Keys: rows, Values: rows[s.KVWidth():], Seen: f32(in[1]), Stride: 2 * s.KVWidth()}
	}}
}

// Prefix is keys and values [slots, B, P, K·D] that precede the segments, slot s only
// segment s, and Seen [slots, B, 1], how many of the P rows are filled, the last ones. No
// gradient passes into them.
type Prefix struct{ Keys, Values, Seen *G.Node }

func (p Prefix) past(s Shape) past {
	return past{length: p.Keys.Shape()[2], apart: true, nodes: []*G.Node{p.Keys, p.Values, p.Seen}, of: func(in []G.Value) kernel.Past {
		return kernel.Past{Keys: f32(in[0]), Values: f32(in[1]), Seen: f32(in[2]), Stride: s.KVWidth()}
	}}
}

// before is a Reach or a Prefix.
type before interface{ past(Shape) past }

// RelativeAttention is attention with relative positions (Dai et al. 2019) over qkv
// [B·S·T, (H+2K)·D]: [B·S·T, H·D]. A token i scores
//
//	((q_i + u)·k_j + (q_i + v)·r_{i-j})/√D
//
// for each token j of its segment up to itself, and for those that a Reach or a Prefix
// puts before the segment; a row of a prefix counts as a token. u and v are [H, D]; r is
// RelativeKeys for as many distances as there are tokens.
func RelativeAttention(s Shape, reach before, qkv, u, v, r *G.Node) *G.Node {
	return relative(s, reach, 1/math.Sqrt(float64(s.D)),
		func(in []G.Value) kernel.Distances {
			return kernel.Distances{U: f32(in[0]), V: f32(in[1]), R: f32(in[2])}
		},
		func(g gradients) kernel.RelativeGradients {
			return kernel.RelativeGradients{QKV: g.in[0], U: g.in[1], V: g.in[2], R: g.in[3]}
		}, qkv, u, v, r)
}

// BiasedAttention is attention with relative biases (Raffel et al. 2020): a score is
// q_i·k_j + bias_{i-j}, for bias [H, P] from Biases. Nothing is divided by √D: queries and
// keys come from QKNorm.
func BiasedAttention(s Shape, reach Reach, qkv, bias *G.Node) *G.Node {
	return relative(s, reach, 1,
		func(in []G.Value) kernel.Distances { return kernel.Distances{Bias: f32(in[0])} },
		func(g gradients) kernel.RelativeGradients {
			return kernel.RelativeGradients{QKV: g.in[0], Bias: g.in[1]}
		}, qkv, bias)
}

// relative is either attention. Its inputs are qkv, then the distances, then what precedes
// the segments.
func relative(s Shape, reach before, scale float64, distances func(in []G.Value) kernel.Distances, split func(gradients) kernel.RelativeGradients, inputs ...*G.Node) *G.Node {
	past := reach.past(s)
	k := kernel.Relative{Reach: kernel.Reach{Shape: s, Cache: past.length, SlotPerSegment: past.apart}, Scale: float32(scale)}
	logsum := make([]float32, s.B*s.S*s.H*s.T)
	var result []float32
	n := len(inputs)
	all := func(in []G.Value) kernel.RelativeInputs {
		return kernel.RelativeInputs{QKV: f32(in[0]), Distances: distances(in[1:n]), Past: past.of(in[n:])}
	}
	var constant []int
	for i := range past.nodes {
		constant = append(constant, n+i)
	}
	return apply(floats("relative attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			result = out
			kernel.RelativeAttention(k, out, logsum, all(in))
		},
		&vjp{constant: constant, do: func(g gradients, in []G.Value) {
			kernel.RelativeGradient(k, split(g), g.out, result, logsum, all(in))
		}}), append(inputs, past.nodes...)...)
}

// CachedRelativeAttention is RelativeAttention for the next T tokens of a segment of at
// most `segment` tokens, which it appends to the cache of the running segment. In place of
// r it takes the weight of RelativeKeys. It has no gradient.
func CachedRelativeAttention(s Shape, reach before, segment int, qkv, u, v, wr *G.Node, running Cache) *G.Node {
	past := reach.past(s)
	k := kernel.Relative{Reach: kernel.Reach{Shape: s, Cache: past.length}, Scale: float32(1 / math.Sqrt(float64(s.D)))}
	x := sinusoids(past.length+segment, wr.Shape()[1])
	return apply(floats("cached relative attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			d := kernel.Distances{U: f32(in[1]), V: f32(in[2])}
			inputs := kernel.RelativeInputs{QKV: f32(in[0]), Distances: d, Past: past.of(in[4:])}
			kernel.CachedRelativeAttention(k, out, inputs, x, f32(in[3]), running.QKV, *running.Past)
		}, nil), append([]*G.Node{qkv, u, v, wr}, past.nodes...)...)
}

// CachedBiasedAttention is BiasedAttention in the same way.
func CachedBiasedAttention(s Shape, reach Reach, qkv, bias *G.Node, running Cache) *G.Node {
	past := reach.past(s)
	k := kernel.Relative{Reach: kernel.Reach{Shape: s, Cache: past.length}, Scale: 1}
	return apply(floats("cached biased attention", []int{s.Rows(), s.Width()},
		func(out []float32, in []G.Value) {
			d := kernel.Distances{Bias: f32(in[1])}
			inputs := kernel.RelativeInputs{QKV: f32(in[0]), Distances: d, Past: past.of(in[2:])}
			kernel.CachedRelativeAttention(k, out, inputs, nil, nil, running.QKV, *running.Past)
		}, nil), append([]*G.Node{qkv, bias}, past.nodes...)...)
}

// RelativeKeys is W_r·R for n distances, [n, H·D], with sinusoidal R and W_r [H·D, d]. The
// last row is distance 0.
func RelativeKeys(n int, wr *G.Node) *G.Node {
	x := sinusoids(n, wr.Shape()[1])
	return apply(floats("places", []int{n, wr.Shape()[0]},
		func(out []float32, in []G.Value) { kernel.Linear(out, x, f32(in[0]), n) },
		&vjp{do: func(g gradients, _ []G.Value) { kernel.LinearWeightGradient(g.in[0], g.out, x, n) }}), wr)
}

// tables holds the sinusoids that all graphs share, by [2]int{n, d}.
var tables sync.Map

func sinusoids(n, d int) []float32 {
	key := [2]int{n, d}
	x, ok := tables.Load(key)
	if !ok {
		x, _ = tables.LoadOrStore(key, kernel.Sinusoids(n, d))
	}
	return x.([]float32)
}

// Buckets is how many biases a head has for Biases.
const Buckets = kernel.Buckets

// Biases is the bias of n distances, [H, n], from table [H, Buckets]; the last
// column is distance 0.
func Biases(n int, table *G.Node) *G.Node {
	return apply(floats("biases", []int{table.Shape()[0], n},
		func(out []float32, in []G.Value) { kernel.Biases(out, f32(in[0]), n) },
		&vjp{do: func(g gradients, _ []G.Value) { kernel.BiasesGradient(g.in[0], g.out, n) }}), table)
}

// QKNorm is qkv with every key scaled to length 1 and every query to the length gain [H]
// of its head.
func QKNorm(s Shape, qkv, gain *G.Node) *G.Node {
	return apply(floats("unit", qkv.Shape(),
		func(out []float32, in []G.Value) { kernel.QKNorm(s, out, f32(in[0]), f32(in[1])) },
		&vjp{do: func(g gradients, in []G.Value) {
			kernel.QKNormGradient(s, g.in[0], g.in[1], g.out, f32(in[0]), f32(in[1]))
		}}), qkv, gain)
}

// WriteCache is the cache before and after the segments of qkv, [2, B, length, 2·K·D],
// from initial [slots, B, length, 2·K·D]. No gradient passes.
func WriteCache(s Shape, qkv, initial *G.Node) *G.Node {
	shape := initial.Shape().Clone()
	shape[0] = 2
	k := kernel.Reach{Shape: s, Cache: shape[2]}
	return apply(floats("cache write", shape,
		func(out []float32, in []G.Value) { kernel.WriteCache(k, out, f32(in[0]), f32(in[1])) },
		&vjp{constant: []int{0, 1}}), qkv, initial)
}

// CountSeen is the number of tokens before and after the segments, [2, B, 1], from initial
// [slots, B, 1].
func CountSeen(s Shape, initial *G.Node) *G.Node {
	return apply(floats("seen", []int{2, s.B, 1},
		func(out []float32, in []G.Value) { kernel.Seen(s, out, f32(in[0])) },
		&vjp{constant: []int{0}}), initial)
}
