package golden

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// network is the whole model in float64, forward only, in plain loops written
// from the equations: the paper's, and the trunk's as models.Model states it.
type network struct {
	Config
	ffn     int
	weights map[string][]float64
}

// shapes lists every weight.
func (n network) shapes() map[string][]int {
	d := n.Width
	all := map[string][]int{"embedding": {n.Vocabulary, d}, "norm_final": {d}}
	for l := range n.Layers {
		for name, shape := range map[string][]int{
			"norm_attention": {d}, "norm_ffn": {d}, "beta": {n.Heads},
			"w_qkv": {3 * d, d}, "w_o": {d, d}, "w_up": {n.ffn, d}, "w_down": {d, n.ffn},
		} {
			all[fmt.Sprintf("layers.%d.%s", l, name)] = shape
		}
	}
	return all
}

// draw sets all weights to random numbers that float32 can hold.
func (n *network) draw(r *rand.Rand) {
	n.weights = map[string][]float64{}
	for _, name := range slices.Sorted(maps.Keys(n.shapes())) {
		w := make([]float64, size(n.shapes()[name]))
		for i := range w {
			w[i] = float64(float32(r.NormFloat64() / 2))
		}
		n.weights[name] = w
	}
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// run reads one document: the logits after each token, and each layer's memory
// [H, D, D+1] after the last whole segment.
func (n network) run(ids []int32) (logits, memories [][]float64) {
	d := n.Width
	x := make([][]float64, len(ids))
	for t, id := range ids {
		x[t] = slices.Clone(n.weights["embedding"][int(id)*d : (int(id)+1)*d])
	}
	for l := range n.Layers {
		w := func(name string) []float64 { return n.weights[fmt.Sprintf("layers.%d.%s", l, name)] }
		qkv := make([][]float64, len(ids))
		for t := range x {
			qkv[t] = times(w("w_qkv"), n.norm(x[t], w("norm_attention")))
		}
		memory := make([]float64, n.Heads*n.headSize()*(n.headSize()+1))
		for from := 0; from < len(ids); from += n.Segment {
			segment := qkv[from:min(from+n.Segment, len(ids))]
			for t, a := range n.attend(segment, memory, w("beta")) {
				add(x[from+t], times(w("w_o"), a))
			}
			if len(segment) == n.Segment {
				n.write(memory, segment)
			}
		}
		memories = append(memories, memory)
		for t := range x {
			up := times(w("w_up"), n.norm(x[t], w("norm_ffn")))
			for i, v := range up {
				up[i] = v * (1 + math.Erf(v/math.Sqrt2)) / 2
			}
			add(x[t], times(w("w_down"), up))
		}
	}
	for t := range x {
		logits = append(logits, times(n.weights["embedding"], n.norm(x[t], n.weights["norm_final"])))
	}
	return logits, memories
}

func (n network) headSize() int { return n.Width / n.Heads }

// head cuts the query (0), key (1) or value (2) of one head out of a projection.
func (n network) head(qkv []float64, part, h int) []float64 {
	at := part*n.Width + h*n.headSize()
	return qkv[at : at+n.headSize()]
}

// attend is each token's attention to its segment and to the memory, mixed.
func (n network) attend(segment [][]float64, memory, beta []float64) [][]float64 {
	out := make([][]float64, len(segment))
	for h := range n.Heads {
		gate := 1 / (1 + math.Exp(-beta[h]))
		var keys [][]float64
		for t, qkv := range segment {
			keys = append(keys, n.turn(n.head(qkv, 1, h), t))
			q := n.turn(n.head(qkv, 0, h), t)
			local, total := make([]float64, n.headSize()), 0.0
			for u, k := range keys {
				e := math.Exp(inner(q, k) / math.Sqrt(float64(n.headSize())))
				total += e
				for j, v := range n.head(segment[u], 2, h) {
					local[j] += e * v
				}
			}
			for j, m := range n.recall(memory, h, n.head(qkv, 0, h)) {
				out[t] = append(out[t], gate*m+(1-gate)*local[j]/total)
			}
		}
	}
	return out
}

// turn rotates element i with element i + D/2 by the position.
func (n network) turn(x []float64, position int) []float64 {
	y, half := make([]float64, len(x)), len(x)/2
	for i := range half {
		sin, cos := math.Sincos(float64(position) * math.Pow(n.RopeBase, -2*float64(i)/float64(len(x))))
		y[i], y[i+half] = x[i]*cos-x[i+half]*sin, x[i]*sin+x[i+half]*cos
	}
	return y
}

// row is row i of one head's memory, [D+1], the last number of the normaliser.
func (n network) row(memory []float64, h, i int) []float64 {
	d := n.headSize()
	at := (h*d + i) * (d + 1)
	return memory[at : at+d+1]
}

// recall is σ(k)·M / (σ(k)·z + ε).
func (n network) recall(memory []float64, h int, k []float64) []float64 {
	sums := make([]float64, n.headSize()+1)
	for i, x := range k {
		for j, m := range n.row(memory, h, i) {
			sums[j] += sigma(x) * m
		}
	}
	for j := range k {
		sums[j] /= sums[len(k)] + n.MemoryEpsilon
	}
	return sums[:len(k)]
}

// write adds a segment to the memory; with delta, less what was known before it.
func (n network) write(memory []float64, segment [][]float64) {
	before := slices.Clone(memory)
	for _, qkv := range segment {
		for h := range n.Heads {
			k, v := n.head(qkv, 1, h), slices.Clone(n.head(qkv, 2, h))
			if n.Delta {
				for j, known := range n.recall(before, h, k) {
					v[j] -= known
				}
			}
			for i, x := range k {
				for j, y := range append(v, 1) {
					n.row(memory, h, i)[j] += sigma(x) * y
				}
			}
		}
	}
}

func (n network) norm(x, gain []float64) []float64 {
	root := math.Sqrt(inner(x, x)/float64(len(x)) + n.NormEpsilon)
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v / root * gain[i]
	}
	return y
}

// loss is the mean negative log-likelihood of every next token.
func (n network) loss(ids [][]int32) float64 {
	var sum float64
	for _, row := range ids {
		logits, _ := n.run(row[:len(row)-1])
		for t, z := range logits {
			var total float64
			for _, v := range z {
				total += math.Exp(v)
			}
			sum += math.Log(total) - z[row[t+1]]
		}
	}
	return sum / float64(len(ids)*n.Length())
}

// reference makes a golden file of the network on random documents; gradients
// are central differences of the loss.
func (n network) reference(r *rand.Rand) *File {
	f := &File{About: "made by the test", Config: n.Config, Weights: map[string]Array{}, Gradients: map[string][]float64{}}
	f.Memory = make([]Array, n.Layers)
	for range n.Batch {
		row := make([]int32, n.Length()+1)
		for i := range row {
			row[i] = int32(r.IntN(n.Vocabulary))
		}
		f.IDs = append(f.IDs, row)
		logits, memories := n.run(row[:n.Length()])
		f.Logits.Data = append(f.Logits.Data, slices.Concat(logits...)...)
		for l, m := range memories {
			f.Memory[l].Data = append(f.Memory[l].Data, m...)
			f.Memory[l].Shape = []int{n.Batch, n.Heads, n.headSize(), n.headSize() + 1}
		}
	}
	f.Logits.Shape = []int{n.Batch, n.Length(), n.Vocabulary}
	loss := n.loss(f.IDs)
	f.Loss = &loss
	for name, w := range n.weights {
		f.Weights[name] = Array{n.shapes()[name], w}
		gradient := make([]float64, len(w))
		for i, x := range w {
			const h = 1e-5
			w[i] = x + h
			up := n.loss(f.IDs)
			w[i] = x - h
			gradient[i] = (up - n.loss(f.IDs)) / (2 * h)
			w[i] = x
		}
		f.Gradients[name] = gradient
	}
	return f
}

// times is W·x for W row by row.
func times(w, x []float64) []float64 {
	y := make([]float64, len(w)/len(x))
	for i := range y {
		y[i] = inner(w[i*len(x):(i+1)*len(x)], x)
	}
	return y
}

func add(x, y []float64) {
	for i, v := range y {
		x[i] += v
	}
}

func inner(x, y []float64) (sum float64) {
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// sigma is elu(x) + 1.
func sigma(x float64) float64 {
	if x > 0 {
		return x + 1
	}
	return math.Exp(x)
}
