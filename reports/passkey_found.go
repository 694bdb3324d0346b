package reports

import (
	"fmt"
	"maps"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// A recipe may wait until the model finds the digits before filler counts for many segments
// (results.RecipeSettings.RepeatsFound). The model is then asked every few steps; the result
// holds the answers and when it was first good enough.

// waits returns the share of the digits that a row's training waited for; 0: it did not wait.
func (r *keyRow) waits() float64 {
	if r.scored == nil || r.stage != results.StageRecipe {
		return 0
	}
	return r.record.Result.Settings.Passkey.Recipe.RepeatsFound
}

// most returns the largest share of the digits that was measured in training, and after how
// many steps.
func (r *keyRow) most() (share float64, step int) {
	for _, l := range r.scored.Looks {
		if l.Share > share {
			share, step = l.Share, l.Step
		}
	}
	return share, step
}

// begins is what the training of a row's first stage started from.
func (r *keyRow) begins() string {
	switch m := r.record.Result.Settings.Passkey.Model; {
	case m.From == "":
		return "random weights"
	case m.Scratch:
		return "random weights of the sizes of " + m.From
	default:
		return m.From
	}
}

// foundSentence says when a row's model found the digits; "" if its training did not wait.
func (r *keyRow) foundSentence() string {
	want := r.waits()
	if want == 0 {
		return ""
	}
	steps := plural(r.scored.Steps, "step")
	if r.scored.Found > 0 {
		return fmt.Sprintf("In training it first gave %s %% of the digits after %s of %s; from then on segments of filler counted for many.",
			table.Hundred(want), table.Count(int64(r.scored.Found)), steps)
	}
	text := fmt.Sprintf("In the %s of training it never gave %s %% of the digits, so no segment of filler counted for many", steps, table.Hundred(want))
	if share, step := r.most(); step > 0 {
		text += fmt.Sprintf("; the most was %s %%, after %s", table.Hundred(share), plural(step, "step"))
	}
	return text + "."
}

// foundTable shows when each model found the digits.
func (p *passkeyTable) foundTable(slug string) *table.Table {
	t := table.New("passkey-found-"+slug, "When the digits are found in training", "Model", "Started from", ">Digits asked for, percent", ">Steps until found", ">Steps of training", ">Most digits, percent", ">after steps").
		CSV("model", "started_from", "digits_asked_for_percent", "steps_until_found", "steps", "most_digits_percent", "most_digits_step")
	t.Caption = "Our recipe waits until the model gives so many of the digits in prompts as long as its training sequences, with the key at the start. Only then does a segment of filler count for many. The keys are neither of the training nor of the test; a dash is a model that did not get there."
	for _, r := range p.ran() {
		want := r.waits()
		if want == 0 {
			continue
		}
		cells := []table.Cell{table.Text(r.name(modelName)), table.Text(r.begins()), table.Shown(table.Hundred(want), table.Hundredfold(want)), {}, table.Whole(r.scored.Steps), {}, {}}
		if r.scored.Found > 0 {
			cells[3] = table.Whole(r.scored.Found)
		}
		if share, step := r.most(); step > 0 {
			cells[5], cells[6] = table.Shown(table.Hundred(share), table.Hundredfold(share)), table.Whole(step)
		}
		t.Put(cells...)
	}
	return t
}

// foundChart shows the share of the digits against the steps of our recipe.
func (p *passkeyTable) foundChart(id string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: id, Title: "Digits found in training, our recipe",
		Caption: "Share of the digits that were right in prompts as long as the training sequences, with the key at the start, against the steps of our recipe. Where the line crosses the level that was asked for, segments of filler begin to count for many.",
	}
	titles := []string{">Steps"}
	cells := map[int]map[string]string{}
	var names []string
	styles := chart.Styles{}
	high, want := 0, 0.
	for _, r := range p.ran() {
		if r.waits() == 0 || len(r.scored.Looks) == 0 {
			continue
		}
		name, color := r.name(shortName), modelColor(r.model)
		dash, shape := styles.Next(color)
		names, titles, want = append(names, name), append(titles, ">"+name), r.waits()
		c := chart.Curve{Name: name, Color: color, Dash: dash, Width: lineWidth(r.model), Symbol: shape, Size: 6}
		for _, l := range r.scored.Looks {
			if cells[l.Step] == nil {
				cells[l.Step] = map[string]string{}
			}
			cells[l.Step][name] = table.Hundred(l.Share)
			c.X, c.Y = append(c.X, float64(l.Step)), append(c.Y, chart.Round(100*l.Share))
			high = max(high, l.Step)
		}
		f.Curves = append(f.Curves, c)
		f.Legend = append(f.Legend, chart.LegendItem{Name: name, Color: color, Dash: dash, Shape: shape})
	}
	if high == 0 {
		return nil, nil
	}
	f.Data = table.New("", f.Title+": percent", titles...)
	for _, step := range slices.Sorted(maps.Keys(cells)) {
		row := []string{table.Count(int64(step))}
		for _, name := range names {
			row = append(row, cells[step][name])
		}
		f.Data.Add(row...)
	}
	level := chart.Round(100 * want)
	f.Curves = append(f.Curves, chart.Curve{Name: "asked for", Color: chart.Grey, Dash: chart.Dashed, Width: 2, X: []float64{0, float64(high)}, Y: []float64{level, level}})
	f.Legend = append(f.Legend, chart.LegendItem{Name: "asked for", Color: chart.Grey, Dash: chart.Dashed})
	f.X = chart.Axis{Name: "steps", Kind: chart.Value, From: 0, To: float64(high)}
	f.Y = chart.Axis{Name: "digits right, percent", Kind: chart.Value, From: 0, To: 100, Step: 20}
	return f, f.Draw()
}
