package golden

import (
	"math"
	"slices"
)

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
		next.segment = append(next.segment, n.pair(x))
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
					scores = append(scores, inner(n.query(x, h), row.key[h*d:(h+1)*d])/math.Sqrt(float64(d)))
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
