package models

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampler draws tokens from logits.
type Sampler struct {
	Temperature float64 // 0: always the most likely token
	TopP        float64 // draw from the fewest tokens with this total probability; 1: from all
	Rand        *rand.Rand

	// Tokens is the number of ids that can be drawn, the first ones; 0: all. The vocabulary
	// of a pretrained model may end in rows that are no token of its tokenizer.
	Tokens int
}

// Next draws a token. At temperature 0 it takes the most likely, the first of equals.
func (s *Sampler) Next(logits []float32) int32 {
	if s.Tokens > 0 {
		logits = logits[:min(s.Tokens, len(logits))]
	}
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

// Continue feeds the tokens next [B, w] and draws further tokens of every document, each
// with its own sampler, until every document has drawn the token stop or n others, n ≥ 1.
// It returns the tokens drawn for each document, without stop. It calls tick after every
// token drawn; an error from tick ends the work.
func (d *Decoder) Continue(next []int32, n int, samplers []*Sampler, stop int32, tick func() error) ([][]int32, error) {
	drawn, ended := make([][]int32, len(samplers)), make([]bool, len(samplers))
	last := make([]int32, len(samplers))
	for running := len(samplers); running > 0; next = last {
		logits, err := d.Feed(next)
		if err != nil {
			return nil, err
		}
		for b, s := range samplers {
			if ended[b] {
				continue // feed any token: its document is no longer read
			}
			v := d.model.Config.Vocabulary
			last[b] = s.Next(logits[b*v : (b+1)*v])
			if last[b] != stop {
				drawn[b] = append(drawn[b], last[b])
			}
			if last[b] == stop || len(drawn[b]) == n {
				ended[b] = true
				running--
			}
			if err := tick(); err != nil {
				return nil, err
			}
		}
	}
	return drawn, nil
}

// Generate feeds a prompt and yields n further tokens of one document, each drawn given
// all before it. It ends early when yield returns false.
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
