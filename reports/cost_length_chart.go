package reports

import (
	"maps"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// lengthCharts draws speed and memory against length, none when that was not measured.
func lengthCharts(records []Record) ([]*chart.Chart, error) {
	var all []*chart.Chart
	for _, f := range []struct {
		chart.Chart
		axis string
		of   func(*results.Cost) float64
	}{
		{chart.Chart{ID: "chart-cost-speed", Title: "Speed against length",
			Caption: "A flat line takes time in proportion to the length; both axes are logarithmic. A line ends where going on would have exceeded the limits of the profile."},
			"thousand tokens per second", func(c *results.Cost) float64 { return c.TokensPerSecond / 1e3 }},
		{chart.Chart{ID: "chart-cost-memory", Title: "Memory against length",
			Caption: "What is in use after the work, in MiB; both axes are logarithmic. A flat line takes the same for any length."},
			"MiB in use", func(c *results.Cost) float64 { return float64(c.Bytes) / (1 << 20) }},
	} {
		drawn, err := drawLengths(&f.Chart, records, f.axis, f.of)
		if err != nil {
			return nil, err
		}
		if drawn != nil {
			all = append(all, drawn)
		}
	}
	return all, nil
}

// drawLengths fills a chart with two lines for each model, evaluation and training. It
// returns nil if nothing was measured.
func drawLengths(f *chart.Chart, records []Record, axisName string, of func(*results.Cost) float64) (*chart.Chart, error) {
	var lines []line[int]
	lengths, styles := map[int]bool{}, chart.Styles{}
	for _, record := range records {
		model := record.Result.Cell.Model
		name, color := modelName(model), modelColor(model)
		_, shape := styles.Next(color)
		for k, kind := range []string{"evaluation", "training"} {
			l := line[int]{Curve: chart.Curve{Name: name + ", " + kind, Color: color, Dash: chart.NthDash(k), Width: lineWidth(model), Symbol: shape, Size: shape.Size(), Group: model}, value: map[int]float64{}}
			for _, p := range record.Timing.Lengths {
				if c := []*results.Cost{p.Evaluation, p.Training}[k]; c != nil && of(c) > 0 {
					l.value[p.Tokens] = of(c)
					lengths[p.Tokens] = true
				}
			}
			if len(l.value) > 0 {
				lines = append(lines, l)
				if k == 0 {
					f.Legend = append(f.Legend, chart.LegendItem{Name: name, Color: color, Shape: shape, Group: model})
				}
			}
		}
	}
	if len(lines) == 0 {
		return nil, nil
	}
	f.Legend = append(f.Legend, chart.LegendItem{Name: "evaluation", Color: chart.Grey}, chart.LegendItem{Name: "training", Color: chart.Grey, Dash: chart.Dashed})
	order := slices.Sorted(maps.Keys(lengths))
	for _, l := range lines {
		for _, length := range order {
			if v, ok := l.value[length]; ok {
				l.X, l.Y = append(l.X, float64(length)), append(l.Y, v)
			}
		}
		f.Curves = append(f.Curves, l.Curve)
	}
	f.Data = numbers(f.Title+": "+axisName, ">Tokens", order, func(n int) string { return table.Count(int64(n)) }, lines, table.Sig4)
	f.X = chart.Axis{Name: "length of the sequence, tokens", Kind: chart.Log, From: float64(order[0]), To: float64(order[len(order)-1])}
	f.Y = chart.Axis{Name: axisName, Kind: chart.Log}
	return f, f.Draw()
}
