package reports

import (
	"fmt"

	"infinibench/internal/metrics"
	"infinibench/reports/table"
)

// ratioClaim is what the verdict on a row rests on: a ratio of two perplexities that the
// paper has below 1. The perplexities themselves hang on a tokenizer and, for arXiv-math,
// on texts that were never published.
type ratioClaim struct {
	over      string   // the denominator, or the numerator
	ours      Interval // N is 0 when there is nothing to compare with
	documents metrics.Bootstrap
	paper     float64 // 0: none printed
	borrowed  bool    // one of the paper's two values comes from another paper
	with      *row    // the row compared with; nil for none
}

// evidence returns our ratio and names the denominator.
func (r *row) evidence() string {
	switch {
	case len(r.records) == 0:
		return table.None
	case r.claim.ours.N == 0:
		return "perplexity " + r.ours.String()
	}
	return r.claim.over + " " + r.claim.ours.String()
}

// paperEvidence is the paper's ratio, where there is one of ours.
func (r *row) paperEvidence() string {
	if len(r.records) > 0 && r.claim.ours.N == 0 {
		return table.None
	}
	text := paperNumber(r.claim.paper)
	if r.claim.borrowed {
		text += borrowed
	}
	return text
}

// evidenceCell is evidence with what it was rendered from.
func (r *row) evidenceCell() table.Cell {
	switch {
	case len(r.records) == 0:
		return table.Cell{}
	case r.claim.ours.N == 0:
		return table.Shown(r.evidence(), append([]any{"perplexity"}, r.ours.valueLowHighN()...)...)
	}
	return table.Shown(r.evidence(), append([]any{table.ASCII(r.claim.over)}, r.claim.ours.valueLowHighN()...)...)
}

// paperEvidenceCell is paperEvidence with what it was rendered from.
func (r *row) paperEvidenceCell() table.Cell {
	if len(r.records) > 0 && r.claim.ours.N == 0 || r.claim.paper == 0 {
		return table.Cell{Text: r.paperEvidence()}
	}
	return table.Shown(r.paperEvidence(), r.claim.paper, r.claim.borrowed, nil)
}

// rests returns the claim of a row. The paper claims that the long memory of its own models
// helps, so ours must beat the control; that longer training beats the usual length; and
// that its best model beats the other models.
func (c *comparison) rests(r, local, best, short *row) ratioClaim {
	switch {
	case r.long:
		return ratioClaim{"÷ itself at the usual length", r.overShort, r.byDocument(short), r.paper / c.paper.value(r.model, false), false, short}
	case r.model == infiniLin || r.model == infiniDelta:
		return ratioClaim{"÷ local only", r.overLocal, r.byDocument(local), r.paper / c.paper.control, true, local}
	}
	claim := ratioClaim{over: "÷ this model", paper: c.paper.value(c.paper.reference, false) / r.paper, borrowed: isBorrowed(r.model), with: best}
	if r.overBest.N > 0 {
		claim.ours, claim.documents = r.overBest.inverse(), best.byDocument(r)
	}
	return claim
}

// judge sets the claim of a row and the verdict on it.
func (c *comparison) judge(r, local, best, short *row) {
	switch {
	case r.model == localOnly:
		r.verdict, r.why = NoClaim, "the control; the paper has none"
		return
	case r.paper == 0:
		r.verdict, r.why = NoClaim, "not in the paper's table"
		return
	}
	r.claim = c.rests(r, local, best, short)
	e := Evidence{
		Attempted: len(r.records) > 0, PaperScale: r.paperScale() && r.claim.with != nil && r.claim.with.paperScale(),
		Paper: r.claim.paper, Ratio: r.claim.ours, Documents: r.claim.documents, Control: c.control(r),
	}
	if !r.long && !isInfini(r.model) { // the paper's best model is to be better than it
		e.Control, e.Handicap = c.control(best), r.handicap()
	}
	r.verdict, r.why, r.trial = Judge(e)
	if words := unlikeWords(r.unlike(r.claim.with)); words != "" {
		defer func() { r.why += "; " + words }()
	}
	unfair := func(what, takes string, hours float64) {
		r.trial = r.trial.lacking(what, takes)
		r.trial.Hours = hours
		r.verdict, r.why = r.trial.unfair()
	}
	switch {
	case len(r.records) == 0 && len(r.failed) > 0:
		r.verdict = Undecided
		r.why = plural(len(r.failed), "cell") + " failed: " + table.Clean(r.failed[0].Result.Error)
	case !r.long || r.verdict != DirectionHolds && r.verdict != NotReproduced:
	case !r.sameTokens(short):
		steps := r.stepsFor(short.scale.TrainTokens)
		unfair(fmt.Sprintf("it saw %s tokens, at the usual length %s: more of them may be what decides", table.Count(r.scale.TrainTokens), table.Count(short.scale.TrainTokens)),
			table.Count(int64(steps))+" steps, the same number of tokens", r.hoursFor(float64(steps)))
	case r.learntNothing(short.like(c.rows, localOnly)):
		unfair(fmt.Sprintf("after %s steps, %s at the usual length, it is not yet surely better than a model without memory", table.Count(int64(r.scale.Steps)), table.Count(int64(short.scale.Steps))),
			fmt.Sprintf("more than its %s steps (how many is unknown)", table.Count(int64(r.scale.Steps))), 0)
	}
}

// learntNothing reports whether a model is not significantly better than the one without
// memory. Its use of the memory is then no evidence about the training length.
func (r *row) learntNothing(control *row) bool {
	ratio := r.over(control)
	return ratio.N > 0 && !(ratio.High < 1) // NaN of one seed is not sure
}

// stepsFor is how many steps of a row take so many tokens.
func (r *row) stepsFor(tokens int64) int {
	step := int64(max(1, r.scale.Batch*r.scale.TrainLength))
	return int((tokens + step/2) / step)
}

// sameTokens reports whether both rows were trained on the same number of tokens, up to
// rounding to whole steps of different lengths.
func (r *row) sameTokens(other *row) bool {
	a, b := r.scale.TrainTokens, other.scale.TrainTokens
	return 100*max(a, b) <= 101*min(a, b)
}
