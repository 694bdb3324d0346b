package kernel

import "math"

func logistic(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// empty reports whether the memory of a key/value head holds nothing: its normaliser is zero.
func (s Shape) empty(states []float32, b, seg, k int) bool {
	memory := s.memory(states, b, seg, k)
	for i := s.D; i < len(memory); i += s.D + 1 {
		if memory[i] != 0 {
			return false
		}
	}
	return true
}

// Gate decides how much of each head's output comes from its memory (paper eq. 10).
type Gate struct {
	Shape
	Beta []float32 // β [H]; -Inf shuts the memory out
	// States, if not nil, are the memories that the segments read: a segment that
	// reads an empty one uses local attention alone. Without States, it is gated
	// like the others.
	States []float32
}

// shares is the memory's weight in every head's output, [B, S, H]: sigmoid(β), or 0
// while the memory is known to be empty.
func (g Gate) shares() []float32 {
	all := make([]float32, g.B*g.S*g.H)
	for i := range all {
		b, seg, h := i/(g.S*g.H), i/g.H%g.S, i%g.H
		if g.States == nil || !g.empty(g.States, b, seg, g.shared(h)) {
			all[i] = logistic(g.Beta[h])
		}
	}
	return all
}

// Mix sets out [rows, H·D] to share·memory + (1-share)·local.
func Mix(g Gate, out, memory, local []float32) {
	shares := g.shares()
	eachRows(g.Rows(), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			for h, share := range rowOf(shares, i/g.T, g.H, g.H) {
				at := i*g.Width() + h*g.D
				if share == 0 { // the very bits of local attention, whatever memory holds
					copy(out[at:at+g.D], local[at:at+g.D])
					continue
				}
				blend(out[at:at+g.D], share, memory[at:at+g.D], 1-share, local[at:at+g.D])
			}
		}
	})
}

// MixGradient sets dmemory, dlocal and dbeta to the gradients of Mix's inputs.
func MixGradient(g Gate, dmemory, dlocal, dbeta Gradient, dout, memory, local []float32) {
	shares := g.shares()
	slopes := newPartial(g.Rows(), g.H)
	eachRows(g.Rows(), func(block, lo, hi int) {
		slope := slopes.part(block)
		for i := lo; i < hi; i++ {
			for h, share := range rowOf(shares, i/g.T, g.H, g.H) {
				at := i*g.Width() + h*g.D
				up := dout[at : at+g.D]
				accumulate(dmemory.Part(at, at+g.D), share, up)
				accumulate(dlocal.Part(at, at+g.D), 1-share, up)
				if share == 0 {
					continue
				}
				// The slope of the sigmoid is share·(1-share).
				slope[h] += share * (1 - share) * (dot(up, memory[at:at+g.D]) - dot(up, local[at:at+g.D]))
			}
		}
	})
	slopes.sum(dbeta)
}

// ScaleHeads sets out [rows, H·D] to x, each head times its scale [H].
func ScaleHeads(s Shape, out, x, scales []float32) {
	eachRows(s.Rows(), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			for h, scale := range scales {
				at := i*s.Width() + h*s.D
				scaled(out[at:at+s.D], scale, x[at:at+s.D])
			}
		}
	})
}

// ScaleHeadsGradient sets dx and dscales to the gradients of the inputs of ScaleHeads.
func ScaleHeadsGradient(s Shape, dx, dscales Gradient, dout, x, scales []float32) {
	slopes := newPartial(s.Rows(), s.H)
	eachRows(s.Rows(), func(block, lo, hi int) {
		slope := slopes.part(block)
		for i := lo; i < hi; i++ {
			for h, scale := range scales {
				at := i*s.Width() + h*s.D
				up := dout[at : at+s.D]
				accumulate(dx.Part(at, at+s.D), scale, up)
				slope[h] += dot(up, x[at:at+s.D])
			}
		}
	})
	slopes.sum(dscales)
}
