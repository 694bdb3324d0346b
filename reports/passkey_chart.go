package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// charts are a heat map for each model, then accuracy against writes after each training and
// the digits found in the training of our recipe.
func (p *passkeyTable) charts(slug string) ([]*chart.Chart, error) {
	var all []*chart.Chart
	var models []string
	for _, r := range p.ran() {
		if name := r.name(modelName); !slices.Contains(models, name) {
			models = append(models, name)
		}
	}
	for i, name := range models {
		f, err := p.heatMap(name, fmt.Sprintf("chart-keys-%s-%d", slug, i))
		if err != nil {
			return nil, err
		}
		if f != nil {
			all = append(all, f)
		}
	}
	// The paper's own models are what a reader looks for.
	slices.SortStableFunc(all, func(a, b *chart.Chart) int {
		switch x, y := isInfini(a.Group), isInfini(b.Group); {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	for _, stage := range results.PasskeyStages {
		f, err := p.writesChart(stage, fmt.Sprintf("chart-writes-%s-%s", slug, stage))
		if err != nil {
			return nil, err
		}
		if f != nil {
			all = append(all, f)
		}
	}
	if f, err := p.foundChart("chart-found-" + slug); f != nil || err != nil {
		return append(all, f), err
	}
	return all, nil
}

// stageLabels are the trainings as the rows of a heat map have room for them.
var stageLabels = map[string]string{results.StageZeroShot: "zero-shot", results.StagePaper: "paper's tuning", results.StageRecipe: "our recipe"}

// heatMap shows the grid of one model after each of its trainings, length by position.
func (p *passkeyTable) heatMap(model, id string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: id, Title: "Passkey accuracy, " + model,
		Caption: fmt.Sprintf("Share of digits that were right, in percent: the darker the more. Rows are trainings and positions of the key, columns lengths of the prompt. Chance is %s.", table.Hundred(p.task.Chance)),
	}
	titles := []string{"Training", "Key at the"}
	var columns []string
	for _, length := range p.lengths {
		columns = append(columns, lengthLabel(length))
		titles = append(titles, ">"+table.Count(int64(length)))
	}
	f.Data = table.New("", f.Title+": percent and 95 % interval, by tokens", titles...)
	var rows []string
	for _, r := range p.ran() {
		if r.name(modelName) != model {
			continue
		}
		f.Group = r.model
		for _, position := range keyPositions {
			cells := []string{stageWords(r.stage), position}
			for x, length := range p.lengths {
				cell := ""
				if s := r.at(length, position); s != nil {
					cell = fmt.Sprintf("%s [%s, %s]", table.Hundred(s.Tokens.Value), table.Floored(s.Tokens.Low), table.Ceiled(s.Tokens.High))
					f.AddCell(x, len(rows), math.Round(100*s.Tokens.Value),
						fmt.Sprintf("%s, %s of %s tokens: %s %%, n = %d", stageWords(r.stage), position, table.Count(int64(length)), cell, s.Samples))
				}
				cells = append(cells, cell)
			}
			f.Data.Add(cells...)
			rows = append(rows, stageLabels[r.stage]+", "+position)
		}
	}
	if len(f.Cells) == 0 {
		return nil, nil
	}
	f.X = chart.Axis{Name: "tokens of the prompt", Kind: chart.Category, Labels: columns}
	f.Y = chart.Axis{Kind: chart.Category, Labels: rows} // the first training on top
	// One hue from near-white: lightness alone orders it, and black figures stay legible.
	f.Colors = chart.ColorScale{Name: "percent right", To: 100, Stops: []string{"#F3F0EA", "#3B82BD"}, Ends: [2]string{"100 % right", "0 %"}}
	return f, f.Draw()
}

// writesChart shows accuracy against the segments written to memory since the key.
func (p *passkeyTable) writesChart(stage, id string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: id, Title: "Accuracy against memory writes, " + stageWords(stage),
		Caption: "Share of digits that were right, against the number of segments written to memory between key and question, on a logarithmic scale. The key is at the start, and the prompt grows; the question then also comes at other places of the repeated filler, where it may be harder. Prompts without a write between them are in the table alone.",
	}
	titles := []string{">Writes", ">Tokens"}
	var names []string
	type place struct{ writes, tokens int }
	cells := map[place]map[string]string{}
	styles := chart.Styles{}
	low, high := 0, 0
	for _, r := range p.ran() {
		if r.stage != stage || len(r.scored.Writes) == 0 {
			continue
		}
		name, color := r.name(shortName), modelColor(r.model)
		dash, shape := styles.Next(color)
		names, titles = append(names, name), append(titles, ">"+name)
		c := chart.Curve{Name: name, Color: color, Dash: dash, Width: lineWidth(r.model), Symbol: shape, Size: 8, Group: r.model}
		for _, s := range r.scored.Writes {
			at := place{s.Writes, s.Length}
			if cells[at] == nil {
				cells[at] = map[string]string{}
			}
			cells[at][name] = fmt.Sprintf("%s [%s, %s]", table.Hundred(s.Tokens.Value), table.Floored(s.Tokens.Low), table.Ceiled(s.Tokens.High))
			if s.Writes > 0 {
				c.X, c.Y, c.Texts = append(c.X, float64(s.Writes)), append(c.Y, math.Round(100*s.Tokens.Value)), append(c.Texts, fmt.Sprintf("%s %%, n = %d", cells[at][name], s.Samples))
				if low == 0 {
					low = s.Writes
				}
				low, high = min(low, s.Writes), max(high, s.Writes)
			}
		}
		f.Curves = append(f.Curves, c)
		f.Legend = append(f.Legend, chart.LegendItem{Name: name, Color: color, Dash: dash, Shape: shape, Group: r.model})
	}
	if high == 0 {
		return nil, nil
	}
	f.Data = table.New("", f.Title+": percent and 95 % interval", titles...)
	for _, at := range slices.SortedFunc(maps.Keys(cells), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.writes, b.writes), cmp.Compare(a.tokens, b.tokens))
	}) {
		row := []string{table.Count(int64(at.writes)), table.Count(int64(at.tokens))}
		for _, name := range names {
			row = append(row, cells[at][name])
		}
		f.Data.Add(row...)
	}
	chance := 100 * p.task.Chance
	f.Curves = append(f.Curves, chart.Curve{Name: "chance", Color: chart.Grey, Dash: chart.Dashed, Width: 2, X: []float64{float64(low), float64(high)}, Y: []float64{chance, chance}})
	f.Legend = append(f.Legend, chart.LegendItem{Name: "chance", Color: chart.Grey, Dash: chart.Dashed})
	f.X = chart.Axis{Name: "segments written to memory since the key", Kind: chart.Log, From: float64(low), To: float64(high)}
	f.Y = chart.Axis{Name: "digits right, percent", Kind: chart.Value, From: 0, To: 100, Step: 20}
	return f, f.Draw()
}
