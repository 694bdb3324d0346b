package experiments

import (
	"infinibench/baselines"
	"infinibench/models"
)

// FLOPs counts the floating-point operations of the matrix products for one token in
// whole segments, a multiplication and an addition being two. With the width d, the
// hidden width f, the segment T and the vocabulary V, going forward takes
//
//	layers · (2·d·3d + 2·d·d + 2·2·d·f + 2·T·d) + memory + 2·d·V
//
// for W_qkv, W_o, W_up and W_down, local attention and the logits. Attention multiplies
// queries with keys and weights with values, 2·T·d each if all of the square counted,
// but the causal half does. Of a product forward, going backward makes two of the same
// size, so training takes three times as much. What is computed again to save memory
// does not count, nor does anything but products.
//
// A memory of E numbers over all layers takes 2·E to read and 2·E to write; the delta
// rule reads once more. A cache, which the gradient does not flow into, is written by
// copying, and going backward makes one product of each that reads it. A search for the
// nearest multiplies the queries with the keys, half of its memory, and nothing
// backward. A memory of m tokens that stand before and after each segment makes it T+2m
// tokens in the layers, for T that are told.
func FLOPs(c models.Config, m models.Memory, training bool) float64 {
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
	uses := 2.0
	if infini, ok := m.(models.Infini); ok && infini.Delta {
		uses = 3
	}
	layer := 2*d*3*d + 2*d*d + 4*d*f + 2*tokens*d
	products := float64(c.Layers)*layer*tokens/segment + uses*2*state + 2*d*vocabulary
	if training {
		return 3*products + 2*2*cache + searched
	}
	return products + 2*cache + searched
}
