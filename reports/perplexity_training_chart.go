package reports

import (
	"fmt"
	"maps"
	"slices"

	"infinibench/reports/table"
)

// curvePoints is how many points a training curve keeps: each is the mean of
// the steps between two points, so that the page stays small and the line
// readable.
const curvePoints = 30

// trainingChart shows the training loss against the tokens seen, one thin line
// for each seed.
func (c *comparison) trainingChart(slug string) (*chart, error) {
	type log struct {
		name, color string
		dash        int
		tokens      []int64
		loss        map[int64]float64
	}
	f := &chart{
		ID: "chart-training-" + slug, Title: "Training curves",
		Caption: "Training loss, one line for each seed; each point is a mean over neighbouring steps. The axis fits all but the first tenth, whose losses may lie above it.",
	}
	var curves []log
	all := map[int64]bool{}
	most := int64(0)
	s := nothing() // of the loss, what the axis shows
	styles := map[string]int{}
	for _, r := range c.rows {
		color, drawn := modelColor(r.model), false
		dash := styles[color] % len(dashes)
		for _, record := range r.records {
			if len(record.Log) == 0 {
				continue
			}
			cu := log{fmt.Sprintf("%s, seed %d", c.name(r), record.Result.Cell.Seed), color, dash, nil, map[int64]float64{}}
			per := (len(record.Log) + curvePoints - 1) / curvePoints
			for lines := range slices.Chunk(record.Log, per) {
				sum := 0.0
				for _, line := range lines {
					sum += line.Loss
				}
				at := lines[len(lines)-1].Tokens
				cu.tokens = append(cu.tokens, at)
				cu.loss[at] = sum / float64(len(lines))
				all[at] = true
				most = max(most, at)
			}
			curves = append(curves, cu)
			drawn = true
		}
		if drawn {
			f.Legend = append(f.Legend, legendItem{Name: c.name(r), Color: color, Dash: dashes[dash].svg})
			styles[color]++
		}
	}
	if len(curves) == 0 {
		return nil, nil
	}
	unit, word := 1e3, "thousand"
	if most >= 2e6 {
		unit, word = 1e6, "million"
	}
	for _, cu := range curves {
		for at, loss := range cu.loss {
			if !drawable(loss) {
				continue
			}
			s.low = min(s.low, loss)
			if at >= most/10 {
				s.high = max(s.high, loss)
			}
		}
	}
	titles := []string{">Tokens seen"}
	for _, cu := range curves {
		titles = append(titles, ">"+cu.name)
		c := curve{name: cu.name, color: cu.color, dash: cu.dash, width: 1}
		for _, at := range cu.tokens {
			c.x, c.y = append(c.x, round(float64(at)/unit)), append(c.y, cu.loss[at])
		}
		f.drawing.curves = append(f.drawing.curves, c)
	}
	f.Data = table.New("", "Training loss, nats per token", titles...)
	for _, at := range slices.Sorted(maps.Keys(all)) {
		cells := []string{table.Count(at)}
		for _, cu := range curves {
			cell := table.None
			if loss, ok := cu.loss[at]; ok {
				cell = table.Sig4(loss)
			}
			cells = append(cells, cell)
		}
		f.Data.Add(cells...)
	}
	f.drawing.x = axis{name: "training tokens, " + word + "s", kind: "value"}
	f.drawing.y = rangeOf("loss, nats per token", s)
	return f, f.draw()
}
