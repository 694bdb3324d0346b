package reports

import (
	"infinibench/internal/finite"
	"infinibench/internal/metrics"
)

// Verdict is the judgement on one row of a table, as the report prints it.
type Verdict string

const (
	Reproduced     Verdict = "reproduced"
	DirectionHolds Verdict = "direction holds"
	NotReproduced  Verdict = "not reproduced"
	Undecided      Verdict = "undecided"
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
}

// Judge applies the rules of the project, in this order, and says why:
//
//   - nothing ran: not attempted;
//   - fewer than two seeds, or a ratio that is not finite: undecided;
//   - at the paper's scale the claim is the paper's ratio: reproduced when our
//     interval contains it, else not reproduced;
//   - elsewhere the claim is the paper's ordering: undecided with fewer than 6
//     documents, or where their interval does not lie where that over seeds lies;
//   - direction holds when the paired ratio lies below 1 with its whole interval, not
//     reproduced when it lies above, else undecided.
func Judge(e Evidence) (verdict Verdict, why string) {
	switch {
	case !e.Attempted:
		return NotAttempted, "no result in this run"
	case e.Ratio.N == 0:
		return Undecided, "no model with the same seeds to compare with"
	case e.Ratio.N < 2:
		return Undecided, "n too small: " + plural(e.Ratio.N, "paired seed")
	case !finite.Is(e.Ratio.Mean):
		return Undecided, "a perplexity is not a finite number"
	case e.PaperScale && e.Ratio.contains(e.Paper):
		return Reproduced, "the paper's ratio lies in our interval at the paper's scale"
	case e.PaperScale:
		return NotReproduced, "the paper's ratio lies outside our interval at the paper's scale"
	case (e.Ratio.High < 1 || e.Ratio.Low >= 1) && e.Documents.Documents > 0 && e.Documents.Documents < leastDocuments:
		return Undecided, "fewer than 6 documents"
	case (e.Ratio.High < 1 || e.Ratio.Low >= 1) && e.Documents.Documents > 0 && !sameSide(e.Ratio, e.Documents):
		return Undecided, "other documents might decide otherwise: their interval contains 1"
	case e.Ratio.High < 1:
		return DirectionHolds, "the paper's ordering, with its whole interval, not at the paper's scale"
	case e.Ratio.Low >= 1:
		return NotReproduced, "the ordering is not the paper's, with its whole interval"
	}
	return Undecided, "the interval of the ratio contains 1"
}

// sameSide reports whether the interval over documents lies wholly where that over
// seeds lies.
func sameSide(seeds Interval, documents metrics.Bootstrap) bool {
	return seeds.High < 1 && documents.High < 1 || seeds.Low >= 1 && documents.Low >= 1
}
