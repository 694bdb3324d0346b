package reports

import (
	"math"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// longRows is three seeds of both Infini-Transformers on proof, at the usual length with a
// perplexity of 10.4 and at the paper's 100K with `ratio` times that, and a control of 10.9.
func longRows(ratio, full, limited float64) *Run {
	run := &Run{Profile: "quick"}
	for _, record := range fixture().Records {
		r := record.Result
		if r.Cell.Corpus != "proof" || r.Perplexity == nil {
			continue
		}
		add := func(ppl float64, length int) {
			r, p := r, *r.Perplexity
			p.Intact.TokenPPL, p.Documents, p.Ideal = ppl*(1+0.001*float64(r.Cell.Seed)), nil, &results.IdealRow{Full: full, Segment: limited}
			r.Perplexity, r.Cell.Length, r.Scale.TrainLength = &p, length, length
			run.Records = append(run.Records, Record{Key: r.Cell.Key(), Result: r})
		}
		if r.Cell.Model == localOnly {
			add(10.9, 1024)
			add(10.9, 3200)
			continue
		}
		add(10.4, 1024)
		add(ratio*10.4, 3200)
	}
	return run
}

// askedKeys is both Infini-Transformers after the paper's fine-tuning: n keys for each cell, the
// shares of digits that are right through the memory, and in the question's own segment.
func askedKeys(n int, across, own float64) *Run {
	run := &Run{Profile: "quick"}
	for _, model := range []string{infiniLin, infiniDelta} {
		record := madeUpKeys(model)
		for i := range record.Result.Passkey.Stages {
			s := &record.Result.Passkey.Stages[i]
			if s.Stage != results.StagePaper {
				continue
			}
			for k, score := range s.Grid {
				share := across
				if score.Writes == 0 {
					share = own
				}
				s.Grid[k] = keyScore(score.Length, score.Position, score.Writes, n, share)
			}
			last := keyScore(80, "end", 0, n, own)
			s.LastSegment = &last
		}
		run.Records = append(run.Records, record)
	}
	return run
}

// summarised is two models whose summaries reach so much of the best possible one, and a
// control that gains nothing from reading more.
func summarised(overall float64) *Run {
	run := &Run{Profile: "quick"}
	run.Records = []Record{madeUpBooks(infiniLin, 1, overall-0.2, 0.2), madeUpBooks(infiniDelta, 1, overall-0.2, 0.2), madeUpBooks(localOnly, 1, 0.3, 0)}
	return run
}

// gated is three seeds of both Infini-Transformers on novel with these gates in each of two
// layers, and so much of the ideal gap closed: of ln 3/2, from 3 to 2.
func gated(closed float64, gates ...float64) *Run {
	run := &Run{Profile: "quick"}
	for _, record := range fixture().Records[3:9] {
		p := record.Result.Perplexity
		p.Ideal, p.Intact.TokenPPL = &results.IdealRow{Full: 2, Segment: 3}, 3*math.Pow(1.5, -closed)
		record.Result.Gates = [][]float64{gates, gates}
		run.Records = append(run.Records, record)
	}
	return run
}

// Each claim of the paper, on made-up results: with power the verdict follows from the numbers,
// and without it neither agreement nor disagreement counts.
func TestPowerOfClaims(t *testing.T) {
	for _, c := range []struct {
		claim, name string
		run         *Run
		want        Verdict
		shown       string // what the trial could have shown
	}{
		// The means are 10.21 and 10.63, of Delta's two seeds 10.21 and 10.62. From 11.5, the first
		// is 0.119 nats away and the second 0.079; 10 is 0.140, 10.5 is 0.091 and 9 is 0.245.
		{"Better still trained at 100K", "better", longRows(0.98, 10, 11.5), DirectionHolds, "closes 85 % of the ideal gap"},
		{"Better still trained at 100K", "worse", longRows(1.02, 10.5, 11.5), NotReproduced, "closes 87 % of the ideal gap"},
		{"Better still trained at 100K", "worse, after too little training", longRows(1.02, 10, 11.5), NoFairTrial, "closes only 57 % of the ideal gap"},
		{"Better still trained at 100K", "better, after too little training", longRows(0.98, 9, 11.5), NoFairTrial, "closes only 48 % of the ideal gap"},

		{"Passkey in 1M tokens", "found", askedKeys(8, 1, 1), DirectionHolds, "46.2 % of the digits (8 keys); 100 % ["},
		{"Passkey in 1M tokens", "not found", askedKeys(8, 0.1, 1), NotReproduced, "46.2 % of the digits (8 keys); 100 % ["},
		{"Passkey in 1M tokens", "not found, on two keys", askedKeys(2, 0, 1), NoFairTrial, "2 keys would not show less than 89 % of the digits"},
		{"Passkey in 1M tokens", "not even found in the question's own segment", askedKeys(8, 0.1, 0.125), NoFairTrial, "not learnt in "},

		{"Better with more of the book", "rises", summarised(0.75), DirectionHolds, "it reaches 75 % of the best possible summary"},
		{"Better with more of the book", "rises, of poor summaries", summarised(0.6), NoFairTrial, "it reaches only 60 % of the best possible summary"},

		// Six heads over three seeds of two layers with one head each; 24 with four.
		{"Gates specialise or mix", "both kinds", gated(0.8, 0.05, 0.5), DirectionHolds, "closes 80 % of the ideal gap"},
		{"Gates specialise or mix", "mixers alone", gated(0.8, 0.5, 0.5, 0.45, 0.5), NotReproduced, "6.5 % of the heads (24 heads)"},
		{"Gates specialise or mix", "mixers alone, few heads", gated(0.8, 0.5), NoFairTrial, "6 heads may all be of one kind by chance"},
		{"Gates specialise or mix", "both kinds, memory not used", gated(0.3, 0.05, 0.5), NoFairTrial, "closes only 30 % of the ideal gap"},

		{"Plug-and-play", "better", madeUpAdapt(0.9, 1.01), DirectionHolds, "closes 77 % of the ideal gap"},
		{"Plug-and-play", "worse, after too little training", madeUpAdapt(1.1, 1.2), NoFairTrial, "closes none of the ideal gap"},
		{"Plug-and-play", "worse, on a real text", onRealText(madeUpAdapt(1.1, 1.2)), NotReproduced, "base in its own context ÷ cut into segments"},

		{"114x less memory", "counted", fixture(), Reproduced, "counted, so any difference would show"},
		{"Bounded memory", "counted", fixture(), DirectionHolds, "counted, so any difference would show"},
	} {
		got := claimsOf(t, c.run)[c.claim]
		if got.verdict() != c.want || !strings.Contains(got.power(), c.shown) {
			t.Errorf("%s, %s: %s (%s), could have shown %q; want %s, %q", c.claim, c.name, got.verdict(), got.why(), got.power(), c.want, c.shown)
		}
		for _, part := range got.decided(NoFairTrial) {
			if part.trial.Lacks == "" || part.trial.Takes == "" || !strings.HasSuffix(part.why, "; it would take "+part.trial.Takes) {
				t.Errorf("%s, %s: %s, %+v", c.claim, c.name, part.why, part.trial)
			}
		}
	}
}
