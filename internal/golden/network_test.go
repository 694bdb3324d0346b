package golden

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// network is a whole model in float64, forward only, in plain loops written from the
// equations: the papers', and the trunk's as models.Model states it. It reads segment
// after segment.
type network struct {
	Config
	memory  memory
	weights map[string][]float64
}

// memory is the part that differs between networks. A state is the memory of one layer for
// one document; nil before the first segment. Projections have one row [3·d] per token.
type memory interface {
	shapes(n network, layer int) map[string][]int
	attend(n network, layer int, qkv [][]float64, state any) [][]float64
	write(n network, layer int, qkv [][]float64, state any) any
	// tensors is a state as a reference has it, for one document.
	tensors(n network, layer int, state any) map[string]Array
	// stops says that no gradient passes through the state.
	stops() bool
}

// withLoss is a memory with an auxiliary loss, which trains only its own weights.
type withLoss interface {
	teach(n network, layer int, qkv [][]float64, state any) float64
}

// record is what a document's segments carried and said, by segment and layer. Replayed
// in a network whose weights differ a little, it holds fixed what gradients stop at.
type record struct {
	replay bool
	states [][]any
	qkv    [][][][]float64
}

// shapes lists every weight.
func (n network) shapes() map[string][]int {
	d := n.Width
	all := map[string][]int{"embedding": {n.Vocabulary, d}, "norm_final": {d}}
	if n.untied() {
		all["head"] = []int{n.Vocabulary, d}
	}
	if r, ok := n.memory.(recurrent); ok {
		all["memory_tokens"] = []int{r.tokens, d}
	}
	for l := range n.Layers {
		layer := map[string][]int{
			"norm_attention": {d}, "norm_ffn": {d},
			"w_qkv": {n.queries() + 2*n.keys(), d}, "w_o": {d, n.queries()}, "w_up": {n.FFN, d}, "w_down": {d, n.FFN},
		}
		n.llamaShapes(layer)
		maps.Copy(layer, n.memory.shapes(n, l))
		for name, shape := range layer {
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

// layer is a weight of a layer.
func (n network) layer(l int, name string) []float64 {
	return n.weights["layers."+strconv.Itoa(l)+"."+name]
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// run reads one document: the logits after each token, what each layer carries after
// the last whole segment, and the memory's own loss, a sum. past is filled, or replayed.
func (n network) run(ids []int32, past *record) (logits [][]float64, states []any, auxiliary float64) {
	states = make([]any, n.Layers)
	for s := 0; s*n.Segment < len(ids); s++ {
		tokens := ids[s*n.Segment : min((s+1)*n.Segment, len(ids))]
		if past.replay && n.memory.stops() {
			states = slices.Clone(past.states[s])
		} else if !past.replay {
			past.states, past.qkv = append(past.states, slices.Clone(states)), append(past.qkv, make([][][]float64, n.Layers))
		}
		hidden, loss := n.segment(s, tokens, states, past)
		auxiliary += loss
		for _, h := range hidden {
			logits = append(logits, times(n.head(), h))
		}
	}
	return logits, states, auxiliary
}

// segment reads one segment, or the tail, and moves the states past it.
func (n network) segment(s int, tokens []int32, states []any, past *record) (hidden [][]float64, auxiliary float64) {
	d, whole := n.Width, len(tokens) == n.Segment
	var x [][]float64
	for _, id := range tokens {
		x = append(x, slices.Clone(n.weights["embedding"][int(id)*d:(int(id)+1)*d]))
	}
	rmt, inStream := n.memory.(recurrent)
	if inStream {
		x = rmt.join(n, states[0], x, whole)
	}
	for l := range n.Layers {
		w := func(name string) []float64 { return n.layer(l, name) }
		qkv, projection, gain := make([][]float64, len(x)), w("w_qkv"), w("norm_attention")
		for t := range x {
			qkv[t] = n.project(l, times(projection, n.norm(x[t], gain)))
		}
		output := w("w_o")
		for t, a := range n.memory.attend(n, l, qkv, states[l]) {
			add(x[t], times(output, a))
		}
		if whole && !inStream {
			if !past.replay {
				past.qkv[s][l] = qkv
			}
			if m, ok := n.memory.(withLoss); ok && states[l] != nil {
				auxiliary += m.teach(n, l, past.qkv[s][l], states[l])
			}
			states[l] = n.memory.write(n, l, qkv, states[l])
		}
		down, gain := w("w_down"), w("norm_ffn")
		for t := range x {
			add(x[t], times(down, n.hidden(l, n.norm(x[t], gain))))
		}
	}
	for t := range x {
		hidden = append(hidden, n.norm(x[t], n.weights["norm_final"]))
	}
	if inStream {
		p := rmt.tokens
		if whole {
			states[0] = hidden[p+len(tokens):]
		}
		hidden = hidden[p : p+len(tokens)]
	}
	return hidden, auxiliary
}

// hidden is the hidden units of the feed-forward block.
func (n network) hidden(l int, x []float64) []float64 {
	y := times(n.layer(l, "w_up"), x)
	if n.KeyValueHeads > 0 {
		for i, v := range times(n.layer(l, "w_gate"), x) {
			y[i] *= v / (1 + math.Exp(-v))
		}
		return y
	}
	for i, v := range y {
		y[i] = v * (1 + math.Erf(v/math.Sqrt2)) / 2
	}
	return y
}

// query, key and value slice the vector of query head h out of a projection. A group of
// query heads shares its key and value.
func (n network) query(qkv []float64, h int) []float64 { return n.cut(qkv, h*n.headSize()) }
func (n network) key(qkv []float64, h int) []float64 {
	return n.cut(qkv, n.queries()+n.group(h)*n.headSize())
}
func (n network) value(qkv []float64, h int) []float64 {
	return n.cut(qkv, n.queries()+n.keys()+n.group(h)*n.headSize())
}

func (n network) cut(qkv []float64, at int) []float64 { return qkv[at : at+n.headSize()] }

// local is each token's causal attention with rotary positions, over a sequence alone.
func (n network) local(qkv [][]float64) [][]float64 {
	out := make([][]float64, len(qkv))
	for h := range n.Heads {
		var keys, values [][]float64
		for t, x := range qkv {
			keys, values = append(keys, n.turn(n.key(x, h), t)), append(values, n.value(x, h))
			q, scores := n.turn(n.query(x, h), t), []float64(nil)
			for _, k := range keys {
				scores = append(scores, inner(q, k)/math.Sqrt(float64(n.headSize())))
			}
			out[t] = append(out[t], mixture(scores, values)...)
		}
	}
	return out
}

// mixture is Σ softmax(scores)·values.
func mixture(scores []float64, values [][]float64) []float64 {
	sum, total := make([]float64, len(values[0])), 0.0
	for i, x := range scores {
		e := math.Exp(x)
		total += e
		for j, v := range values[i] {
			sum[j] += e * v
		}
	}
	for j := range sum {
		sum[j] /= total
	}
	return sum
}

// turn rotates element i with element i + D/2 by the position.
func (n network) turn(x []float64, position int) []float64 {
	y, half := make([]float64, len(x)), len(x)/2
	for i := range half {
		sin, cos := math.Sincos(float64(position) * n.frequency(math.Pow(n.RopeBase, -2*float64(i)/float64(len(x)))))
		y[i], y[i+half] = x[i]*cos-x[i+half]*sin, x[i]*sin+x[i+half]*cos
	}
	return y
}

func (n network) norm(x, gain []float64) []float64 {
	root := math.Sqrt(inner(x, x)/float64(len(x)) + n.NormEpsilon)
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v / root * gain[i]
	}
	return y
}

// loss returns the mean negative log-likelihood of the next tokens, and the memory's
// auxiliary loss over the same number of tokens.
func (n network) loss(ids [][]int32, past []record) (nll, auxiliary float64) {
	for b, row := range ids {
		logits, _, own := n.run(row[:len(row)-1], &past[b])
		auxiliary += own
		for t, z := range logits {
			var total float64
			for _, v := range z {
				total += math.Exp(v)
			}
			nll += math.Log(total) - z[row[t+1]]
		}
	}
	targets := float64(len(ids) * n.Length())
	return nll / targets, auxiliary / targets
}

// reference makes a golden file of the network on random documents; gradients are
// central differences of the losses, with all fixed that gradients stop at.
func (n network) reference(r *rand.Rand) *File {
	f := &File{About: "made by the test", Config: n.Config, Weights: map[string]Array{}, Gradients: map[string][]float64{}}
	state := make([]map[string]Array, n.Layers)
	for l := range state {
		state[l] = map[string]Array{}
	}
	for range n.Batch {
		row := make([]int32, n.Length()+1)
		for i := range row {
			row[i] = int32(r.IntN(n.Vocabulary))
		}
		f.IDs = append(f.IDs, row)
		logits, states, _ := n.run(row[:n.Length()], new(record))
		f.Logits.Data = append(f.Logits.Data, slices.Concat(logits...)...)
		for l, s := range states {
			for name, a := range n.memory.tensors(n, l, s) {
				state[l][name] = Array{slices.Concat([]int{n.Batch}, a.Shape), append(state[l][name].Data, a.Data...)}
			}
		}
	}
	f.Logits.Shape = []int{n.Batch, n.Length(), n.Vocabulary}
	past := make([]record, n.Batch)
	loss, auxiliary := n.loss(f.IDs, past)
	f.Loss = &loss
	if n.Model != "" {
		f.State, f.Auxiliary = state, &auxiliary
	} else {
		f.Config.FFN = 0 // left out
		for _, layer := range state {
			f.Memory = append(f.Memory, layer["memory"])
		}
	}
	for b := range past {
		past[b].replay = true
	}
	for name, w := range n.weights {
		f.Weights[name] = Array{n.shapes()[name], w}
		gradient := make([]float64, len(w))
		for i, x := range w {
			const h = 1e-5
			w[i] = x + h
			up, upper := n.loss(f.IDs, past)
			w[i] = x - h
			down, lower := n.loss(f.IDs, past)
			gradient[i] = (up + upper - down - lower) / (2 * h)
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
