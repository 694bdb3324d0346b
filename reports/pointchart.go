package reports

import (
	"fmt"
	"math"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// perplexityChart shows each model's mean perplexity with its interval, with
// the memory intact and zeroed, and the bounds.
func (c *comparison) perplexityChart(slug string) (*chart, error) {
	id := "chart-perplexity-" + slug
	f := &chart{
		ID: id, Title: "Token perplexity per model",
		Caption: "Points are means over seeds, bars their 95 % Student-t intervals; lower is better.",
		Data:    newTable("", "Token perplexity per model", "Model", "Memory", ">Perplexity", ">95 % interval", ">Seeds"),
	}
	names := []string{}
	low, high := math.Inf(1), math.Inf(-1)
	see := func(values ...float64) {
		for _, v := range values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	plot := charts.NewCustom()
	for k, condition := range []struct {
		name, color string
		of          func(*row) Interval
	}{
		{"intact", blue, func(r *row) Interval { return r.ours }},
		{"zeroed", vermillion, func(r *row) Interval { return r.zeroed }},
	} {
		points := []opts.CustomData{}
		at := 0
		for _, r := range c.rows {
			if len(r.records) == 0 {
				continue
			}
			if k == 0 {
				names = append(names, c.shortName(r))
			}
			if i := condition.of(r); i.N > 0 {
				lo, hi := i.Low, i.High
				if i.N < 2 {
					lo, hi = i.Mean, i.Mean
				}
				see(i.Mean, lo, hi)
				f.Data.add(c.name(r), condition.name, i.mean(), i.limits(), fmt.Sprint(i.N))
				points = append(points, opts.CustomData{
					Name:  fmt.Sprintf("%s, memory %s: %s, %s", c.name(r), condition.name, i, plural(i.N, "seed")),
					Value: []any{at, round(i.Mean), round(lo), round(hi), 2*k - 1}, // the last: left or right of the middle
				})
			}
			at++
		}
		if len(points) > 0 {
			plot.AddSeries(condition.name, points,
				charts.WithCustomChartOpts(opts.CustomChart{RenderItem: "interval"}),
				charts.WithItemStyleOpts(opts.ItemStyle{Color: condition.color}))
			f.Legend = append(f.Legend, legendItem{Name: "memory " + condition.name, Color: condition.color})
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	for k, i := range c.ideals {
		for j, bound := range []struct {
			name  string
			value float64
		}{{"ideal, full history", i.full}, {"ideal, last segment only", i.limited}} {
			see(bound.value)
			name := bound.name
			if len(c.ideals) > 1 {
				name += " (" + count(int64(i.segment)) + " tokens)"
			}
			f.Data.add(name, "", figure(bound.value), "", "")
			line := charts.NewLine()
			line.AddSeries(name, nil,
				charts.WithMarkLineNameYAxisItemOpts(opts.MarkLineNameYAxisItem{Name: name, YAxis: round(bound.value)}),
				charts.WithMarkLineStyleOpts(opts.MarkLineStyle{
					Symbol: []string{"none", "none"}, Label: &opts.Label{Show: opts.Bool(false)},
					LineStyle: &opts.LineStyle{Color: grey, Width: 2, Type: dashes[1+j].echarts},
				}))
			plot.Overlap(line)
			if k == 0 {
				f.Legend = append(f.Legend, legendItem{Name: bound.name, Color: grey, Dash: dashes[1+j].svg})
			}
		}
	}
	from, to := niceRange(low, high)
	y := yAxis("token perplexity")
	y.Min, y.Max = from, to
	x := xAxis("category", "model", 40)
	x.AxisLabel = &opts.AxisLabel{Interval: "0", Overflow: "break", HideOverlap: opts.Bool(false)}
	plot.SetXAxis(names)
	plot.SetGlobalOptions(append(base(id), plotArea(64), charts.WithXAxisOpts(x), charts.WithYAxisOpts(y),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item", Formatter: "{b}"}))...)
	var err error
	f.Option, err = option(plot)
	return f, err
}

// shortName is name for the axis of a figure.
func (c *comparison) shortName(r *row) string {
	full, long := c.name(r), modelName(r.model)
	return shortName(r.model) + full[len(long):]
}
