package reports

import (
	"fmt"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// chart is the paper's Figure 4: overall against how much of the book was read.
func (b *booksumTable) chart(slug string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-booksum-" + slug, Title: "ROUGE against the share of the book read",
		Caption: "Overall, the geometric mean of ROUGE-1, 2 and L, times 100, with 95 % bootstrap intervals over books; the paper's Figure 4. A line that rises says that reading more makes a better summary.",
		Data:    table.New("", "Overall by share of the book read", "What", ">Tokens read", ">Share, %", ">Overall", ">95 % interval"),
	}
	s := chart.EmptyRange()
	draw := func(of []bookPoint, c chart.Curve, shape chart.Shape, values []float64) {
		c.Size = 14
		if shape != chart.Circle { // the means have it already
			c.Symbol = shape
		}
		for i, p := range of {
			s.Include(100 * values[i])
			c.X, c.Y = append(c.X, chart.Round(100*p.share)), append(c.Y, 100*values[i])
		}
		f.Curves = append(f.Curves, c)
		f.Legend = append(f.Legend, chart.LegendItem{Name: c.Name, Color: c.Color, Dash: c.Dash, Shape: shape, Group: c.Group})
	}
	styles := chart.Styles{}
	ran := b.ran()
	for _, r := range ran {
		color := modelColor(r.model)
		dash, shape := styles.Next(color)
		var values []float64
		for _, p := range r.points {
			in := p.rouge
			values = append(values, in.Mid.Overall)
			s.Include(100*in.Low.Overall, 100*in.High.Overall)
			text := points(in.Mid.Overall) + " [" + points(in.Low.Overall) + ", " + points(in.High.Overall) + "]"
			f.Marks = append(f.Marks, chart.Mark{
				X: chart.Round(100 * p.share), Mean: 100 * in.Mid.Overall, Low: 100 * in.Low.Overall, High: 100 * in.High.Overall, Color: color, Group: r.model,
				Text: fmt.Sprintf("%s, %s %% of the book: %s", modelName(r.model), points(p.share), text+", "+plural(p.books, "book")),
			})
			f.Data.Add(modelName(r.model), table.Count(int64(p.tokens)), points(p.share), points(in.Mid.Overall), points(in.Low.Overall)+" to "+points(in.High.Overall))
		}
		draw(r.points, chart.Curve{Name: shortName(r.model), Color: color, Dash: dash, Width: lineWidth(r.model), Group: r.model}, shape, values)
	}
	if len(f.Marks) == 0 {
		return nil, nil
	}
	of := ran[0].points
	for _, reference := range []struct {
		name    string
		dash    chart.Dash
		overall func(bookPoint) (float64, bool)
	}{
		{"bound, any reader of so much", chart.Dashed, func(p bookPoint) (float64, bool) {
			if p.bound == nil { // real books have none
				return 0, false
			}
			return p.bound.Overall, true
		}},
		{"oracle, greedy", chart.Solid, func(p bookPoint) (float64, bool) { return p.oracle.Mid.Overall, true }},
		{"lead", chart.Dotted, func(p bookPoint) (float64, bool) { return p.lead.Mid.Overall, true }},
	} {
		var values []float64
		for _, p := range of {
			if v, ok := reference.overall(p); ok {
				values = append(values, v)
			}
		}
		if len(values) != len(of) {
			continue
		}
		draw(of, chart.Curve{Name: reference.name, Color: chart.Grey, Dash: reference.dash, Width: 2}, "", values)
		for i, p := range of {
			f.Data.Add(reference.name, table.Count(int64(p.tokens)), points(p.share), points(values[i]))
		}
	}
	f.Nearest = true
	f.X = chart.Axis{Name: "share of the book read, percent", Kind: chart.Value, From: 0, To: 100, Step: 20}
	f.Y = chart.ValueAxis("overall ROUGE", s)
	f.Y.To = min(f.Y.To, 100) // no score is above
	return f, f.Draw()
}
