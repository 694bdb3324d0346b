package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// judge sets the verdict of a row that the claim is about: the first way of an
// Infini-Transformer. The row must beat the control with the same training, and itself with
// its gates shut and with its memory emptied; otherwise the gain is not due to the memory.
func (r *adaptRow) judge(about bool, control Trial) {
	if !about {
		r.verdict, r.why = NoClaim, "not judged: "+r.whyNot()
		return
	}
	if r.control != nil {
		if words := unlikeWords(unlike(r.record, r.control.record)); words != "" {
			defer func() { r.why += "; " + words }()
		}
	}
	r.verdict, r.why, r.trial = Judge(Evidence{Attempted: true, Ratio: r.over, Documents: r.documents, Control: control})
	if r.verdict != DirectionHolds {
		return
	}
	for _, other := range []struct {
		what string
		Interval
	}{{"the gates shut", r.overShut}, {"the memory emptied", r.overEmpty}} {
		if other.N < 2 || other.High >= 1 {
			r.verdict, r.why = Undecided, "below the control, but with "+other.what+" it may be as good: the gain is not the memory's"
			return
		}
	}
	r.why = "below the control trained alike, and below itself with the gates shut or the memory emptied, each with its whole interval; not at the paper's scale"
}

// able is the positive control of a row: on generated text it must have closed enough of the
// ideal gap; on real text the base must be better in a context longer than a segment, or the
// text has nothing to remember.
func (a *adaptTable) able(r *adaptRow) Trial {
	for _, seed := range slices.Sorted(maps.Keys(r.seeds)) {
		if i := r.seeds[seed].Score.Ideal; i != nil {
			closed := func(ppl float64) float64 { return math.Log(i.Segment/ppl) / math.Log(i.Segment/i.Full) }
			t := closedControl(shortName(r.model), closed(r.ours.Mean))
			if t.Lacks == "" {
				return t
			}
			steps := a.record.Result.Scale.Steps
			t.Takes = fmt.Sprintf("more than %s steps (how many is unknown)", table.Count(int64(steps)))
			if cut := a.find(localOnly, results.AdaptCut, ""); cut != nil {
				if start, end := closed(cut.ours.Mean), closed(r.ours.Mean); end-start >= 0.05 {
					enough := math.Ceil((fairShare-start)/(end-start)*float64(steps)/10) * 10
					t.Takes = fmt.Sprintf("about %s steps in place of %s, at its rate so far", table.Count(int64(enough)), table.Count(int64(steps)))
				}
			}
			return t
		}
	}
	whole, cut := a.find(localOnly, results.AdaptContext, ""), a.find(localOnly, results.AdaptCut, "")
	if whole == nil || cut == nil {
		return Trial{Lacks: "no control with a context longer than a segment", Takes: "a base with such a context"}
	}
	ratio := ratioOf(whole, cut)
	t := Trial{Control: "base in its own context ÷ cut into segments " + ratio.String()}
	if !(ratio.High < 1) {
		return t.lacking("the base itself is not surely better in its own context: ÷ cut into segments "+ratio.String(), "a base or a text for which context matters")
	}
	return t
}

// ratioOf is the paired ratio of the perplexities of two rows.
func ratioOf(a, b *adaptRow) Interval {
	of := func(r *adaptRow) map[uint64]float64 {
		values := map[uint64]float64{}
		for seed, row := range r.seeds {
			values[seed] = row.Score.Intact.TokenPPL
		}
		return values
	}
	return pairedRatio(of(a), of(b))
}

func (r *adaptRow) whyNot() string {
	switch {
	case r.kind == results.AdaptContext || r.kind == results.AdaptCut:
		return "the base"
	case r.model == localOnly:
		return "the control"
	case r.kind == results.AdaptPlugged:
		return "untrained"
	case !isInfini(r.model):
		return "not the paper's model"
	}
	return "the first way of each rule is"
}

// judged lists the rows that the claim is about.
func (a *adaptTable) judged() []*adaptRow {
	var rows []*adaptRow
	for _, r := range a.rows {
		if r.verdict != NoClaim {
			rows = append(rows, r)
		}
	}
	return rows
}

const adaptPaper = "its passkey and BookSum models are made this way; no values"

func (a *adaptTable) summaryRows() []summaryRow {
	var rows []summaryRow
	for _, r := range a.judged() {
		rows = append(rows, summaryRow{
			corpus: a.corpus, verdict: r.verdict, text: modelName(r.model) + " plugged into a pretrained model beats the control trained alike",
			evidence: measuredEvidence("÷ control "+r.over.String(), "ratio of perplexities", r.over.valueLowHighN()),
			paper:    paperWords(adaptPaper), why: r.why, trial: r.trial, scale: a.scale(r),
		})
	}
	return rows
}

// scale describes how a row differs from the paper's setting.
func (a *adaptTable) scale(r *adaptRow) string {
	words := table.Short(a.base.Parameters) + " parameters"
	if isStandIn(a.record.Result) {
		words += ", stand-in text"
	}
	return words + ", " + plural(len(r.seeds), "seed")
}

// adaptClaim is the paper's plug-and-play continual pre-training.
func adaptClaim(all []*adaptTable, ids []string) claim {
	t := claim{
		text: "Plug-and-play: a pretrained model takes the memory by continual pre-training", brief: "Plug-and-play", place: 8,
		paper: adaptPaper, scale: "failed", tally: "ratios to control below 1", dial: ratioDial,
	}
	for i, a := range all {
		var found []evidence
		for _, r := range a.judged() {
			who := table.Clean(a.corpus) + ", " + shortName(r.model)
			found = append(found, evidence{
				who: who, verdict: r.verdict, why: r.why, ours: fmt.Sprintf("%s: ÷ control %s", who, r.over), number: dialPoint{r.over, math.NaN()}, trial: r.trial,
			})
			t.scale = a.scale(r)
		}
		for _, f := range a.failed {
			if isInfini(f.Result.Cell.Model) {
				found = append(found, evidence{who: table.Clean(f.Key), verdict: Undecided, why: "failed: " + table.Clean(f.Result.Error)})
			}
		}
		t.add(found, ids[i], ids[i])
	}
	return t
}
