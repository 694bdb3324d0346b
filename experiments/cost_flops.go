package experiments

import (
	"infinibench/baselines"
	"infinibench/models"
)

// FLOPs counts the floating-point operations of the matrix products for one token in
// whole segments of one document, a multiplication and an addition being two. With the
// width d, the hidden width f, the segment T and the vocabulary V, the forward pass takes
//
//	layers · (2·d·3d + 2·d·d + 2·2·d·f + 2·T·d) + memory + 2·d·V
//
// for W_qkv, W_o, W_up and W_down, local attention and the logits. Attention multiplies
// queries by keys and weights by values. The full square would take 2·T·d each; only the
// causal half counts. The backward pass needs two products of the same size for each
// forward product, so training takes three times as much. Recomputation to save memory
// does not count, and neither does anything but matrix products.
//
// A memory of E numbers over all layers takes 2·E to read and 2·E to write; the delta rule
// reads once more, and full attention only reads its cache. Another cache, into which no gradient flows, is written by copying, and its
// backward pass has one product for each product that reads it. A nearest-neighbour search
// multiplies the queries by the keys, half of its memory, with no backward pass. m memory
// tokens before and after each segment make it T+2m tokens long in the layers. Relative
// positions and compression are counted below; segments is the number in one graph.
//
// In a trunk of the Llama family, attention may be wider or narrower than d, a group of g
// query heads reads one memory g times, and W_gate is a third matrix of d·f.
func FLOPs(c models.Config, m models.Memory, training bool, segments int) float64 {
	d, f, segment, vocabulary := float64(c.Width()), float64(c.FFN), float64(c.Segment), float64(c.Vocabulary)
	var state, cache, searched float64 // numbers
	_, nearest := m.(baselines.Memorizing)
	tokens := segment // of a segment in the layers
	for l := range c.Layers {
		for _, s := range m.State(c, l) {
			numbers := 1.0
			for _, n := range s.Shape {
				numbers *= float64(n)
			}
			switch {
			case s.Tokens:
				tokens += 2 * float64(s.Shape[0])
			case s.Differentiable:
				state += numbers
			case nearest && s.Name == "memory":
				searched += numbers
			case s.Counted:
				cache += numbers
			}
		}
	}
	attention, group, blocks := float64(c.AttentionWidth()), float64(c.Heads/c.KVHeads()), 2.0
	if c.SwiGLU {
		blocks = 3
	}
	uses, own := group+1, 0.0
	switch m := m.(type) {
	case models.Infini:
		if m.Delta {
			uses++
		}
	case baselines.FullAttention:
		uses = 1 // a key or a value of the cache, by a query
	case baselines.TransformerXL:
		own = positionFLOPs(c, m, m.T5, training, segments)
	case baselines.Memorizing:
		own = positionFLOPs(c, m, m.T5, training, segments)
	case baselines.Compressive:
		own = positionFLOPs(c, m, false, training, segments) + compressionFLOPs(c, m, training)
	}
	layer := 2*d*float64(c.ProjectionWidth()) + 2*attention*d + 2*blocks*d*f + 2*tokens*attention
	products := float64(c.Layers)*layer*tokens/segment + uses*2*state + 2*d*vocabulary
	cache, searched = cache*group, searched*group // each query head multiplies with all
	if training {
		return 3*products + 2*2*cache + searched + own
	}
	return products + 2*cache + searched + own
}

// positionFLOPs counts, for a cache of C rows, the first state of a memory, the products
// of the queries with the distances to them and to the causal half of the segment, and
// W_r·R of C+T distances, which all segments of a graph share and which has a gradient by
// W_r alone. T5's biases and rotary positions take none.
func positionFLOPs(c models.Config, m models.Memory, t5, training bool, segments int) float64 {
	if t5 || c.Llama() {
		return 0
	}
	layers, d, segment := float64(c.Layers), float64(c.Width()), float64(c.Segment)
	cache := float64(m.State(c, 0)[0].Shape[0])
	scores, places := segment*d+2*cache*d, 2*(cache+segment)*d*d/(segment*float64(segments))
	if training {
		return layers * (3*scores + 2*places)
	}
	return layers * (scores + places)
}

// compressionFLOPs counts the convolutions that make n slots of the keys and of the
// values of a segment, 2·n·rate·d·d each. Training adds their auxiliary loss: attention to
// the segment and to its slots, three backward products of the attention to the slots, and a
// weight gradient that costs as much as the forward convolutions.
func compressionFLOPs(c models.Config, m baselines.Compressive, training bool) float64 {
	layers, d, segment := float64(c.Layers), float64(c.Width()), float64(c.Segment)
	params := m.Params(c, 0)
	shape := params[len(params)-1].Shape // [d, rate·d]
	slots := float64((c.Segment*shape[0] + shape[1] - 1) / shape[1])
	convolutions := 2 * 2 * slots * float64(shape[0]*shape[1]) / segment
	if training {
		return layers * (2*convolutions + 4*segment*d + (4+3*2)*slots*d)
	}
	return layers * convolutions
}
