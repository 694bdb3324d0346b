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
	// Trial has the positive control. Judge adds what the ratio could have told.
	Trial Trial
	// Handicap is what the worse model lacks of the budget that its authors gave it; "" if
	// nothing.
	Handicap string
}

// Judge applies the rules of the project, in this order, and says why:
//
//   - nothing ran: not attempted;
//   - fewer than two seeds or 6 documents: no fair trial, as the spread is not known;
//   - a ratio that is not finite: undecided;
//   - at the paper's scale the claim is the paper's ratio: reproduced when our
//     interval contains it, else not reproduced;
//   - elsewhere the claim is the paper's ordering: direction holds when the paired ratio lies
//     below 1 with its whole interval and over documents as well, but no fair trial against a
//     model with less than the budget of its authors;
//   - what speaks against the paper or leaves it open counts only if the positive control
//     passed, else there was no fair trial;
//   - not reproduced when the ratio lies above 1 in the same way;
//   - else undecided, or no fair trial where the paper's own difference is smaller than
//     what the trial could tell.
func Judge(e Evidence) (verdict Verdict, why string) {
	seeds, documents := e.Ratio, e.Documents
	few := documents.Documents > 0 && documents.Documents < leastDocuments
	decided := seeds.High < 1 || seeds.Low >= 1
	trial := e.trial()
	switch {
	case !e.Attempted:
		return NotAttempted, "no result in this run"
	case seeds.N == 0:
		return NoFairTrial, "no model with the same seeds to compare with"
	case seeds.N < 2:
		return NoFairTrial, "n too small: " + plural(seeds.N, "paired seed") + "; it would take at least 2"
	case !finite.Is(seeds.Mean):
		return Undecided, "a perplexity is not a finite number"
	case e.PaperScale && seeds.contains(e.Paper):
		return Reproduced, "the paper's ratio lies in our interval at the paper's scale"
	case e.PaperScale:
		return NotReproduced, "the paper's ratio lies outside our interval at the paper's scale"
	case decided && few:
		return NoFairTrial, "fewer than 6 documents"
	case seeds.High < 1 && (documents.Documents == 0 || documents.High < 1) && e.Handicap != "":
		return NoFairTrial, "the other model has less than its authors gave it: " + e.Handicap
	case seeds.High < 1 && (documents.Documents == 0 || documents.High < 1):
		return DirectionHolds, "the paper's ordering, with its whole interval, not at the paper's scale"
	case trial.Lacks != "":
		return trial.unfair(trial.Lacks)
	case seeds.Low >= 1 && (documents.Documents == 0 || documents.Low >= 1):
		return NotReproduced, "the ordering is not the paper's, with its whole interval"
	}
	why = "the interval of the ratio contains 1"
	if decided {
		why = "other documents might decide otherwise: their interval contains 1"
	}
	if paper := 1/e.Paper - 1; e.Paper > 0 && e.Paper < 1 && trial.Detectable > paper {
		trial.Takes = trial.more(paper)
		return trial.unfair(fmt.Sprintf("%s, and the paper's difference of %s %% is less than the %s %% that %s can tell", why, table.Decimals(100*paper, 1), table.Decimals(100*trial.Detectable, 1), trial.over()))
	}
	return Undecided, why
}

// trial is the evidence's trial with what the ratio could have told.
func (e Evidence) trial() Trial {
	t := ratioTrial(e.Ratio, e.Documents)
	t.Control, t.Lacks, t.Takes = e.Trial.Control, e.Trial.Lacks, e.Trial.Takes
	return t
}

// more is how many seeds or documents would tell a difference: their number grows with the
// square of what is to be told over what can be.
func (t Trial) more(difference float64) string {
	times := math.Log1p(t.Detectable) / math.Log1p(difference)
	return "about " + plural(int(math.Ceil(float64(t.N)*times*times)), t.Of)
}
