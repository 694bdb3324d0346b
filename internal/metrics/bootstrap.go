package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Resamples is how many times a bootstrap draws the documents anew.
const Resamples = 10_000

// Bootstrap is what a paired bootstrap says of a ratio of perplexities.
type Bootstrap struct {
	Ratio     float64 // of all documents
	Low, High float64 // its 95 % percentile interval
	P         float64 // two-sided, of the ratio being 1
	Documents int
}

// PairedBootstrap asks how far the ratio of two models' perplexities hangs on which
// documents were scored (Efron & Tibshirani 1993, chapters 8 and 13). difference is the
// negative log-likelihood of the one minus that of the other in nats, for each document,
// and tokens how many were scored there; the ratio is exp(Σ difference / Σ tokens). Each
// resample draws as many documents with replacement, the two models always together, so
// that what makes a document hard for both cancels. The p-value is twice the share of
// resamples on the far side of 1, counting the ratio itself as one of them, so that it
// is never 0. With fewer than two documents there is no interval: Low, High and P are NaN.
func PairedBootstrap(difference []float64, tokens []int64, seed uint64) Bootstrap {
	n := len(difference)
	ratio := func(document func(i int) int) float64 {
		var nats float64
		var count int64
		for i := range n {
			d := document(i)
			nats += difference[d]
			count += tokens[d]
		}
		return math.Exp(nats / float64(count))
	}
	b := Bootstrap{Ratio: ratio(func(i int) int { return i }), Low: math.NaN(), High: math.NaN(), P: math.NaN(), Documents: n}
	if n < 2 {
		return b
	}
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	ratios := make([]float64, Resamples)
	below, above := 1, 1
	for i := range ratios {
		ratios[i] = ratio(func(int) int { return random.IntN(n) })
		if ratios[i] <= 1 {
			below++
		}
		if ratios[i] >= 1 {
			above++
		}
	}
	slices.Sort(ratios)
	b.Low, b.High = ratios[Resamples*25/1000-1], ratios[Resamples*975/1000]
	b.P = min(1, 2*float64(min(below, above))/(Resamples+1))
	return b
}
