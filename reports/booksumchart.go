package reports

import (
	"fmt"
	"math"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// bookCurve is a line without points over the share of the book read.
type bookCurve struct {
	name, color string
	dash, width int
	shape       string
	values      []float64 // at each point of the row it is of
}

// chart is the paper's Figure 4: overall against how much of the book was read.
func (b *bookshelf) chart(slug string) (*chart, error) {
	f := &chart{
		ID: "chart-booksum-" + slug, Title: "ROUGE against the share of the book read",
		Caption: "Overall, the geometric mean of ROUGE-1, 2 and L, times 100, with 95 % bootstrap intervals over books; the paper's Figure 4. A line that rises says that reading more makes a better summary.",
		Data:    newTable("", "Overall by share of the book read", "What", ">Tokens read", ">Share, %", ">Overall", ">95 % interval"),
	}
	plot, intervals := charts.NewLine(), charts.NewCustom()
	low, high := math.Inf(1), math.Inf(-1)
	draw := func(of []bookPoint, c bookCurve) {
		var line []opts.LineData
		for i, p := range of {
			low, high = min(low, 100*c.values[i]), max(high, 100*c.values[i])
			line = append(line, opts.LineData{Value: []float64{round(100 * p.share), round(100 * c.values[i])}})
		}
		symbol := "none"
		if c.shape != "" && c.shape != "circle" {
			symbol = c.shape
		}
		plot.AddSeries(c.name, line,
			charts.WithLineChartOpts(opts.LineChart{Symbol: symbol, SymbolSize: 14}),
			charts.WithLineStyleOpts(opts.LineStyle{Color: c.color, Width: float32(c.width), Type: dashes[c.dash].echarts}),
			charts.WithItemStyleOpts(opts.ItemStyle{Color: c.color}))
		f.Legend = append(f.Legend, legendItem{Name: c.name, Color: c.color, Dash: dashes[c.dash].svg, Shape: c.shape})
	}
	data := []opts.CustomData{}
	used := map[string]int{}
	ran := b.ran()
	for _, r := range ran {
		color, width := modelColor(r.model), 2
		if r.model == infiniLin {
			width = 5 // Delta's line is drawn over it: where they coincide both show
		}
		c := bookCurve{name: shortName(r.model), color: color, dash: used[color] % len(dashes), width: width, shape: shapes[used[color]%len(shapes)]}
		used[color]++
		for _, p := range r.points {
			in := p.rouge
			c.values = append(c.values, in.Mid.Overall)
			low, high = min(low, 100*in.Low.Overall), max(high, 100*in.High.Overall)
			text := points(in.Mid.Overall) + " [" + points(in.Low.Overall) + ", " + points(in.High.Overall) + "]"
			data = append(data, opts.CustomData{
				Name:      fmt.Sprintf("%s, %s %% of the book: %s", modelName(r.model), points(p.share), text),
				Value:     []any{round(100 * p.share), round(100 * in.Mid.Overall), round(100 * in.Low.Overall), round(100 * in.High.Overall), 0},
				ItemStyle: &opts.ItemStyle{Color: color},
			})
			f.Data.add(modelName(r.model), count(int64(p.tokens)), points(p.share), points(in.Mid.Overall), points(in.Low.Overall)+" to "+points(in.High.Overall))
		}
		draw(r.points, c)
	}
	if len(data) == 0 {
		return nil, nil
	}
	of := ran[0].points
	for k, c := range []bookCurve{
		{name: "bound, any reader of so much", color: grey, width: 2, dash: 1},
		{name: "oracle, extractive", color: grey, width: 2, dash: 0},
		{name: "lead", color: grey, width: 2, dash: 2},
	} {
		for _, p := range of {
			switch {
			case k == 0 && p.bound != nil:
				c.values = append(c.values, p.bound.Overall)
			case k == 1:
				c.values = append(c.values, p.oracle.Mid.Overall)
			case k == 2:
				c.values = append(c.values, p.lead.Mid.Overall)
			}
		}
		if len(c.values) != len(of) {
			continue // real books have no bound
		}
		draw(of, c)
		for i, p := range of {
			f.Data.add(c.name, count(int64(p.tokens)), points(p.share), points(c.values[i]))
		}
	}
	intervals.AddSeries("95 % intervals", data, charts.WithCustomChartOpts(opts.CustomChart{RenderItem: "interval"}))
	x := xAxis("value", "share of the book read, percent", 34)
	x.Min, x.Max = 0, 100
	y := yRange("overall ROUGE", low, high)
	if from, ok := y.Min.(float64); ok && from < 0 {
		y.Min = 0 // nothing is below
	}
	if to, ok := y.Max.(float64); ok && to > 100 {
		y.Max = 100 // nor above
	}
	plot.SetGlobalOptions(append(base(f.ID), plotArea(64), charts.WithXAxisOpts(x), charts.WithYAxisOpts(y),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item", Formatter: "{b}"}))...)
	plot.Overlap(intervals)
	var err error
	f.Option, err = option(plot)
	return f, err
}
