package reports

import (
	"fmt"

	"infinibench/reports/table"
)

// bookCurve is a line without points over the share of the book read.
type bookCurve struct {
	name, color string
	dash, width int
	shape       string
	values      []float64 // at each point of the row it is of
}

// chart is the paper's Figure 4: overall against how much of the book was read.
func (b *booksumTable) chart(slug string) (*chart, error) {
	f := &chart{
		ID: "chart-booksum-" + slug, Title: "ROUGE against the share of the book read",
		Caption: "Overall, the geometric mean of ROUGE-1, 2 and L, times 100, with 95 % bootstrap intervals over books; the paper's Figure 4. A line that rises says that reading more makes a better summary.",
		Data:    table.New("", "Overall by share of the book read", "What", ">Tokens read", ">Share, %", ">Overall", ">95 % interval"),
	}
	d, s := &f.drawing, nothing()
	draw := func(of []bookPoint, c bookCurve) {
		line := curve{name: c.name, color: c.color, dash: c.dash, width: c.width, size: 14}
		for i, p := range of {
			s.see(100 * c.values[i])
			line.x, line.y = append(line.x, round(100*p.share)), append(line.y, 100*c.values[i])
		}
		if c.shape != "circle" { // which the means have
			line.symbol = c.shape
		}
		d.curves = append(d.curves, line)
		f.Legend = append(f.Legend, legendItem{Name: c.name, Color: c.color, Dash: dashes[c.dash].svg, Shape: c.shape})
	}
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
			s.see(100*in.Low.Overall, 100*in.High.Overall)
			text := points(in.Mid.Overall) + " [" + points(in.Low.Overall) + ", " + points(in.High.Overall) + "]"
			d.marks = append(d.marks, mark{
				x: round(100 * p.share), mean: 100 * in.Mid.Overall, low: 100 * in.Low.Overall, high: 100 * in.High.Overall, color: color,
				text: fmt.Sprintf("%s, %s %% of the book: %s", modelName(r.model), points(p.share), text),
			})
			f.Data.Add(modelName(r.model), table.Count(int64(p.tokens)), points(p.share), points(in.Mid.Overall), points(in.Low.Overall)+" to "+points(in.High.Overall))
		}
		draw(r.points, c)
	}
	if len(d.marks) == 0 {
		return nil, nil
	}
	of := ran[0].points
	for k, c := range []bookCurve{
		{name: "bound, any reader of so much", color: grey, width: 2, dash: 1},
		{name: "oracle, greedy", color: grey, width: 2, dash: 0},
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
			f.Data.Add(c.name, table.Count(int64(p.tokens)), points(p.share), points(c.values[i]))
		}
	}
	d.nearest = true
	d.x = axis{name: "share of the book read, percent", kind: "value", from: 0, to: 100, step: 20}
	d.y = rangeOf("overall ROUGE", s)
	d.y.to = min(d.y.to, 100) // nothing is above
	return f, f.draw()
}
