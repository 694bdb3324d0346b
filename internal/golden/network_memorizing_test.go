package golden

import (
	"cmp"
	"math"
	"slices"
)

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
		for g := range n.kvHeads() {
			h := g * n.Heads / n.kvHeads()
			out = append(out, make([]float64, (m.entries-len(p.entries))*n.headSize())...)
			for _, row := range p.entries {
				if part == 1 {
					out = append(out, unit(n.key(row, h))...)
				} else {
					out = append(out, n.value(row, h)...)
				}
			}
		}
	}
	all["memory"] = Array{[]int{2, n.kvHeads(), m.entries, n.headSize()}, out}
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
			q, found := unit(n.query(x, h)), make([]float64, n.headSize())
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
	product := func(row []float64) float64 { return inner(q, unit(n.key(row, h))) }
	order := slices.SortedFunc(slices.Values(entries), func(a, b []float64) int { return cmp.Compare(product(b), product(a)) })
	var scores []float64
	var values [][]float64
	for _, row := range order[:min(m.k, len(order))] {
		scores, values = append(scores, scale*product(row)), append(values, n.value(row, h))
	}
	return mixture(scores, values)
}
