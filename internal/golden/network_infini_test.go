package golden

import (
	"math"
	"slices"
)

// localOnly attends inside the segment and carries nothing.
type localOnly struct{}

func (localOnly) shapes(network, int) map[string][]int                        { return nil }
func (localOnly) write(network, int, [][]float64, any) any                    { return nil }
func (localOnly) tensors(network, int, any) map[string]Array                  { return nil }
func (localOnly) stops() bool                                                 { return false }
func (localOnly) attend(n network, _ int, qkv [][]float64, _ any) [][]float64 { return n.local(qkv) }

// localScaled multiplies the output of each head by its scale.
type localScaled struct{ localOnly }

func (localScaled) shapes(n network, _ int) map[string][]int {
	return map[string][]int{"scale": {n.Heads}}
}

func (localScaled) attend(n network, layer int, qkv [][]float64, _ any) [][]float64 {
	out := n.local(qkv)
	for _, row := range out {
		for i := range row {
			row[i] *= n.layer(layer, "scale")[i/n.headSize()]
		}
	}
	return out
}

// recurrent is the Recurrent Memory Transformer (Bulatov et al. 2022, section 3.2): p
// rows before the segment and the same p rows behind it. After the last norm, the latter
// are the rows before the next segment, and the state.
type recurrent struct {
	localOnly
	tokens int
}

// join puts the memory around a segment; nothing is written behind a tail.
func (r recurrent) join(n network, state any, x [][]float64, whole bool) [][]float64 {
	rows, ok := state.([][]float64)
	if !ok {
		rows = chunks(n.weights["memory_tokens"], n.Width)
	}
	around := func() (copies [][]float64) {
		for _, row := range rows {
			copies = append(copies, slices.Clone(row))
		}
		return copies
	}
	x = append(around(), x...)
	if whole {
		x = append(x, around()...)
	}
	return x
}

// tensors has the rows less the first ones, as models.State does, so that nothing carried
// is zeros.
func (r recurrent) tensors(n network, layer int, state any) map[string]Array {
	if layer > 0 {
		return nil
	}
	out := make([]float64, r.tokens*n.Width)
	if rows, ok := state.([][]float64); ok {
		for i, x := range slices.Concat(rows...) {
			out[i] = x - n.weights["memory_tokens"][i]
		}
	}
	return map[string]Array{"memory": {[]int{r.tokens, n.Width}, out}}
}

func chunks(x []float64, width int) [][]float64 { return slices.Collect(slices.Chunk(x, width)) }

// infini is Infini-attention (section 3 of its paper): the state is one matrix
// [D, D+1] a key/value head, whose last column is the normaliser.
type infini struct {
	ungatedStart, positions bool
}

func (infini) shapes(n network, _ int) map[string][]int { return map[string][]int{"beta": {n.Heads}} }
func (infini) stops() bool                              { return false }

// matrices is the state, zeros at first.
func (infini) matrices(n network, state any) []float64 {
	if state == nil {
		return make([]float64, n.keys()*(n.headSize()+1))
	}
	return slices.Clone(state.([]float64))
}

func (m infini) tensors(n network, _ int, state any) map[string]Array {
	return map[string]Array{"memory": {[]int{n.kvHeads(), n.headSize(), n.headSize() + 1}, m.matrices(n, state)}}
}

// view is what the memory sees of a query or key.
func (m infini) view(n network, x []float64, position int) []float64 {
	if m.positions {
		return n.turn(x, position)
	}
	return x
}

// attend mixes what the memory answers with local attention (eqs. 3, 6, 10).
func (m infini) attend(n network, layer int, qkv [][]float64, state any) [][]float64 {
	out := n.local(qkv)
	if state == nil && m.ungatedStart {
		return out
	}
	memory, d := m.matrices(n, state), n.headSize()
	for h, b := range n.layer(layer, "beta") {
		gate := 1 / (1 + math.Exp(-b))
		for t, x := range qkv {
			for j, y := range m.recall(n, memory, n.group(h), m.view(n, n.query(x, h), t)) {
				out[t][h*d+j] = gate*y + (1-gate)*out[t][h*d+j]
			}
		}
	}
	return out
}

// row is row i of one key/value head's memory, [D+1], the last number of the normaliser.
func (infini) row(n network, memory []float64, g, i int) []float64 {
	d := n.headSize()
	at := (g*d + i) * (d + 1)
	return memory[at : at+d+1]
}

// recall is σ(k)·M / (σ(k)·z + ε).
func (m infini) recall(n network, memory []float64, g int, k []float64) []float64 {
	sums := make([]float64, n.headSize()+1)
	for i, x := range k {
		for j, v := range m.row(n, memory, g, i) {
			sums[j] += sigma(x) * v
		}
	}
	for j := range k {
		sums[j] /= sums[len(k)] + n.MemoryEpsilon
	}
	return sums[:len(k)]
}

// write adds a segment to the memory (eq. 8); with delta, less what was known before it
// (eq. 9).
func (m infini) write(n network, _ int, qkv [][]float64, state any) any {
	before, memory := m.matrices(n, state), m.matrices(n, state)
	for t, x := range qkv {
		for g := range n.kvHeads() {
			h := g * n.Heads / n.kvHeads() // the first of the group
			k, v := m.view(n, n.key(x, h), t), slices.Clone(n.value(x, h))
			if n.modelID() == "infini-delta" {
				for j, known := range m.recall(n, before, g, k) {
					v[j] -= known
				}
			}
			for i, x := range k {
				for j, y := range append(v, 1) {
					m.row(n, memory, g, i)[j] += sigma(x) * y
				}
			}
		}
	}
	return memory
}

// sigma is elu(x) + 1.
func sigma(x float64) float64 {
	if x > 0 {
		return x + 1
	}
	return math.Exp(x)
}
