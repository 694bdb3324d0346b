package train

import (
	"math"

	"infinibench/internal/kernel"
)

// Schedule is a linear warm-up followed by a cosine decay, as a factor of the peak
// learning rate (paper appendix A).
type Schedule struct {
	Warmup int     // steps to the peak
	Steps  int     // of the whole run
	Final  float64 // factor at the end
}

// Factor is the factor of step t, counted from 0; it is never 0 at the start.
func (s Schedule) Factor(t int) float64 {
	if t < s.Warmup {
		return float64(t+1) / float64(s.Warmup)
	}
	if s.Steps <= s.Warmup {
		return 1
	}
	x := float64(t-s.Warmup) / float64(s.Steps-s.Warmup)
	return s.Final + (1-s.Final)*0.5*(1+math.Cos(math.Pi*math.Min(x, 1)))
}

// sequence is the length of a sequence at step t, counted from 0, by the curriculum.
func (s Settings) sequence(t, segment int) int {
	shorter := int(s.Curriculum * float64(s.Steps))
	if t >= shorter || s.Length%segment != 0 {
		return s.Length
	}
	var lengths []int
	for n := segment; n < s.Length; n += segment {
		if s.Length%n == 0 {
			lengths = append(lengths, n)
		}
	}
	if len(lengths) == 0 {
		return s.Length
	}
	return lengths[t*len(lengths)/shorter]
}

// Clip scales the gradients down to a global norm of at most limit (0 for no limit), and
// returns their norm before that.
func Clip(gradients [][]float32, limit float64) float64 {
	var sum float64
	for _, g := range gradients {
		sum += kernel.Dot(g, g)
	}
	norm := math.Sqrt(sum)
	if limit > 0 && norm > limit {
		for _, g := range gradients {
			kernel.Scale(g, float32(limit/norm))
		}
	}
	return norm
}
