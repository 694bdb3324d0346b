package reports

import (
	"fmt"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// perplexityChart shows each model's perplexity with its interval, with the
// memory intact and zeroed, and the bounds.
func (c *comparison) perplexityChart(slug string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-perplexity-" + slug, Title: "Token perplexity per model",
		Caption: "Points are geometric means over seeds, bars their 95 % intervals; lower is better. The axis need not start at 0.",
		Legend:  []chart.LegendItem{{Name: "memory intact", Color: chart.Grey, Mark: "full"}},
		Data:    table.New("", "Token perplexity per model", "Model", "Memory", ">Perplexity", ">95 % interval", ">Seeds"),
	}
	var names []string
	var points []point
	for _, r := range c.rows {
		if len(r.records) == 0 {
			continue
		}
		p := point{len(names), c.name(r), "memory intact", modelColor(r.model), r.model, false, r.ours}
		points = append(points, p)
		f.Data.Add(c.name(r), "intact", r.ours.mean(), r.ours.limits(), fmt.Sprint(r.ours.N))
		if r.zeroed.N > 0 {
			if p.what, p.hollow, p.Interval = "memory zeroed", true, r.zeroed; len(f.Legend) == 1 {
				f.Legend = append(f.Legend, chart.LegendItem{Name: "memory zeroed", Color: chart.Grey, Mark: "hollow"})
			}
			points = append(points, p)
			f.Data.Add(c.name(r), "zeroed", r.zeroed.mean(), r.zeroed.limits(), fmt.Sprint(r.zeroed.N))
		}
		names = append(names, c.shortName(r))
	}
	if len(names) == 0 {
		return nil, nil
	}
	var levels []chart.Level
	for k, i := range c.ideals {
		for _, bound := range []chart.Level{
			{Name: "ideal, full history", Value: i.full, Dash: chart.Dashed}, {Name: "ideal, last segment only", Value: i.limited, Dash: chart.Dotted},
		} {
			if k == 0 {
				f.Legend = append(f.Legend, chart.LegendItem{Name: bound.Name, Color: chart.Grey, Dash: bound.Dash})
			}
			if len(c.ideals) > 1 {
				bound.Name += " (" + table.Count(int64(i.segment)) + " tokens)"
			}
			levels = append(levels, bound)
			f.Data.Add(bound.Name, "", table.Sig4(bound.Value))
		}
	}
	return f, drawPoints(f, names, "token perplexity", points, levels)
}

// ratioChart shows what the memory is worth on an axis of its own: beside the
// bounds, differences of a percent cannot be seen.
func (c *comparison) ratioChart(slug string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-ratio-" + slug, Title: "What the memory is worth",
		Caption: "Ratios of perplexities, paired by seed, with 95 % intervals. Below 1 the memory helps: against a model that never had one, and against the same model with its memory read as zeros.",
		Data:    table.New("", "Ratios of perplexities", "Model", "Divided by", ">Ratio", ">95 % interval", ">Seeds"),
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
				points = append(points, point{len(names), c.name(r), "÷ " + other.what, modelColor(r.model), r.model, k == 1, other.Interval})
				f.Data.Add(c.name(r), other.what, other.mean(), other.limits(), fmt.Sprint(other.N))
			}
		}
		names = append(names, c.shortName(r))
	}
	if len(names) == 0 {
		return nil, nil
	}
	f.Legend = []chart.LegendItem{
		{Name: "÷ local only", Color: chart.Grey, Mark: "full"}, {Name: "÷ itself, memory zeroed", Color: chart.Grey, Mark: "hollow"},
		{Name: "no difference", Color: chart.Grey, Dash: chart.Dashed},
	}
	return f, drawPoints(f, names, "ratio of perplexities", points, []chart.Level{{Name: "no difference", Value: 1, Dash: chart.Dashed}})
}

// shortName is name for the axis of a figure and for the terminal.
func (c *comparison) shortName(r *row) string {
	if r.long && !is100K(r.length) {
		return shortName(r.model) + ", for 100K"
	}
	full, long := c.name(r), modelName(r.model)
	return shortName(r.model) + full[len(long):]
}
