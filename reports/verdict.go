package reports

import (
	"fmt"
	"math"

	"infinibench/internal/finite"
	"infinibench/internal/metrics"
	"infinibench/reports/table"
)

// Verdict is the judgement on one row of a table, as the report prints it.
type Verdict string

const (
	Reproduced     Verdict = "reproduced"
	DirectionHolds Verdict = "direction holds"
	NotReproduced  Verdict = "not reproduced"
	Undecided      Verdict = "undecided"
	NoFairTrial    Verdict = "no fair trial" // it could not have gone the other way
	NotAttempted   Verdict = "not attempted"
	NoClaim        Verdict = "no claim" // the paper says nothing about this row
)

// Evidence is what a verdict rests on.
type Evidence struct {
	Attempted  bool // at least one cell ran to its end
	PaperScale bool // the paper's model, sequence, batch and data
	// Ratio is the paired ratio that the paper claims to be below 1: the
	// better model's perplexity over the worse one's.
	Ratio Interval
	Paper float64 // its value in the paper; 0 when it printed none
	// Documents is the same ratio over resampled documents; without any it has no say.
	Documents metrics.Bootstrap
	Control   Trial // the positive control; Judge adds what the ratio could have shown
	// Handicap is what the worse model lacks of the budget that its authors gave it; "" for
	// nothing.
	Handicap string
}

// Judge applies the rules of the project, in this order, and says why:
//
//   - nothing ran: not attempted;
//   - fewer than two seeds or 6 documents: no fair trial, as the spread is unknown;
//   - a ratio that is not finite: undecided;
//   - at the paper's scale the claim is the paper's ratio: reproduced when our interval
//     contains it and the trial could have distinguished it from 1;
//   - the positive control failed: no fair trial, whatever the ratio;
//   - at the paper's scale, the paper's ratio lies outside our interval: not reproduced;
//   - elsewhere the claim is the paper's ordering: direction holds when the ratio lies below
//     1 with its whole interval, over seeds and over documents, but no fair trial when the
//     other model had less than the budget of its authors;
//   - not reproduced when it lies above 1 in the same way;
//   - otherwise undecided, or no fair trial when the paper's own difference is smaller than
//     the trial could detect.
//
// The trial is what the evidence could have shown, and what a fair trial would take.
func Judge(e Evidence) (verdict Verdict, why string, trial Trial) {
	trial = ratioTrial(e.Ratio, e.Documents)
	trial.Control, trial.Lacks, trial.Takes, trial.Hours = e.Control.Control, e.Control.Lacks, e.Control.Takes, e.Control.Hours
	unfair := func(what, takes string) (Verdict, string, Trial) {
		trial = trial.lacking(what, takes)
		verdict, why := trial.unfair()
		return verdict, why, trial
	}
	seeds, documents := e.Ratio, e.Documents
	below := seeds.High < 1 && (documents.Documents == 0 || documents.High < 1)
	above := seeds.Low >= 1 && (documents.Documents == 0 || documents.Low >= 1)
	paper := 1/e.Paper - 1 // its difference
	blunt := e.Paper > 0 && e.Paper < 1 && trial.Detectable > paper && !below && !above
	switch {
	case !e.Attempted:
		return NotAttempted, "no result in this run", Trial{}
	case seeds.N == 0:
		return unfair("no model with the same seeds to compare with", "the model to compare with, trained alike")
	case seeds.N < 2:
		return unfair("n too small: "+plural(seeds.N, "paired seed"), "at least 2 seeds")
	case documents.Documents > 0 && documents.Documents < leastDocuments:
		return unfair(fmt.Sprintf("fewer than %d documents", leastDocuments), fmt.Sprintf("at least %d", leastDocuments))
	case !finite.Is(seeds.Mean):
		return Undecided, "a perplexity is not a finite number", trial
	case e.PaperScale && seeds.contains(e.Paper) && !blunt:
		return Reproduced, "the paper's ratio lies in our interval at the paper's scale", trial
	case trial.Lacks != "":
		verdict, why = trial.unfair()
		return verdict, why, trial
	case e.PaperScale && !seeds.contains(e.Paper):
		return NotReproduced, "the paper's ratio lies outside our interval at the paper's scale", trial
	case below && e.Handicap != "":
		return unfair("the other model has less than its authors gave it: "+e.Handicap, "the other model with all of it")
	case below:
		return DirectionHolds, "the paper's ordering, with its whole interval, not at the paper's scale", trial
	case above:
		return NotReproduced, "the ordering is not the paper's, with its whole interval", trial
	}
	why = "the interval of the ratio contains 1"
	if seeds.High < 1 || seeds.Low >= 1 {
		why = "other documents might decide otherwise: their interval contains 1"
	}
	if blunt {
		return unfair(fmt.Sprintf("%s detect %s %%, not the paper's %s %%",
			trial.over(), table.Decimals(100*trial.Detectable, 1), table.Decimals(100*paper, 1)), "about "+plural(trial.more(paper), trial.Of))
	}
	return Undecided, why, trial
}

// more is the sample size that would show a difference. The detectable difference falls with
// the square root of the sample size.
func (t Trial) more(difference float64) int {
	times := math.Log1p(t.Detectable) / math.Log1p(difference)
	return int(math.Ceil(float64(t.N) * times * times))
}
