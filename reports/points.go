package reports

import (
	"fmt"

	"infinibench/reports/chart"
)

// point is a mean with its interval in a point chart.
type point struct {
	at     int // place on the axis of models
	model  string
	what   string // under the pointer, between the model and the value
	color  string
	group  string // see chart.Curve
	hollow bool   // drawn right of the middle, not filled
	Interval
}

// drawPoints makes the chart of points and levels; the range of the axis follows from
// what it has to show.
func drawPoints(f *chart.Chart, names []string, axisName string, points []point, levels []chart.Level) error {
	s := chart.EmptyRange()
	f.Drawing = chart.Drawing{X: chart.Axis{Name: "model", Kind: chart.Category, Labels: names}, Levels: levels, Nearest: true}
	for _, p := range points {
		m := chart.Mark{X: float64(p.at), Mean: p.Mean, Low: p.Low, High: p.High, Side: -1, Color: p.color, Group: p.group,
			Text: fmt.Sprintf("%s, %s: %s, %s", p.model, p.what, p.Interval, plural(p.N, "seed"))}
		if p.N < 2 {
			m.Low, m.High = p.Mean, p.Mean
		}
		if p.hollow {
			m.Side = 1 // beside its twin
		}
		s.Include(m.Mean, m.Low, m.High)
		f.Marks = append(f.Marks, m)
	}
	for _, l := range levels {
		s.Include(l.Value)
	}
	f.Y = chart.ValueAxis(axisName, s)
	return f.Draw()
}
