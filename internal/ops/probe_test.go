package ops

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// probe is the derivative of Σ up·twin by some elements of an input, and along
// one direction that moves all of them.
type probe struct {
	input     int
	elements  []int
	slopes    []float64
	direction []float64
	along     float64
}

func (c check) probe(r *rand.Rand, up []float64) []probe {
	if c.fixed {
		return nil
	}
	objective := func() (sum float64) {
		for i, y := range c.twin(c.in) {
			sum += up[i] * y
		}
		return sum
	}
	var probes []probe
	for i, a := range c.in {
		if a.constant {
			continue
		}
		base := slices.Clone(a.data)
		slope := func(direction func(j int) float64) float64 {
			const h = 1e-5
			moved := func(step float64) float64 {
				for j := range a.data {
					a.data[j] = base[j] + step*direction(j)
				}
				return objective()
			}
			d := (moved(h) - moved(-h)) / (2 * h)
			copy(a.data, base)
			return d
		}
		p := probe{input: i, direction: normal(r, len(base)).data}
		count := c.probes
		if count == 0 {
			count = 40
		}
		for _, e := range r.Perm(len(base))[:min(count, len(base))] {
			p.elements = append(p.elements, e)
			p.slopes = append(p.slopes, slope(func(j int) float64 {
				if j == e {
					return 1
				}
				return 0
			}))
		}
		p.along = slope(func(j int) float64 { return p.direction[j] })
		probes = append(probes, p)
	}
	return probes
}

func (p probe) test(t *testing.T, gradient []float64) {
	t.Helper()
	got := make([]float64, len(p.elements))
	for i, e := range p.elements {
		got[i] = gradient[e]
	}
	compare(t, "gradient of an input", got, p.slopes, gradientTolerance, gradientTolerance/5)
	var along, norm float64
	for i, g := range gradient {
		along += g * p.direction[i]
		norm += g * g
	}
	// The direction is standard normal: the derivative along it is of the
	// size of the gradient's norm.
	if d := math.Abs(along - p.along); !(d <= gradientTolerance*math.Sqrt(norm)) {
		t.Errorf("derivative of input %d along a direction is %.8g, twin %.8g (norm %.3g)", p.input, along, p.along, math.Sqrt(norm))
	}
}
