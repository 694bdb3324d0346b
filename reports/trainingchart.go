package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// curvePoints is how many points a training curve keeps: each is the mean of
// the steps between two points, so that the page stays small and the line
// readable.
const curvePoints = 30

// trainingChart shows the training loss against the tokens seen, one thin line
// for each seed.
func (c *comparison) trainingChart(slug string) (*chart, error) {
	type curve struct {
		name, color string
		dash        int
		tokens      []int64
		loss        map[int64]float64
	}
	f := &chart{
		ID: "chart-training-" + slug, Title: "Training curves",
		Caption: "Training loss, one line for each seed; each point is a mean over neighbouring steps. The axis fits all but the first tenth, whose losses may lie above it.",
	}
	var curves []curve
	all := map[int64]bool{}
	most := int64(0)
	low, high := math.Inf(1), math.Inf(-1) // of the loss, what the axis shows
	styles := map[string]int{}
	for _, r := range c.rows {
		color, drawn := modelColor(r.model), false
		dash := styles[color] % len(dashes)
		for _, record := range r.records {
			if len(record.Log) == 0 {
				continue
			}
			cu := curve{fmt.Sprintf("%s, seed %d", c.name(r), record.Result.Cell.Seed), color, dash, nil, map[int64]float64{}}
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
			low = min(low, loss)
			if at >= most/10 {
				high = max(high, loss)
			}
		}
	}
	titles := []string{">Tokens seen"}
	plot := charts.NewLine()
	for _, cu := range curves {
		titles = append(titles, ">"+cu.name)
		var points []opts.LineData
		for _, at := range cu.tokens {
			points = append(points, opts.LineData{Value: []float64{round(float64(at) / unit), round(cu.loss[at])}})
		}
		plot.AddSeries(cu.name, points,
			charts.WithLineChartOpts(opts.LineChart{ShowSymbol: opts.Bool(false)}),
			charts.WithLineStyleOpts(opts.LineStyle{Color: cu.color, Width: 1, Type: dashes[cu.dash].echarts}),
			charts.WithItemStyleOpts(opts.ItemStyle{Color: cu.color}))
	}
	f.Data = newTable("", "Training loss, nats per token", titles...)
	for _, at := range slices.Sorted(maps.Keys(all)) {
		cells := []string{count(at)}
		for _, cu := range curves {
			cell := none
			if loss, ok := cu.loss[at]; ok {
				cell = figure(loss)
			}
			cells = append(cells, cell)
		}
		f.Data.add(cells...)
	}
	x := xAxis("value", "training tokens, "+word+"s", 34)
	x.SplitNumber = 4
	plot.SetGlobalOptions(append(base(f.ID), plotArea(64),
		charts.WithXAxisOpts(x),
		charts.WithYAxisOpts(yRange("loss, nats per token", low, high)),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}))...)
	var err error
	f.Option, err = option(plot)
	return f, err
}
