package reports

import (
	"fmt"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// chart shows the perplexity of every row, and with shut gates.
func (a *adaptTable) chart(slug string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-adapt-" + slug, Title: "Before and after continual pre-training",
		Caption: "Points are geometric means of token perplexities over seeds, bars their 95 % intervals; lower is better. The axis need not start at 0.",
		Legend:  []chart.LegendItem{{Name: "as it is", Color: chart.Grey, Mark: "full"}},
		Data:    table.New("", "Before and after continual pre-training", "Model", "State", "Gates", ">Perplexity", ">95 % interval", ">Seeds"),
	}
	var names []string
	var points []point
	for _, r := range a.rows {
		p := point{len(names), r.name(), r.state(), modelColor(r.model), r.model, false, r.ours}
		points = append(points, p)
		f.Data.Add(r.name(), r.state(), "as trained", r.ours.mean(), r.ours.limits(), fmt.Sprint(r.ours.N))
		if r.shut.N > 0 {
			if p.what, p.hollow, p.Interval = r.state()+", gates shut", true, r.shut; len(f.Legend) == 1 {
				f.Legend = append(f.Legend, chart.LegendItem{Name: "gates shut", Color: chart.Grey, Mark: "hollow"})
			}
			points = append(points, p)
			f.Data.Add(r.name(), r.state(), "shut", r.shut.mean(), r.shut.limits(), fmt.Sprint(r.shut.N))
		}
		names = append(names, r.label())
	}
	if len(names) == 0 {
		return nil, nil
	}
	var levels []chart.Level
	if i := a.record.Result.Adapt.Rows[0].Score.Ideal; i != nil {
		levels = []chart.Level{{Name: "ideal, full history", Value: i.Full, Dash: chart.Dashed}, {Name: "ideal, last segment only", Value: i.Segment, Dash: chart.Dotted}}
		for _, l := range levels {
			f.Legend = append(f.Legend, chart.LegendItem{Name: l.Name, Color: chart.Grey, Dash: l.Dash})
			f.Data.Add(l.Name, "", "", table.Sig4(l.Value))
		}
	}
	return f, drawPoints(f, names, "token perplexity", points, levels)
}

// label is a row's name on the axis.
func (r *adaptRow) label() string {
	beta := ", β = " + setting(r.way.GateInit)
	if r.model == localOnly {
		beta = ""
	}
	switch {
	case r.kind == results.AdaptContext:
		return "Base"
	case r.kind == results.AdaptCut:
		return "Base, cut"
	case r.kind == results.AdaptPlugged:
		return r.name() + ", untrained" + beta
	case r.way.Train == results.AdaptGates:
		return r.name() + ", gates" + beta
	case r.way.Train == results.AdaptGatesAndNorms:
		return r.name() + ", norms" + beta
	}
	return r.name() + ", trained" + beta
}
