package reports

import (
	"fmt"
	"maps"
	"slices"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// curvePoints is how many points a training curve keeps: each is the mean of
// the steps between two points, so that the page stays small and the line
// readable.
const curvePoints = 30

// trainingChart shows the training loss against the tokens seen, one thin line
// for each seed.
func (c *comparison) trainingChart(slug string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-training-" + slug, Title: "Training curves",
		Caption: "Training loss, one line for each seed; each point is a mean over neighbouring steps. The axis fits all but the first tenth, whose losses may lie above it.",
	}
	var lines []line[int64]
	all := map[int64]bool{}
	most := int64(0)
	s := chart.EmptyRange() // of the loss, what the axis shows
	styles := chart.Styles{}
	for _, r := range c.rows {
		if !slices.ContainsFunc(r.records, func(record Record) bool { return len(record.Log) > 0 }) {
			continue
		}
		color := modelColor(r.model)
		dash, _ := styles.Next(color)
		f.Legend = append(f.Legend, chart.LegendItem{Name: c.name(r), Color: color, Dash: dash, Group: r.model})
		for _, record := range r.records {
			if len(record.Log) == 0 {
				continue
			}
			l := line[int64]{Curve: chart.Curve{Name: fmt.Sprintf("%s, seed %d", c.name(r), record.Result.Cell.Seed), Color: color, Dash: dash, Width: 1, Group: r.model}, value: map[int64]float64{}}
			per := (len(record.Log) + curvePoints - 1) / curvePoints
			for steps := range slices.Chunk(record.Log, per) {
				sum := 0.0
				for _, step := range steps {
					sum += step.Loss
				}
				at := steps[len(steps)-1].Tokens
				l.value[at] = sum / float64(len(steps))
				all[at] = true
				most = max(most, at)
			}
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return nil, nil
	}
	unit, word := 1e3, "thousand"
	if most >= 2e6 {
		unit, word = 1e6, "million"
	}
	order := slices.Sorted(maps.Keys(all))
	for _, l := range lines {
		for _, at := range order {
			loss, ok := l.value[at]
			if !ok {
				continue
			}
			l.X, l.Y = append(l.X, chart.Round(float64(at)/unit)), append(l.Y, loss)
			if chart.Drawable(loss) {
				s.Low = min(s.Low, loss)
				if at >= most/10 {
					s.High = max(s.High, loss)
				}
			}
		}
		f.Curves = append(f.Curves, l.Curve)
	}
	f.Data = numbers("Training loss, nats per token", ">Tokens seen", order, table.Count, lines, table.Sig4)
	f.X = chart.Axis{Name: "training tokens, " + word + "s", Kind: chart.Value}
	f.Y = chart.ValueAxis("loss, nats per token", s)
	return f, f.Draw()
}
