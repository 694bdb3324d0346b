package reports

import (
	"maps"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// costCurve is a line over the lengths of sequences.
type costCurve struct {
	name, color string
	dash, width int
	symbol      string
	value       map[int]float64
}

// lengthCharts draws speed and memory against length, none when that was not measured.
func lengthCharts(records []Record) ([]*chart, error) {
	var all []*chart
	for _, f := range []struct {
		chart
		axis string
		of   func(*results.Cost) float64
	}{
		{chart{ID: "chart-cost-speed", Title: "Speed against length",
			Caption: "A flat line takes time in proportion to the length; both axes are logarithmic. A line ends where going on would have exceeded the limits of the profile."},
			"thousand tokens per second", func(c *results.Cost) float64 { return c.TokensPerSecond / 1e3 }},
		{chart{ID: "chart-cost-memory", Title: "Memory against length",
			Caption: "What is in use after the work, in MiB; both axes are logarithmic. A flat line takes the same for any length."},
			"MiB in use", func(c *results.Cost) float64 { return float64(c.Bytes) / (1 << 20) }},
	} {
		drawn, err := f.chart.drawLengths(records, f.axis, f.of)
		if err != nil {
			return nil, err
		}
		if drawn != nil {
			all = append(all, drawn)
		}
	}
	return all, nil
}

// drawLengths fills a chart with two lines for each model, evaluation and training.
func (f *chart) drawLengths(records []Record, axisName string, of func(*results.Cost) float64) (*chart, error) {
	var curves []costCurve
	lengths, used := map[int]bool{}, map[string]int{}
	for _, record := range records {
		model := record.Result.Cell.Model
		name, color, width := modelName(model), modelColor(model), 2
		if model == infiniLin {
			width = 5 // Delta's line is drawn over it: where they coincide both show
		}
		shape := shapes[used[color]%len(shapes)]
		used[color]++
		for k, kind := range []string{"evaluation", "training"} {
			curve := costCurve{name + ", " + kind, color, k, width, shape, map[int]float64{}}
			for _, p := range record.Timing.Lengths {
				if c := []*results.Cost{p.Evaluation, p.Training}[k]; c != nil && of(c) > 0 {
					curve.value[p.Tokens] = of(c)
					lengths[p.Tokens] = true
				}
			}
			if len(curve.value) > 0 {
				curves = append(curves, curve)
				if k == 0 {
					f.Legend = append(f.Legend, legendItem{Name: name, Color: color, Shape: shape})
				}
			}
		}
	}
	if len(curves) == 0 {
		return nil, nil
	}
	f.Legend = append(f.Legend, legendItem{Name: "evaluation", Color: grey}, legendItem{Name: "training", Color: grey, Dash: dashes[1].svg})
	order := slices.Sorted(maps.Keys(lengths))
	titles := []string{">Tokens"}
	for _, of := range curves {
		titles = append(titles, ">"+of.name)
		c := curve{name: of.name, color: of.color, dash: of.dash, width: of.width, symbol: of.symbol, size: symbolSize(of.symbol)}
		for _, length := range order {
			if v, ok := of.value[length]; ok {
				c.x, c.y = append(c.x, float64(length)), append(c.y, v)
			}
		}
		f.drawing.curves = append(f.drawing.curves, c)
	}
	f.Data = table.New("", f.Title+": "+axisName, titles...)
	for _, length := range order {
		cells := []string{table.Count(int64(length))}
		for _, curve := range curves {
			cell := table.None
			if v, ok := curve.value[length]; ok {
				cell = table.Sig4(v)
			}
			cells = append(cells, cell)
		}
		f.Data.Add(cells...)
	}
	f.drawing.x = axis{name: "length of the sequence, tokens", kind: "log", from: float64(order[0]), to: float64(order[len(order)-1])}
	f.drawing.y = axis{name: axisName, kind: "log"}
	return f, f.draw()
}
