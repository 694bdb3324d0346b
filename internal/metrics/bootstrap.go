package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Resamples is how often a bootstrap resamples the documents.
const Resamples = 10_000

// Bootstrap is the result of a paired bootstrap of a ratio of perplexities.
type Bootstrap struct {
	Ratio     float64 // of all documents
	Low, High float64 // its 95 % percentile interval
	P         float64 // two-sided, of the ratio being 1
	Documents int
}

// PairedBootstrap estimates how much the ratio of two models' perplexities depends on the
// choice of documents (Efron & Tibshirani 1993, chapters 8 and 13). For each document,
// difference is the negative log-likelihood of the first model minus the second's, in
// nats, and tokens is the number of tokens scored; the ratio is exp(Σ difference / Σ
// tokens). Each resample draws as many documents with replacement, always both models
// together, so that what makes a document hard for both cancels. The p-value is twice the
// share of resamples on the far side of 1, counting the ratio itself as one of them, so
// that it is never 0. With fewer than two documents there is no interval: Low, High and P
// are NaN.
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
