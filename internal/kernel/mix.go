package kernel

import "math"

func logistic(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// empty says whether a head's memory holds nothing: its normaliser is zero.
func (s Shape) empty(states []float32, b, seg, h int) bool {
	memory := s.memory(states, b, seg, h)
	for i := s.D; i < len(memory); i += s.D + 1 {
		if memory[i] != 0 {
			return false
		}
	}
	return true
}

// shares is the weight of the memory in every head's output, [B, S, H]: sigmoid(β),
// or, when states are given, 0 while the memory is empty.
func (s Shape) shares(beta, states []float32) []float32 {
	all := make([]float32, s.B*s.S*s.H)
	for i := range all {
		b, seg, h := i/(s.S*s.H), i/s.H%s.S, i%s.H
		if states == nil || !s.empty(states, b, seg, h) {
			all[i] = logistic(beta[h])
		}
	}
	return all
}

// Mix sets out [rows, H·D] to sigmoid(β)·memory + (1-sigmoid(β))·local, β [H] being
// one number per head (paper eq. 10). With states, a segment that reads an empty
// memory is local alone; with nil it is gated like the others.
func Mix(s Shape, out, memory, local, beta, states []float32) {
	shares := s.shares(beta, states)
	eachRows(s.Rows(), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			for h, g := range line(shares, i/s.T, s.H, s.H) {
				at := i*s.Width() + h*s.D
				blend(out[at:at+s.D], g, memory[at:at+s.D], 1-g, local[at:at+s.D])
			}
		}
	})
}

// MixGradient gives dmemory, dlocal and dbeta the gradients of Mix's inputs.
func MixGradient(s Shape, dmemory []float32, addMemory bool, dlocal []float32, addLocal bool, dbeta []float32, addBeta bool, dout, memory, local, beta, states []float32) {
	shares := s.shares(beta, states)
	slopes := newPartial(s.Rows(), s.H)
	eachRows(s.Rows(), func(block, lo, hi int) {
		slope := slopes.part(block)
		for i := lo; i < hi; i++ {
			for h, g := range line(shares, i/s.T, s.H, s.H) {
				at := i*s.Width() + h*s.D
				up := dout[at : at+s.D]
				give(dmemory[at:at+s.D], addMemory, g, up)
				give(dlocal[at:at+s.D], addLocal, 1-g, up)
				// The slope of sigmoid(β) is g(1-g): 0 where g is 0 for
				// want of a memory.
				slope[h] += g * (1 - g) * (dot(up, memory[at:at+s.D]) - dot(up, local[at:at+s.D]))
			}
		}
	})
	slopes.sum(dbeta, addBeta)
}
