package models

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSampler(t *testing.T) {
	// Probabilities 1/2, 1/4, 1/8, 1/8 by construction.
	logits := []float32{float32(math.Log(2)), float32(math.Log(4)), 0, 0}
	for _, c := range []struct {
		name        string
		temperature float64
		topP        float64
		tokens      int
		want        [4]float64 // by hand
	}{
		{"greedy", 0, 1, 0, [4]float64{0, 1, 0, 0}},
		{"plain", 1, 1, 0, [4]float64{.25, .5, .125, .125}},
		{"temperature 1/2 squares the odds", 0.5, 1, 0, [4]float64{4. / 22, 16. / 22, 1. / 22, 1. / 22}},
		{"top 0.7 keeps two", 1, 0.7, 0, [4]float64{1. / 3, 2. / 3, 0, 0}},
		{"top 0 keeps one", 1, 0, 0, [4]float64{0, 1, 0, 0}},
		{"greedy, the likeliest is no token", 0, 1, 1, [4]float64{1, 0, 0, 0}},
		{"the last two are no tokens", 1, 1, 2, [4]float64{1. / 3, 2. / 3, 0, 0}},
		{"all are tokens", 1, 1, 9, [4]float64{.25, .5, .125, .125}},
	} {
		s := &Sampler{Temperature: c.temperature, TopP: c.topP, Rand: rand.New(rand.NewPCG(1, 1)), Tokens: c.tokens}
		var got [4]float64
		const n = 20000
		for range n {
			got[s.Next(logits)] += 1. / n
		}
		for i := range got {
			// Five standard deviations of a frequency over n draws.
			if d := math.Abs(got[i] - c.want[i]); d > 5*math.Sqrt(c.want[i]*(1-c.want[i])/n)+1e-9 {
				t.Errorf("%s: token %d drawn with frequency %.4f, want %.4f", c.name, i, got[i], c.want[i])
			}
		}
	}
}
