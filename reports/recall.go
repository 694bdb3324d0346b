package reports

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"infinibench/internal/finite"
	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// Recall is what one head's memory of a model gave back.
type Recall struct {
	Model  string                `json:"model"`
	Agrees bool                  `json:"agrees"` // at every point
	Points []results.RecallPoint `json:"points"`
}

// NewRecall judges the points of a model.
func NewRecall(model string, points []results.RecallPoint) Recall {
	wrong := slices.ContainsFunc(points, func(p results.RecallPoint) bool { return !p.Agrees })
	return Recall{model, len(points) > 0 && !wrong, points}
}

// Verdict says in a sentence whether the memory does what its equations say.
func (r Recall) Verdict() string {
	var far, rounding float64
	wrong := 0
	for _, p := range r.Points {
		far, rounding = max(far, math.Abs(p.Error-p.Expected)/p.Tolerance), max(rounding, p.Rounding)
		if !p.Agrees {
			wrong++
		}
	}
	text := fmt.Sprintf("%s: the memory agrees with its curve at all of %s", modelName(r.Model), plural(len(r.Points), "point"))
	if wrong > 0 || len(r.Points) == 0 {
		text = fmt.Sprintf("%s: the memory does NOT agree with its curve at %d of %s", modelName(r.Model), wrong, plural(len(r.Points), "point"))
	}
	if !finite.Is(far) || !finite.Is(rounding) {
		return text + "; an error is not a finite number."
	}
	return text + fmt.Sprintf("; the farthest differs by %.2f of what it may, and an answer from that in float64 by up to %.1e.", far, rounding)
}

// recalls is what the cells of a run tried, in the order of the models.
func recalls(run *Run) []Recall {
	var all []Recall
	for _, record := range run.Records {
		if r := record.Result; len(r.Recall) > 0 {
			all = append(all, NewRecall(r.Cell.Model, r.Recall))
		}
	}
	slices.SortStableFunc(all, func(a, b Recall) int { return cmp.Compare(modelOrder(a.Model), modelOrder(b.Model)) })
	return all
}

// RecallTable shows every point beside its curve; no row when nothing was tried.
func RecallTable(all []Recall) *table.Table {
	t := table.New("recall", "What one head's memory gives back", "Rule", "Keys", ">Head", ">Segment", ">Pairs",
		">Error", ">Expected", ">May differ by", ">In a wide head", ">Found", ">By chance", "Agrees").CSV("model", "keys", "head_size", "segment_tokens", "pairs",
		"error", "expected_error", "error_tolerance", "error_in_a_wide_head", "found_share", "found_share_by_chance", "agrees")
	t.Caption = "Pairs of a random key and a random value, written to an empty memory a segment at a time, and each read with its own key. Error is the squared distance from the value, over the mean square of values: 0 is perfect, 1 what silence has. Expected is its exact mean over all values, given the keys. Found is the share of answers closer in direction to their own value than to any other's."
	for _, r := range all {
		for _, p := range r.Points {
			agrees := "yes"
			if !p.Agrees {
				agrees = "NO"
			}
			t.Put(table.Text(shortName(r.Model)), table.Text(string(p.Keys)), table.Digits(p.HeadSize), table.Digits(p.Segment), table.Digits(p.Pairs),
				table.ShareCell(p.Error), table.ShareCell(p.Expected), table.ShareCell(p.Tolerance), table.ShareCell(p.Limit), table.ShareCell(p.Identified), table.ShareCell(1/float64(p.Pairs)), table.Text(agrees))
		}
	}
	t.Note("Normal keys look so alike to σ that a memory gives back little more than the mean of what was written. Orthogonal features show what it can hold: as many pairs as the head is wide; beyond, they come again.")
	return t
}

// recallSection shows what one head's memory gives back, without a model.
var recallSection = &section{experiment: "recall", check: checkRecall, lay: layRecall}

// recallPage is what the page shows of the probe.
type recallPage struct {
	Reading    []string
	Charts     []*chart.Chart
	Table      *table.Table
	Provenance provenance
}

func layRecall(run *Run) (*content, error) {
	p, err := recallOf(run)
	if err != nil || len(p.Table.Rows) == 0 {
		return &content{}, err
	}
	return &content{parts: []pagePart{{"recall", "Recall", "recall", p}}, tables: []*table.Table{p.Table}, charts: p.Charts}, nil
}

// checkRecall refuses points without a size or a tolerance.
func checkRecall(r *results.Result) error {
	for i, p := range r.Recall {
		if p.Pairs < 1 || !(p.Tolerance > 0) {
			return fmt.Errorf("recall[%d]: %d pairs, tolerance %v: want positive numbers", i, p.Pairs, p.Tolerance)
		}
	}
	if len(r.Recall) == 0 {
		return errors.New("status is done but there is no recall")
	}
	return nil
}

func recallOf(run *Run) (recallPage, error) {
	all := recalls(run)
	s := recallPage{Table: RecallTable(all), Provenance: run.provenance("recall", "")}
	widest := 0
	for _, r := range all {
		s.Reading = append(s.Reading, r.Verdict())
		for _, p := range r.Points {
			widest = max(widest, p.HeadSize)
		}
	}
	of := fmt.Sprintf(" A head of width %d.", widest)
	for _, f := range []struct {
		chart.Chart
		axis  string
		lines []line[int]
	}{
		{chart.Chart{ID: "chart-recall-normal", Title: "Error of recall against the number of pairs",
			Caption: "Keys and values are normal. Points are measured, lines what the equations lead to expect; at 1 nothing is recalled." + of},
			"error", errorLines(all, widest, results.NormalKeys)},
		{chart.Chart{ID: "chart-recall-orthogonal", Title: "Error of recall with orthogonal keys",
			Caption: "As many keys as the head is wide have features that do not touch; more pairs use them again. Points are measured, lines expected." + of},
			"error", errorLines(all, widest, results.OrthogonalKeys)},
		{chart.Chart{ID: "chart-recall-found", Title: "Share of values found",
			Caption: "Answers that point to their own value rather than to any other that was written; keys are normal." + of},
			"share found", foundLines(all, widest)},
	} {
		if len(f.lines) == 0 {
			continue
		}
		if err := drawRecall(&f.Chart, f.axis, f.lines); err != nil {
			return s, err
		}
		s.Charts = append(s.Charts, &f.Chart)
	}
	return s, nil
}
