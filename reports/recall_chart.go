package reports

import (
	"fmt"
	"maps"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// recallLines is a line for each rule and segment, over the points with one kind of
// keys and one width.
func recallLines(all []Recall, headSize int, keys results.RecallKeys, of func(results.RecallPoint) float64) []line[int] {
	var lines []line[int]
	for _, r := range all {
		first := len(lines)
		for _, p := range r.Points {
			if p.Keys != keys || p.HeadSize != headSize {
				continue
			}
			name := shortName(r.Model)
			if r.Model != infiniLin {
				name = fmt.Sprintf("%s, %d at once", name, p.Segment)
			}
			if n := len(lines); n == first || lines[n-1].Name != name {
				lines = append(lines, line[int]{Curve: chart.Curve{Name: name, Color: modelColor(r.Model), Dash: chart.NthDash(n - first), Width: lineWidth(r.Model), Group: r.Model}, value: map[int]float64{}})
			}
			l := &lines[len(lines)-1]
			l.X, l.Y = append(l.X, float64(p.Pairs)), append(l.Y, of(p))
			l.value[p.Pairs] = of(p)
		}
	}
	return lines
}

// errorLines are the curves, and the points that were measured.
func errorLines(all []Recall, headSize int, keys results.RecallKeys) []line[int] {
	lines := recallLines(all, headSize, keys, func(p results.RecallPoint) float64 { return p.Expected })
	for i, points := range recallLines(all, headSize, keys, func(p results.RecallPoint) float64 { return p.Error }) {
		lines[i].Name += ", expected"
		points.Name, points.Width, points.Symbol, points.Size = points.Name+", measured", 0, chart.Circle, 8
		lines = append(lines, points)
	}
	return lines
}

// foundLines are the shares of values found, and what chance would find.
func foundLines(all []Recall, headSize int) []line[int] {
	lines := recallLines(all, headSize, results.NormalKeys, func(p results.RecallPoint) float64 { return p.Identified })
	if len(lines) == 0 {
		return nil
	}
	chance := line[int]{Curve: chart.Curve{Name: "by chance", Color: chart.Grey, Dash: chart.Dotted, Width: 2, X: lines[0].X}, value: map[int]float64{}}
	for n := range lines[0].value {
		chance.value[n] = 1 / float64(n)
	}
	for _, n := range chance.X {
		chance.Y = append(chance.Y, 1/n)
	}
	return append(lines, chance)
}

// drawRecall fills a chart with lines.
func drawRecall(f *chart.Chart, axisName string, lines []line[int]) error {
	pairs, s := map[int]bool{}, chart.Range{Low: 0, High: 1}
	for _, l := range lines {
		item := chart.LegendItem{Name: l.Name, Color: l.Color, Dash: l.Dash, Group: l.Group}
		if l.Width == 0 {
			item.Mark = "full"
		}
		for n := range l.value {
			pairs[n] = true
		}
		s.Include(l.Y...)
		f.Curves = append(f.Curves, l.Curve)
		f.Legend = append(f.Legend, item)
	}
	order := slices.Sorted(maps.Keys(pairs))
	f.Data = numbers(f.Title, ">Pairs", order, func(n int) string { return table.Count(int64(n)) }, lines, table.Share)
	f.Nearest = true
	f.X = chart.Axis{Name: "pairs written", Kind: chart.Log, From: float64(order[0]), To: float64(order[len(order)-1])}
	f.Y = chart.ValueAxis(axisName, s)
	return f.Draw()
}
