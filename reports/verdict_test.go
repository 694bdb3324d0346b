package reports

import (
	"math"
	"testing"

	"infinibench/internal/metrics"
)

func TestJudge(t *testing.T) {
	around := func(low, high float64) Interval { return Interval{Mean: (low + high) / 2, Low: low, High: high, N: 3} }
	one := Interval{Mean: 0.9, N: 1}
	weak := Trial{Lacks: "it learnt nothing", Takes: "9 steps"}
	agree := func(documents int) metrics.Bootstrap {
		return metrics.Bootstrap{Ratio: 0.9, Low: 0.85, High: 0.95, Documents: documents}
	}
	for _, tc := range []struct {
		name string
		e    Evidence
		want Verdict
		why  string
	}{
		{"nothing ran", Evidence{Paper: 0.78}, NotAttempted, "no result in this run"},
		{"not a number at scale", Evidence{Attempted: true, PaperScale: true, Paper: 0.78, Ratio: Interval{math.NaN(), math.NaN(), math.NaN(), 3}}, Undecided, "a perplexity is not a finite number"},
		{"ratio met at scale", Evidence{Attempted: true, PaperScale: true, Paper: 0.78, Ratio: around(0.77, 0.79)}, Reproduced, "the paper's ratio lies in our interval at the paper's scale"},
		// By hand: half the width of ln(1.1/0.7) over three seeds is 0.226, which shows a ratio of
		// exp(0.226·(1 + 1.0607/4.3027)) = 1.325, more than 1/0.78 = 1.282: 3·(0.2816/0.2485)² = 3.9 seeds.
		{"ratio met at scale by an interval that contains 1 too", Evidence{Attempted: true, PaperScale: true, Paper: 0.78, Ratio: around(0.7, 1.1)}, NoFairTrial,
			"3 seeds detect 32.5 %, not the paper's 28.2 %; it would take about 4 seeds"},
		{"ratio missed at scale, no control", Evidence{Attempted: true, PaperScale: true, Paper: 0.78, Ratio: around(0.8, 0.9), Control: weak}, NoFairTrial, "it learnt nothing; it would take 9 steps"},
		{"ratio met at scale, which needs no control", Evidence{Attempted: true, PaperScale: true, Paper: 0.78, Ratio: around(0.77, 0.79), Control: weak}, Reproduced, "the paper's ratio lies in our interval at the paper's scale"},
		{"ratio missed at scale, even with the right ordering", Evidence{Attempted: true, PaperScale: true, Paper: 0.78, Ratio: around(0.8, 0.9)}, NotReproduced, "the paper's ratio lies outside our interval at the paper's scale"},
		{"one seed at scale", Evidence{Attempted: true, PaperScale: true, Paper: 0.9, Ratio: one}, NoFairTrial, "n too small: 1 paired seed; it would take at least 2 seeds"},
		{"the ratio met at another scale is no reproduction", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.99, 1.01)}, Undecided, "the interval of the ratio contains 1"},
		{"ordering holds", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.9, 0.99)}, DirectionHolds, "the paper's ordering, with its whole interval, not at the paper's scale"},
		{"ordering holds, no control", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.9, 0.99), Control: weak}, NoFairTrial, "it learnt nothing; it would take 9 steps"},
		{"ordering holds against half a model", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.9, 0.99), Handicap: "half a memory"}, NoFairTrial, "the other model has less than its authors gave it: half a memory; it would take the other model with all of it"},
		{"ordering reversed", Evidence{Attempted: true, Paper: 0.78, Ratio: around(1.01, 1.1)}, NotReproduced, "the ordering is not the paper's, with its whole interval"},
		{"ordering reversed by half a model", Evidence{Attempted: true, Paper: 0.78, Ratio: around(1.01, 1.1), Handicap: "half a memory"}, NotReproduced, "the ordering is not the paper's, with its whole interval"},
		{"ordering reversed, no control", Evidence{Attempted: true, Paper: 0.78, Ratio: around(1.01, 1.1), Control: weak}, NoFairTrial, "it learnt nothing; it would take 9 steps"},
		{"undecided, no control", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.99, 1.01), Control: weak}, NoFairTrial, "it learnt nothing; it would take 9 steps"},
		{"interval touches 1 from below", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.9, 1)}, Undecided, "the interval of the ratio contains 1"},
		// A half-width of ln 1.1 over three seeds tells 0.0953·(1 + 1.0607/4.3027) = 0.1188 nats,
		// 12.6 %. The paper's 1/0.95 is 5.3 %, 0.0513 nats: 3·(0.1188/0.0513)² = 16.1 seeds.
		{"too few seeds for the paper's difference", Evidence{Attempted: true, Paper: 0.95, Ratio: around(1/1.1, 1.1)}, NoFairTrial,
			"3 seeds detect 12.6 %, not the paper's 5.3 %; it would take about 17 seeds"},
		{"one pair", Evidence{Attempted: true, Paper: 0.78, Ratio: one}, NoFairTrial, "n too small: 1 paired seed; it would take at least 2 seeds"},
		{"five documents agree, which is 1 in 16 by chance", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.9, 0.99), Documents: agree(5)}, NoFairTrial, "fewer than 6 documents; it would take at least 6"},
		{"one document, against the seeds as well", Evidence{Attempted: true, Paper: 0.78, Ratio: around(1.01, 1.1), Documents: agree(1)}, NoFairTrial, "fewer than 6 documents; it would take at least 6"},
		{"six documents agree, 1 in 32", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.9, 0.99), Documents: agree(6)}, DirectionHolds, "the paper's ordering, with its whole interval, not at the paper's scale"},
		{"six documents against three seeds", Evidence{Attempted: true, Paper: 0.5, Ratio: around(1.01, 1.1), Documents: agree(6)}, Undecided, "other documents might decide otherwise: their interval contains 1"},
		{"five documents, and seeds that do not agree", Evidence{Attempted: true, Paper: 0.78, Ratio: around(0.9, 1.1), Documents: agree(5)}, NoFairTrial, "fewer than 6 documents; it would take at least 6"},
		{"nothing to compare with", Evidence{Attempted: true, Paper: 0.78}, NoFairTrial, "no model with the same seeds to compare with; it would take the model to compare with, trained alike"},
	} {
		if got, why, _ := Judge(tc.e); got != tc.want || why != tc.why {
			t.Errorf("%s: %q, %q; want %q, %q", tc.name, got, why, tc.want, tc.why)
		}
	}
}
