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
			at := t * s.Width()
			y, x := o[at:at+s.D], l[at:at+s.D]
			for j, v := range m[at : at+s.D] {
				y[j] = g*v + (1-g)*x[j]
			}
		}
	})
}

// MixGradient sets dmemory, dlocal and dbeta to the gradients of Mix's inputs.
func MixGradient(s Shape, dmemory, dlocal, dbeta, dout, memory, local, beta, states []float32) {
	slopes := make([]float64, s.B*s.S*s.H)
	s.heads(func(b, seg, h int) {
		g, learns := s.share(beta, states, b, seg, h)
		up, m, l := s.head(dout, b, seg, h), s.head(memory, b, seg, h), s.head(local, b, seg, h)
		dm, dl := s.head(dmemory, b, seg, h), s.head(dlocal, b, seg, h)
		var slope float64
		for t := range s.T {
			at := t * s.Width()
			var along float32
			for j, u := range up[at : at+s.D] {
				dm[at+j], dl[at+j] = g*u, (1-g)*u
				along += u * (m[at+j] - l[at+j])
			}
			slope += float64(along)
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
		dbeta[h] = float32(sum)
	}
}
