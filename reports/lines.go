package reports

import (
	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// line is a curve of a chart with its values by place: a length, a position, a step.
type line[K comparable] struct {
	chart.Curve
	value map[K]float64
	words map[K]string // what the pointer shows of a point; nil for its value alone
}

// numbers tabulates the lines of a chart: a row for each place, a column for each line.
func numbers[K comparable](title, places string, order []K, label func(K) string, lines []line[K], format func(float64) string) *table.Table {
	titles := []string{places}
	for _, l := range lines {
		titles = append(titles, ">"+l.Name)
	}
	t := table.New("", title, titles...)
	for _, at := range order {
		row := []string{label(at)}
		for _, l := range lines {
			cell := table.None
			if v, ok := l.value[at]; ok {
				cell = format(v)
			}
			row = append(row, cell)
		}
		t.Add(row...)
	}
	return t
}

// lineWidth is the width of a model's line, in pixels. The line of Linear + Delta is drawn
// over the line of Linear; the wider one below shows where they coincide.
func lineWidth(model string) int {
	if model == infiniLin {
		return 5
	}
	return 2
}

// modelColor gives a model the same colour in every figure.
func modelColor(id string) string {
	switch id {
	case infiniLin:
		return chart.Blue
	case infiniDelta:
		return chart.Vermillion
	case localOnly, results.FullAttention: // the controls
		return chart.Green
	}
	return chart.Purple
}
