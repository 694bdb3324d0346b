package reports

import (
	"fmt"
	"maps"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// recallLine is a value over the number of pairs.
type recallLine struct {
	name, color string
	dash, width int // a width of 0 draws points
	pairs       []int
	value       []float64
}

// recallLines is a line for each rule and segment, over the points with one kind of
// keys and one width.
func recallLines(all []Recall, headSize int, keys results.RecallKeys, of func(results.RecallPoint) float64) []recallLine {
	var lines []recallLine
	for _, r := range all {
		first := len(lines)
		for _, p := range r.Points {
			if p.Keys != keys || p.HeadSize != headSize {
				continue
			}
			name, width := shortName(r.Model), 5 // Delta's line is drawn over it: in the first segment they coincide
			if r.Model != infiniLin {
				name, width = fmt.Sprintf("%s, %d at once", name, p.Segment), 2
			}
			if n := len(lines); n == first || lines[n-1].name != name {
				lines = append(lines, recallLine{name: name, color: modelColor(r.Model), dash: (n - first) % len(dashes), width: width})
			}
			l := &lines[len(lines)-1]
			l.pairs, l.value = append(l.pairs, p.Pairs), append(l.value, of(p))
		}
	}
	return lines
}

// errorLines are the curves, and the points that were measured.
func errorLines(all []Recall, headSize int, keys results.RecallKeys) []recallLine {
	lines := recallLines(all, headSize, keys, func(p results.RecallPoint) float64 { return p.Expected })
	for i, points := range recallLines(all, headSize, keys, func(p results.RecallPoint) float64 { return p.Error }) {
		lines[i].name += ", expected"
		points.name, points.width = points.name+", measured", 0
		lines = append(lines, points)
	}
	return lines
}

// foundLines are the shares of values found, and what chance would find.
func foundLines(all []Recall, headSize int) []recallLine {
	lines := recallLines(all, headSize, results.NormalKeys, func(p results.RecallPoint) float64 { return p.Identified })
	if len(lines) == 0 {
		return nil
	}
	chance := recallLine{name: "by chance", color: grey, dash: 2, width: 2, pairs: lines[0].pairs}
	for _, n := range chance.pairs {
		chance.value = append(chance.value, 1/float64(n))
	}
	return append(lines, chance)
}

// drawRecall fills a chart with lines.
func (f *chart) drawRecall(axisName string, lines []recallLine) error {
	titles := []string{">Pairs"}
	cells := map[int]map[string]string{} // by pairs and line
	s := seen{0, 1}
	for _, l := range lines {
		titles = append(titles, ">"+l.name)
		item := legendItem{Name: l.name, Color: l.color, Dash: dashes[l.dash].svg}
		c := curve{name: l.name, color: l.color, dash: l.dash, width: l.width}
		for i, n := range l.pairs {
			if cells[n] == nil {
				cells[n] = map[string]string{}
			}
			cells[n][l.name] = table.Share(l.value[i])
			s.see(l.value[i])
			c.x, c.y = append(c.x, float64(n)), append(c.y, l.value[i])
		}
		if l.width == 0 {
			item.Mark, c.symbol, c.size = "full", "circle", 8
		}
		f.drawing.curves = append(f.drawing.curves, c)
		f.Legend = append(f.Legend, item)
	}
	f.Data = table.New("", f.Title, titles...)
	order := slices.Sorted(maps.Keys(cells))
	for _, n := range order {
		row := []string{table.Count(int64(n))}
		for _, l := range lines {
			row = append(row, cells[n][l.name])
		}
		f.Data.Add(row...)
	}
	f.drawing.nearest = true
	f.drawing.x = axis{name: "pairs written", kind: "log", from: float64(order[0]), to: float64(order[len(order)-1])}
	f.drawing.y = rangeOf(axisName, s)
	return f.draw()
}
