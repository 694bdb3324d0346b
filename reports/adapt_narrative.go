package reports

import (
	"fmt"
	"math"

	"infinibench/internal/finite"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// reading summarises the table in sentences.
func (a *adaptTable) reading() []string {
	text := []string{a.baseWords()}
	if whole, cut := a.find(localOnly, results.AdaptContext, ""), a.find(localOnly, results.AdaptCut, ""); whole != nil && cut != nil {
		text = append(text, fmt.Sprintf("Cut into segments of %s tokens, its perplexity rises from %s to %s.", table.Count(int64(cut.segment)), whole.ours.mean(), cut.ours.mean()))
	}
	for _, r := range a.judged() {
		text = append(text, r.sentences())
	}
	return text
}

// sentences states the result of one way of training, and the memory's share of the gain.
func (r *adaptRow) sentences() string {
	text := fmt.Sprintf("%s, %s: perplexity %s", modelName(r.model), r.state(), r.ours)
	if r.control == nil || r.over.N == 0 {
		return text + "; there is no control to compare with."
	}
	text += fmt.Sprintf(", the control trained alike %s, a ratio of %s.", r.control.ours.mean(), r.over)
	if r.shut.N > 0 {
		text += fmt.Sprintf(" With its gates shut it has %s", r.shut.mean())
		if left := r.gainLeft(); finite.Is(left) {
			text += fmt.Sprintf(", so that %s of the gain is left", table.Percent(max(0, left)))
		}
		text += "."
	}
	if r.rise.N > 0 && r.control.rise.N > 0 {
		text += fmt.Sprintf(" On texts that the base wrote, a token costs %s nats more than before; in the control, %s.", table.Decimals(r.rise.Mean, 3), table.Decimals(r.control.rise.Mean, 3))
	}
	return text
}

// gainLeft returns the share of the gain over the control, in nats, that remains with the
// gates shut; NaN if there is no gain.
func (r *adaptRow) gainLeft() float64 {
	gain := -math.Log(r.over.Mean)
	if !(gain > 0) || r.shut.N == 0 {
		return math.NaN()
	}
	return (gain + math.Log(r.overShut.Mean)) / gain
}

// headline is the best judged row in a sentence, "" if none ran.
func (a *adaptTable) headline() string {
	var best *adaptRow
	for _, r := range a.judged() {
		if r.over.N > 0 && (best == nil || r.over.Mean < best.over.Mean) {
			best = r
		}
	}
	if best == nil {
		return ""
	}
	return fmt.Sprintf("%s: ÷ control trained alike %s; %s.", shortName(best.model), best.over, best.verdict)
}
