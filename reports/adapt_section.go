package reports

import (
	"errors"
	"fmt"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// adaptSection shows the gain from plug-and-play continual pre-training, which the paper
// proposes but does not measure.
var adaptSection = &section{
	experiment: "adapt",
	check:      func(r *results.Result) error { return checkAdapt(r.Adapt) },
	measures:   []Measure{{Name: "perplexity of adapted models", place: 7, read: readAdapt}},
	lay:        layAdapt,
}

// adaptPage is one table on the page.
type adaptPage struct {
	ID, Title, Protocol string
	Reading             []string
	Main                *table.Table
	Charts              []*chart.Chart
	Provenance          provenance
}

func layAdapt(run *Run) (*content, error) {
	all := adaptTables(run)
	out := &content{}
	var ids, corpora []string
	for _, a := range all {
		corpora = append(corpora, a.corpus)
	}
	for i, slug := range slugsOf(corpora) {
		a := all[i]
		if len(a.rows) == 0 { // all cells failed
			ids = append(ids, "")
			continue
		}
		page := adaptPage{
			ID: "adapt-" + slug, Title: a.title(), Protocol: orNone(a.protocol), Reading: a.reading(), Main: a.table(slug),
			Provenance: run.provenance("adapt", a.corpus),
		}
		c, err := a.chart(slug)
		if err != nil {
			return nil, err
		}
		if c != nil {
			page.Charts = []*chart.Chart{c}
		}
		ids = append(ids, page.ID)
		out.parts = append(out.parts, pagePart{page.ID, page.Title, "adapt", page})
		out.tables, out.charts = append(out.tables, page.Main), append(out.charts, page.Charts...)
		out.rows = append(out.rows, a.summaryRows()...)
		if words := a.headline(); words != "" {
			out.headlines = append(out.headlines, headline{page.ID, page.Title, words})
		}
	}
	out.claims = []claim{adaptClaim(all, ids)}
	out.scores = adaptScores(all)
	return out, nil
}

// checkAdapt refuses rows with values that the tables cannot represent.
func checkAdapt(a *results.Adapt) error {
	if a == nil || len(a.Rows) == 0 {
		return errors.New("status is done but there is no adapt")
	}
	for i, r := range a.Rows {
		if r.Score == nil || r.Own.Tokens < 1 || !(r.Own.NLL >= 0) {
			return fmt.Errorf("adapt.rows[%d]: want a score, and a loss on the base's own texts", i)
		}
		if r.Way == nil && (r.Kind == results.AdaptPlugged || r.Kind == results.AdaptTrained) {
			return fmt.Errorf("adapt.rows[%d]: kind %q without a way", i, table.Clean(r.Kind))
		}
		scores := []*results.Score{&r.Score.Intact, r.Score.Zeroed, r.Score.Shuffled}
		if r.Shut != nil {
			scores = append(scores, &r.Shut.Intact)
		}
		for _, s := range scores {
			if s != nil && s.TokenPPL <= 0 { // NaN is a missing value, which the tables show
				return fmt.Errorf("adapt.rows[%d]: token_perplexity %v: want a positive number", i, s.TokenPPL)
			}
		}
	}
	return nil
}

// readAdapt reads the perplexity of each row, and its documents.
func readAdapt(r Record) map[string]value {
	if r.Result.Adapt == nil {
		return nil
	}
	all := map[string]value{}
	for _, row := range r.Result.Adapt.Rows {
		one := value{value: row.Score.Intact.TokenPPL}
		for _, d := range row.Score.Documents {
			one.parts = append(one.parts, part{d.ID, d.NLL, d.Tokens})
		}
		all[adaptKeyOf(r.Result.Cell.Model, row).state()] = one
	}
	return all
}
