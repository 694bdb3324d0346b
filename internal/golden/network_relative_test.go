package golden

import (
	"cmp"
	"math"
	"slices"
)

// transformerXL is Transformer-XL (Dai et al. 2019, section 3): a segment attends to the
// last tokens before it as to its own, and knows how far away each is. With t5, keys and
// queries have length 1 and each range of distances a bias (Wu et al. 2022; Raffel et al.
// 2020).
type transformerXL struct {
	cache int
	t5    bool
}

// cached is what a layer carries: the projections of the last tokens, the oldest first.
type cached struct {
	rows [][]float64 // at most `cache`
	seen int

	entries [][]float64 // the same for the Memorizing Transformer's memory
}

func (transformerXL) stops() bool { return true }

func (m transformerXL) shapes(n network, _ int) map[string][]int {
	if m.t5 {
		return map[string][]int{"scale": {n.Heads}, "bias": {n.Heads, 32}}
	}
	return map[string][]int{"u": {n.Heads, n.headSize()}, "v": {n.Heads, n.headSize()}, "w_r": {n.Width, n.Width}}
}

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
	out := make([]float64, (m.cache-len(p.rows))*2*n.Width)
	for _, row := range p.rows {
		for h := range n.Heads {
			out = append(out, m.key(n, row, h)...)
		}
		out = append(out, row[2*n.Width:]...)
	}
	return map[string]Array{"cache": {[]int{m.cache, 2 * n.Width}, out}, "seen": {[]int{1}, []float64{float64(p.seen)}}}
}

func (m transformerXL) key(n network, qkv []float64, h int) []float64 {
	k := n.head(qkv, 1, h)
	if m.t5 {
		return unit(k)
	}
	return k
}

func (m transformerXL) attend(n network, layer int, qkv [][]float64, state any) [][]float64 {
	p, _ := state.(cached)
	before := make([]pair, len(p.rows))
	for i, row := range p.rows {
		before[i] = pair{row[n.Width : 2*n.Width], row[2*n.Width:]}
	}
	return m.over(n, layer, qkv, before)
}

// pair is a key and a value, all heads.
type pair struct{ key, value []float64 }

// over is attention to rows that stand before a segment, one place each, and to the
// segment.
func (m transformerXL) over(n network, layer int, qkv [][]float64, before []pair) [][]float64 {
	rows := slices.Clone(before)
	for _, x := range qkv {
		rows = append(rows, pair{x[n.Width : 2*n.Width], x[2*n.Width:]})
	}
	score := m.scores(n, layer, len(rows))
	out := make([][]float64, len(qkv))
	for t, x := range qkv {
		for h := range n.Heads {
			var scores []float64
			var values [][]float64
			last, d := len(before)+t, n.headSize()
			for i, row := range rows[:last+1] {
				scores = append(scores, score(h, n.head(x, 0, h), row.key[h*d:(h+1)*d], last-i))
				values = append(values, row.value[h*d:(h+1)*d])
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

// memorizing is the Memorizing Transformer (Wu et al. 2022, section 3): one layer of a
// Transformer-XL also attends to the k of its last entries that are most like a query.
type memorizing struct {
	transformerXL
	entries, k int
}

// remembers says whether a layer has the memory: three quarters of the way up.
func (memorizing) remembers(n network, layer int) bool {
	return layer == max(0, int(math.Round(0.75*float64(n.Layers)))-1)
}

func (m memorizing) shapes(n network, layer int) map[string][]int {
	all := m.transformerXL.shapes(n, layer)
	if m.remembers(n, layer) {
		all["beta"], all["memory_scale"] = []int{n.Heads}, []int{n.Heads}
	}
	return all
}

func (m memorizing) write(n network, layer int, qkv [][]float64, state any) any {
	old, _ := state.(cached)
	next := m.transformerXL.write(n, layer, qkv, state).(cached)
	next.entries = newest(old.entries, qkv, m.entries)
	return next
}

// tensors adds keys, then values, of each head's entries, the last ones filled.
func (m memorizing) tensors(n network, layer int, state any) map[string]Array {
	all := m.transformerXL.tensors(n, layer, state)
	if !m.remembers(n, layer) {
		return all
	}
	p, _ := state.(cached)
	var out []float64
	for part := 1; part <= 2; part++ {
		for h := range n.Heads {
			out = append(out, make([]float64, (m.entries-len(p.entries))*n.headSize())...)
			for _, row := range p.entries {
				if x := n.head(row, part, h); part == 1 {
					out = append(out, unit(x)...)
				} else {
					out = append(out, x...)
				}
			}
		}
	}
	all["memory"] = Array{[]int{2, n.Heads, m.entries, n.headSize()}, out}
	return all
}

func (m memorizing) attend(n network, layer int, qkv [][]float64, state any) [][]float64 {
	out := m.transformerXL.attend(n, layer, qkv, state)
	if !m.remembers(n, layer) {
		return out
	}
	p, _ := state.(cached)
	for h, b := range n.layer(layer, "beta") {
		gate := 1 / (1 + math.Exp(-b))
		for t, x := range qkv {
			q, found := unit(n.head(x, 0, h)), make([]float64, n.headSize())
			if len(p.entries) > 0 {
				found = m.nearest(n, q, h, n.layer(layer, "memory_scale")[h], p.entries)
			}
			for j, y := range found {
				i := h*n.headSize() + j
				out[t][i] = gate*y + (1-gate)*out[t][i]
			}
		}
	}
	return out
}

// nearest is attention to the k entries with the largest products.
func (m memorizing) nearest(n network, q []float64, h int, scale float64, entries [][]float64) []float64 {
	product := func(row []float64) float64 { return inner(q, unit(n.head(row, 1, h))) }
	order := slices.SortedFunc(slices.Values(entries), func(a, b []float64) int { return cmp.Compare(product(b), product(a)) })
	var scores []float64
	var values [][]float64
	for _, row := range order[:min(m.k, len(order))] {
		scores, values = append(scores, scale*product(row)), append(values, n.head(row, 2, h))
	}
	return mixture(scores, values)
}

// compressive is the Compressive Transformer (Rae et al. 2020, section 3): the keys and
// values of the segment before, and slots that older segments were compressed to, `rate`
// tokens each.
type compressive struct{ slots, rate int }

// compressed is what a layer of it carries, the oldest first.
type compressed struct{ slots, segment []pair }

func (compressive) stops() bool { return true }

func (m compressive) shapes(n network, layer int) map[string][]int {
	all := transformerXL{}.shapes(n, layer)
	all["w_compress_key"], all["w_compress_value"] = []int{n.Width, m.rate * n.Width}, []int{n.Width, m.rate * n.Width}
	return all
}

func (m compressive) attend(n network, layer int, qkv [][]float64, state any) [][]float64 {
	c, _ := state.(compressed)
	return transformerXL{}.over(n, layer, qkv, slices.Concat(c.slots, c.segment))
}

// compress is the convolution of width and stride `rate`, over zeros past the end.
func (m compressive) compress(n network, layer int, segment []pair) (made []pair) {
	for window := range slices.Chunk(segment, m.rate) {
		var keys, values []float64
		for _, row := range window {
			keys, values = append(keys, row.key...), append(values, row.value...)
		}
		padding := make([]float64, (m.rate-len(window))*n.Width)
		made = append(made, pair{
			times(n.layer(layer, "w_compress_key"), append(keys, padding...)),
			times(n.layer(layer, "w_compress_value"), append(values, padding...)),
		})
	}
	return made
}

func (m compressive) write(n network, layer int, qkv [][]float64, state any) any {
	c, _ := state.(compressed)
	slots := slices.Concat(c.slots, m.compress(n, layer, c.segment))
	next := compressed{slots: slots[max(0, len(slots)-m.slots):]}
	for _, x := range qkv {
		next.segment = append(next.segment, pair{x[n.Width : 2*n.Width], x[2*n.Width:]})
	}
	return next
}

func (m compressive) tensors(n network, _ int, state any) map[string]Array {
	c, _ := state.(compressed)
	rows := slices.Concat(c.slots, c.segment)
	shape := []int{m.slots + n.Segment, n.Width}
	keys := make([]float64, (shape[0]-len(rows))*n.Width)
	values := slices.Clone(keys)
	for _, row := range rows {
		keys, values = append(keys, row.key...), append(values, row.value...)
	}
	return map[string]Array{"keys": {shape, keys}, "values": {shape, values}, "filled": {[]int{1}, []float64{float64(len(rows))}}}
}

// teach is the attention-reconstruction loss (algorithm 2): how far attention to the
// segment that leaves is from attention to what it is compressed to, without positions;
// over the width of the model.
func (m compressive) teach(n network, layer int, qkv [][]float64, state any) (loss float64) {
	old := state.(compressed).segment
	short, d := m.compress(n, layer, old), n.headSize()
	for _, x := range qkv {
		for h := range n.Heads {
			to := func(rows []pair) []float64 {
				var scores []float64
				var values [][]float64
				for _, row := range rows {
					scores = append(scores, inner(n.head(x, 0, h), row.key[h*d:(h+1)*d])/math.Sqrt(float64(d)))
					values = append(values, row.value[h*d:(h+1)*d])
				}
				return mixture(scores, values)
			}
			full, made := to(old), to(short)
			for j := range full {
				loss += (full[j] - made[j]) * (full[j] - made[j]) / float64(n.Width)
			}
		}
	}
	return loss
}
