package rouge

import (
	"math/rand/v2"
	"slices"
)

// Interval is a confidence interval for the mean of each score: Mid is the median of the
// means of the resamples, Low and High are its ends.
type Interval struct {
	Low  Scores `json:"low"`
	Mid  Scores `json:"mid"`
	High Scores `json:"high"`
}

// resamples is rouge_score's number.
const resamples = 1000

// Bootstrap is rouge_score's BootstrapAggregator: percentiles of the means of resamples
// drawn with replacement, around 50 by half of confidence (0.95 in most reports). There
// must be at least one score. All columns share the draws, so that Overall can be computed
// from the means, as in the paper's table; it is not the mean of the Overall of each
// prediction.
func Bootstrap(scores []Scores, confidence float64, r *rand.Rand) Interval {
	var columns [12][]float64
	var overalls []float64
	for range resamples {
		var mean Scores
		means := mean.columns()
		for range scores {
			for c, value := range scores[r.IntN(len(scores))].columns() {
				*means[c] += *value
			}
		}
		for c, value := range means {
			*value /= float64(len(scores))
			columns[c] = append(columns[c], *value)
		}
		overalls = append(overalls, overall(&mean))
	}
	var in Interval
	for i, s := range []*Scores{&in.Low, &in.Mid, &in.High} {
		q := 0.5 + float64(i-1)*confidence/2
		for c, value := range s.columns() {
			*value = percentile(columns[c], q)
		}
		s.Overall = percentile(overalls, q)
	}
	return in
}

// columns are all scores but Overall, which follows from them.
func (s *Scores) columns() [12]*float64 {
	return [12]*float64{
		&s.Rouge1.Precision, &s.Rouge1.Recall, &s.Rouge1.F,
		&s.Rouge2.Precision, &s.Rouge2.Recall, &s.Rouge2.F,
		&s.RougeL.Precision, &s.RougeL.Recall, &s.RougeL.F,
		&s.RougeLsum.Precision, &s.RougeLsum.Recall, &s.RougeLsum.F,
	}
}

// percentile is numpy's: linear between the two nearest values. It sorts them.
func percentile(values []float64, q float64) float64 {
	slices.Sort(values)
	at := q * float64(len(values)-1)
	i := min(int(at), len(values)-2)
	return values[i] + (at-float64(i))*(values[i+1]-values[i])
}
