package models

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampler draws tokens from logits.
type Sampler struct {
	Temperature float64 // 0: always the likeliest token
	TopP        float64 // draw from the fewest tokens that hold this share of the probability; 1: from all
	Rand        *rand.Rand
}

// Next draws a token. With temperature 0 it is the first of the likeliest.
func (s *Sampler) Next(logits []float32) int32 {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	if s.Temperature == 0 {
		return int32(best)
	}
	type candidate struct {
		id int
		p  float64
	}
	candidates := make([]candidate, len(logits))
	var total float64
	for i, v := range logits {
		p := math.Exp(float64(v-logits[best]) / s.Temperature)
		candidates[i] = candidate{i, p}
		total += p
	}
	if s.TopP < 1 {
		slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.p, a.p) })
		var held float64
		for i, c := range candidates {
			if held += c.p; held >= s.TopP*total {
				candidates, total = candidates[:i+1], held
				break
			}
		}
	}
	x := s.Rand.Float64() * total
	for _, c := range candidates {
		if x -= c.p; x < 0 {
			return int32(c.id)
		}
	}
	return int32(candidates[len(candidates)-1].id)
}

// Generate feeds a prompt and yields n further tokens of one document, each drawn
// after all that stand before it. It ends early when yield returns false.
func (d *Decoder) Generate(prompt []int32, n int, s *Sampler, yield func(int32) bool) error {
	logits, err := d.Feed(prompt)
	for i := 0; i < n && err == nil; i++ {
		id := s.Next(logits)
		if !yield(id) {
			return nil
		}
		if i < n-1 {
			logits, err = d.Feed([]int32{id})
		}
	}
	return err
}
