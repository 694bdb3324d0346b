package reports

import (
	"maps"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"infinibench/experiments"
)

// costCurve is a line over the lengths of sequences.
type costCurve struct {
	name, color string
	dash, width int
	value       map[int]float64
}

// lengthCharts draws speed and memory against length, none when that was not measured.
func lengthCharts(run *Run) ([]*chart, error) {
	var all []*chart
	for _, f := range []struct {
		chart
		axis string
		of   func(*experiments.Cost) float64
	}{
		{chart{ID: "chart-cost-speed", Title: "Speed against length",
			Caption: "A flat line takes time in proportion to the length; both axes are logarithmic. A line ends where going on would have exceeded the limits of the profile."},
			"thousand tokens per second", func(c *experiments.Cost) float64 { return c.TokensPerSecond / 1e3 }},
		{chart{ID: "chart-cost-memory", Title: "Memory against length",
			Caption: "What is in use after the work, in MiB; both axes are logarithmic. A flat line takes the same for any length."},
			"MiB in use", func(c *experiments.Cost) float64 { return float64(c.Bytes) / (1 << 20) }},
	} {
		drawn, err := f.chart.drawLengths(costRecords(run), f.axis, f.of)
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
func (f *chart) drawLengths(records []Record, axis string, of func(*experiments.Cost) float64) (*chart, error) {
	var curves []costCurve
	lengths := map[int]bool{}
	for _, record := range records {
		model := record.Result.Cell.Model
		name, color, width := modelName(model), modelColor(model), 2
		if model == infiniLin {
			width = 5 // Delta's line is drawn over it: where they coincide both show
		}
		for k, kind := range []string{"evaluation", "training"} {
			curve := costCurve{name + ", " + kind, color, k, width, map[int]float64{}}
			for _, p := range record.Timing.Lengths {
				if c := []*experiments.Cost{p.Evaluation, p.Training}[k]; c != nil && of(c) > 0 {
					curve.value[p.Tokens] = of(c)
					lengths[p.Tokens] = true
				}
			}
			if len(curve.value) > 0 {
				curves = append(curves, curve)
				if k == 0 {
					f.Legend = append(f.Legend, legendItem{Name: name, Color: color})
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
	plot := charts.NewLine()
	for _, curve := range curves {
		titles = append(titles, ">"+curve.name)
		var points []opts.LineData
		for _, length := range order {
			if v, ok := curve.value[length]; ok {
				points = append(points, opts.LineData{Value: []float64{float64(length), round(v)}})
			}
		}
		plot.AddSeries(curve.name, points,
			charts.WithLineChartOpts(opts.LineChart{Symbol: "circle", SymbolSize: 6}),
			charts.WithLineStyleOpts(opts.LineStyle{Color: curve.color, Width: float32(curve.width), Type: dashes[curve.dash].echarts}),
			charts.WithItemStyleOpts(opts.ItemStyle{Color: curve.color}))
	}
	f.Data = newTable("", f.Title+": "+axis, titles...)
	for _, length := range order {
		cells := []string{count(int64(length))}
		for _, curve := range curves {
			cell := none
			if v, ok := curve.value[length]; ok {
				cell = figure(v)
			}
			cells = append(cells, cell)
		}
		f.Data.add(cells...)
	}
	x := xAxis("log", "length of the sequence, tokens", 34)
	x.Min, x.Max = order[0], order[len(order)-1]
	y := yAxis(axis)
	y.Type = "log"
	plot.SetGlobalOptions(append(base(f.ID), plotArea(64), charts.WithXAxisOpts(x), charts.WithYAxisOpts(y),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}))...)
	var err error
	f.Option, err = option(plot)
	return f, err
}
