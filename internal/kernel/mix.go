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

// share is the weight of the memory in a head's output: sigmoid(β), or, when states
// are given, 0 while the memory is empty.
func (s Shape) share(beta, states []float32, b, seg, h int) (g float32, learns bool) {
	if states != nil && s.empty(states, b, seg, h) {
		return 0, false
	}
	return logistic(beta[h]), true
}

// Mix sets out [rows, H·D] to sigmoid(β)·memory + (1-sigmoid(β))·local, β [H] being
// one number per head (paper eq. 10). With states, a segment that reads an empty
// memory is local alone; with nil it is gated like the others.
func Mix(s Shape, out, memory, local, beta, states []float32) {
	s.heads(func(b, seg, h int) {
		g, _ := s.share(beta, states, b, seg, h)
		o, m, l := s.head(out, b, seg, h), s.head(memory, b, seg, h), s.head(local, b, seg, h)
		for t := range s.T {
			blend(line(o, t, s.Width(), s.D), g, line(m, t, s.Width(), s.D), 1-g, line(l, t, s.Width(), s.D))
		}
	})
}

// MixGradient gives dmemory, dlocal and dbeta the gradients of Mix's inputs.
func MixGradient(s Shape, dmemory []float32, addMemory bool, dlocal []float32, addLocal bool, dbeta []float32, addBeta bool, dout, memory, local, beta, states []float32) {
	slopes := make([]float64, s.B*s.S*s.H)
	s.heads(func(b, seg, h int) {
		g, learns := s.share(beta, states, b, seg, h)
		var slope float64
		for t := range s.T {
			row := func(x []float32) []float32 { return line(s.head(x, b, seg, h), t, s.Width(), s.D) }
			up := row(dout)
			give(row(dmemory), addMemory, g, up)
			give(row(dlocal), addLocal, 1-g, up)
			slope += float64(dot(up, row(memory)) - dot(up, row(local)))
		}
		if learns {
			slopes[(b*s.S+seg)*s.H+h] = slope * float64(g) * float64(1-g)
		}
	})
	for h := range beta {
		var sum float64
		for i := h; i < len(slopes); i += s.H {
			sum += slopes[i]
		}
		if addBeta {
			sum += float64(dbeta[h])
		}
		dbeta[h] = float32(sum)
	}
}
