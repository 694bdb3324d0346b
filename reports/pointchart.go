package reports

import (
	"fmt"
	"math"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// point is a mean with its interval in a point chart.
type point struct {
	at     int // place on the axis of models
	model  string
	what   string // under the pointer, between the model and the value
	color  string
	hollow bool // drawn right of the middle, not filled
	Interval
}

// level is a horizontal line across a point chart.
type level struct {
	name  string
	value float64
	dash  int
}

// perplexityChart shows each model's perplexity with its interval, with the
// memory intact and zeroed, and the bounds.
func (c *comparison) perplexityChart(slug string) (*chart, error) {
	f := &chart{
		ID: "chart-perplexity-" + slug, Title: "Token perplexity per model",
		Caption: "Points are geometric means over seeds, bars their 95 % intervals; lower is better. The axis need not start at 0.",
		Legend:  []legendItem{{Name: "memory intact", Color: grey, Mark: "full"}},
		Data:    newTable("", "Token perplexity per model", "Model", "Memory", ">Perplexity", ">95 % interval", ">Seeds"),
	}
	var names []string
	var points []point
	for _, r := range c.rows {
		if len(r.records) == 0 {
			continue
		}
		p := point{len(names), c.name(r), "memory intact", modelColor(r.model), false, r.ours}
		points = append(points, p)
		f.Data.add(c.name(r), "intact", r.ours.mean(), r.ours.limits(), fmt.Sprint(r.ours.N))
		if r.zeroed.N > 0 {
			if p.what, p.hollow, p.Interval = "memory zeroed", true, r.zeroed; len(f.Legend) == 1 {
				f.Legend = append(f.Legend, legendItem{Name: "memory zeroed", Color: grey, Mark: "hollow"})
			}
			points = append(points, p)
			f.Data.add(c.name(r), "zeroed", r.zeroed.mean(), r.zeroed.limits(), fmt.Sprint(r.zeroed.N))
		}
		names = append(names, c.shortName(r))
	}
	if len(names) == 0 {
		return nil, nil
	}
	var levels []level
	for k, i := range c.ideals {
		for j, bound := range []level{{"ideal, full history", i.full, 1}, {"ideal, last segment only", i.limited, 2}} {
			if k == 0 {
				f.Legend = append(f.Legend, legendItem{Name: bound.name, Color: grey, Dash: dashes[1+j].svg})
			}
			if len(c.ideals) > 1 {
				bound.name += " (" + count(int64(i.segment)) + " tokens)"
			}
			levels = append(levels, bound)
			f.Data.add(bound.name, "", figure(bound.value))
		}
	}
	return f, f.drawPoints(names, "token perplexity", points, levels)
}

// ratioChart shows what the memory is worth on an axis of its own: beside the
// bounds, differences of a percent cannot be seen.
func (c *comparison) ratioChart(slug string) (*chart, error) {
	f := &chart{
		ID: "chart-ratio-" + slug, Title: "What the memory is worth",
		Caption: "Ratios of perplexities, paired by seed, with 95 % intervals. Below 1 the memory helps: against a model that never had one, and against the same model with its memory read as zeros.",
		Data:    newTable("", "Ratios of perplexities", "Model", "Divided by", ">Ratio", ">95 % interval", ">Seeds"),
	}
	var names []string
	var points []point
	for _, r := range c.rows {
		own := r.zeroedRatio.inverse()
		if r.overLocal.N == 0 && own.N == 0 {
			continue
		}
		for k, other := range []struct {
			what string
			Interval
		}{{"local only", r.overLocal}, {"itself, memory zeroed", own}} {
			if other.N > 0 {
				points = append(points, point{len(names), c.name(r), "÷ " + other.what, modelColor(r.model), k == 1, other.Interval})
				f.Data.add(c.name(r), other.what, other.mean(), other.limits(), fmt.Sprint(other.N))
			}
		}
		names = append(names, c.shortName(r))
	}
	if len(names) == 0 {
		return nil, nil
	}
	f.Legend = []legendItem{
		{Name: "÷ local only", Color: grey, Mark: "full"}, {Name: "÷ itself, memory zeroed", Color: grey, Mark: "hollow"},
		{Name: "no difference", Color: grey, Dash: dashes[1].svg},
	}
	return f, f.drawPoints(names, "ratio of perplexities", points, []level{{"no difference", 1, 1}})
}

// drawPoints makes the chart's options; the range of the axis follows from what
// it has to show.
func (f *chart) drawPoints(names []string, axis string, points []point, levels []level) error {
	low, high := math.Inf(1), math.Inf(-1)
	see := func(values ...float64) {
		for _, v := range values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	plot := charts.NewCustom()
	data := []opts.CustomData{}
	for _, p := range points {
		lo, hi, side := p.Low, p.High, -1
		if p.N < 2 {
			lo, hi = p.Mean, p.Mean
		}
		if p.hollow {
			side = 1 // beside its twin
		}
		see(p.Mean, lo, hi)
		data = append(data, opts.CustomData{
			Name:      fmt.Sprintf("%s, %s: %s, %s", p.model, p.what, p.Interval, plural(p.N, "seed")),
			Value:     []any{p.at, round(p.Mean), round(lo), round(hi), side},
			ItemStyle: &opts.ItemStyle{Color: p.color},
		})
	}
	plot.AddSeries(f.Title, data, charts.WithCustomChartOpts(opts.CustomChart{RenderItem: "interval"}))
	for _, l := range levels {
		see(l.value)
		line := charts.NewLine()
		line.AddSeries(l.name, nil,
			charts.WithMarkLineNameYAxisItemOpts(opts.MarkLineNameYAxisItem{Name: l.name, YAxis: round(l.value)}),
			charts.WithMarkLineStyleOpts(opts.MarkLineStyle{
				Symbol: []string{"none", "none"}, Label: &opts.Label{Show: opts.Bool(false)},
				LineStyle: &opts.LineStyle{Color: grey, Width: 2, Type: dashes[l.dash].echarts},
			}))
		plot.Overlap(line)
	}
	x := xAxis("category", "model", 40)
	x.AxisLabel = &opts.AxisLabel{Interval: "0", Overflow: "break", HideOverlap: opts.Bool(false)}
	plot.SetXAxis(names)
	plot.SetGlobalOptions(append(base(f.ID), plotArea(64), charts.WithXAxisOpts(x), charts.WithYAxisOpts(yRange(axis, low, high)),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item", Formatter: "{b}"}))...)
	var err error
	f.Option, err = option(plot)
	return err
}

// shortName is name for the axis of a figure and for the terminal.
func (c *comparison) shortName(r *row) string {
	if r.long && !is100K(r.length) {
		return shortName(r.model) + ", for 100K"
	}
	full, long := c.name(r), modelName(r.model)
	return shortName(r.model) + full[len(long):]
}
