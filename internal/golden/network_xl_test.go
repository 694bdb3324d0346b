package golden

import (
	"math"
	"slices"
)

// transformerXL is Transformer-XL (Dai et al. 2019, section 3): a segment attends to the
// last tokens before it as to its own, and knows how far away each is. With t5, keys and
// queries have length 1 and each range of distances a bias (Wu et al. 2022; Raffel et al.
// 2020).
type transformerXL struct {
	cache  int
	t5     bool
	rotary bool // positions, as on every trunk of the Llama family
}

// cached is what a layer carries: the projections of the last tokens, the oldest first.
type cached struct {
	rows [][]float64 // at most `cache`
	seen int

	entries [][]float64 // the same for the Memorizing Transformer's memory
}

func (transformerXL) stops() bool { return true }

func (m transformerXL) shapes(n network, _ int) map[string][]int {
	if m.turns(n) {
		return map[string][]int{}
	}
	if m.t5 {
		return map[string][]int{"scale": {n.Heads}, "bias": {n.Heads, 32}}
	}
	return map[string][]int{"u": {n.Heads, n.headSize()}, "v": {n.Heads, n.headSize()}, "w_r": {n.Width, n.Width}}
}

// turns says whether positions are rotary.
func (m transformerXL) turns(n network) bool { return m.rotary || n.KeyValueHeads > 0 }

// fullAttention is a cache of the last 15 segments that gradients pass through, the model
// without options.
type fullAttention struct{ transformerXL }

func newFull(segment int) fullAttention {
	return fullAttention{transformerXL{cache: 15 * segment, rotary: true}}
}

func (fullAttention) stops() bool { return false }

func (m transformerXL) write(_ network, _ int, qkv [][]float64, state any) any {
	old, _ := state.(cached)
	return cached{rows: newest(old.rows, qkv, m.cache), seen: old.seen + len(qkv)}
}

// newest is the last rows of two lists.
func newest(old, rows [][]float64, most int) [][]float64 {
	all := slices.Concat(old, rows)
	return all[max(0, len(all)-most):]
}

// tensors has the keys and values of the cache in its last rows.
func (m transformerXL) tensors(n network, _ int, state any) map[string]Array {
	p, _ := state.(cached)
	out := make([]float64, (m.cache-len(p.rows))*2*n.keys())
	for _, row := range p.rows {
		for g := range n.kvHeads() {
			out = append(out, m.key(n, row, g*n.Heads/n.kvHeads())...)
		}
		out = append(out, n.pair(row).value...)
	}
	return map[string]Array{"cache": {[]int{m.cache, 2 * n.keys()}, out}, "seen": {[]int{1}, []float64{float64(p.seen)}}}
}

func (m transformerXL) key(n network, qkv []float64, h int) []float64 {
	k := n.key(qkv, h)
	if m.t5 {
		return unit(k)
	}
	return k
}

func (m transformerXL) attend(n network, layer int, qkv [][]float64, state any) [][]float64 {
	p, _ := state.(cached)
	before := make([]pair, len(p.rows))
	for i, row := range p.rows {
		before[i] = n.pair(row)
	}
	return m.over(n, layer, qkv, before)
}

// pair is a key and a value, all heads.
type pair struct{ key, value []float64 }

func (n network) pair(qkv []float64) pair {
	q, k := n.queries(), n.keys()
	return pair{qkv[q : q+k], qkv[q+k:]}
}

// over is attention to rows before a segment, one position each, and to the segment.
func (m transformerXL) over(n network, layer int, qkv [][]float64, before []pair) [][]float64 {
	rows := slices.Clone(before)
	for _, x := range qkv {
		rows = append(rows, n.pair(x))
	}
	score := m.scores(n, layer, len(rows))
	out := make([][]float64, len(qkv))
	for t, x := range qkv {
		for h := range n.Heads {
			var scores []float64
			var values [][]float64
			last, at := len(before)+t, n.group(h)*n.headSize()
			for i, row := range rows[:last+1] {
				scores = append(scores, score(h, n.query(x, h), n.cut(row.key, at), last-i))
				values = append(values, n.cut(row.value, at))
			}
			out[t] = append(out[t], mixture(scores, values)...)
		}
	}
	return out
}

// scores is the score of a query and a key at a distance below a limit.
func (m transformerXL) scores(n network, layer, limit int) func(h int, q, k []float64, distance int) float64 {
	if m.t5 {
		scale, bias := n.layer(layer, "scale"), n.layer(layer, "bias")
		return func(h int, q, k []float64, distance int) float64 {
			return scale[h]*inner(unit(q), unit(k)) + bias[h*32+bucket(distance)]
		}
	}
	if m.turns(n) {
		return func(_ int, q, k []float64, distance int) float64 {
			return inner(n.turn(q, distance), k) / math.Sqrt(float64(n.headSize()))
		}
	}
	u, v, d := n.layer(layer, "u"), n.layer(layer, "v"), n.headSize()
	var places [][]float64 // W_r·R, R the sines and then the cosines of the distance
	for distance := range limit {
		r := make([]float64, n.Width)
		for i := range n.Width / 2 {
			r[i], r[n.Width/2+i] = math.Sincos(float64(distance) * math.Pow(10000, -2*float64(i)/float64(n.Width)))
		}
		places = append(places, times(n.layer(layer, "w_r"), r))
	}
	return func(h int, q, k []float64, distance int) float64 {
		var sum float64
		for i, x := range q {
			sum += (x+u[h*d+i])*k[i] + (x+v[h*d+i])*places[distance][h*d+i]
		}
		return sum / math.Sqrt(float64(d))
	}
}

// bucket is T5's, of 32 for distances up to 128: one each below 16, then ranges that grow.
func bucket(distance int) int {
	if distance < 16 {
		return distance
	}
	return min(31, 16+int(16*math.Log(float64(distance)/16)/math.Log(8)))
}

// unit is x at length 1, with the ε of Wu et al.'s code.
func unit(x []float64) []float64 {
	y, length := make([]float64, len(x)), math.Sqrt(inner(x, x)+1e-6)
	for i, v := range x {
		y[i] = v / length
	}
	return y
}
