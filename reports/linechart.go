package reports

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// positionChart shows the loss by position in the document: a model with a
// working memory gets better the further it has read.
func (c *comparison) positionChart(slug string) (*chart, error) {
	type span struct{ from, to int64 }
	type curve struct {
		name, color string
		dash, width int
		loss        map[span]float64 // nats per token, mean over seeds
	}
	spans := map[span]bool{}
	var curves []curve
	ideals := map[span][2]float64{}
	styles := map[string]int{}
	for _, r := range c.rows {
		sum, n := map[span]float64{}, map[span]float64{}
		for _, record := range r.records {
			for _, b := range record.Result.Perplexity.Positions {
				if b.Tokens <= 0 {
					continue
				}
				at := span{b.From, b.To}
				spans[at] = true
				sum[at] += b.NLL / float64(b.Tokens)
				n[at]++
				if b.IdealFull > 0 {
					ideals[at] = [2]float64{b.IdealFull / float64(b.Tokens), b.IdealSegment / float64(b.Tokens)}
				}
			}
		}
		if len(sum) == 0 {
			continue
		}
		for at := range sum {
			sum[at] /= n[at]
		}
		color := modelColor(r.model)
		width := 2
		if r.model == infiniLin {
			width = 5 // Delta's line is drawn over it: where they coincide both show
		}
		curves = append(curves, curve{c.name(r), color, styles[color] % len(dashes), width, sum})
		styles[color]++
	}
	if len(curves) == 0 {
		return nil, nil
	}
	if len(ideals) > 0 {
		for k, name := range []string{"ideal, full history", "ideal, last segment only"} {
			bound := curve{name, grey, 1 + k, 2, map[span]float64{}}
			for at, pair := range ideals {
				bound.loss[at] = pair[k]
			}
			curves = append(curves, bound)
		}
	}
	order := slices.SortedFunc(maps.Keys(spans), func(a, b span) int {
		if a.from != b.from {
			return int(a.from - b.from)
		}
		return int(a.to - b.to)
	})

	titles := []string{"Tokens"}
	var labels []string
	for _, cu := range curves {
		titles = append(titles, ">"+cu.name)
	}
	f := &chart{
		ID: "chart-position-" + slug, Title: "Loss by position in the document",
		Caption: "Mean loss of the tokens at each distance from the document's start; lower is better. A line that falls to the right uses what it read before.",
		Data:    newTable("", "Loss by position in the document, nats per token", titles...),
	}
	for _, at := range order {
		label := fmt.Sprintf("%d–%d", at.from, at.to)
		labels = append(labels, label)
		cells := []string{label}
		for _, cu := range curves {
			cell := none
			if loss, ok := cu.loss[at]; ok {
				cell = figure(loss)
			}
			cells = append(cells, cell)
		}
		f.Data.add(cells...)
	}
	plot := charts.NewLine()
	plot.SetXAxis(labels)
	for _, cu := range curves {
		points := make([]opts.LineData, len(order))
		for i, at := range order {
			points[i].Value = "-" // ECharts' word for no value
			if loss, ok := cu.loss[at]; ok {
				points[i].Value = round(loss)
			}
		}
		plot.AddSeries(cu.name, points,
			charts.WithLineChartOpts(opts.LineChart{Symbol: "circle", SymbolSize: 6}),
			charts.WithLineStyleOpts(opts.LineStyle{Color: cu.color, Width: float32(cu.width), Type: dashes[cu.dash].echarts}),
			charts.WithItemStyleOpts(opts.ItemStyle{Color: cu.color}))
		f.Legend = append(f.Legend, legendItem{cu.name, cu.color, dashes[cu.dash].svg})
	}
	plot.SetGlobalOptions(append(base(f.ID), plotArea(64),
		charts.WithXAxisOpts(xAxis("category", "position in the document, tokens", 34)),
		charts.WithYAxisOpts(yAxis("loss, nats per token")),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}))...)
	var err error
	f.Option, err = option(plot)
	return f, err
}

// curvePoints is how many points a training curve keeps: each is the mean of
// the steps between two points, so that the page stays small and the line
// readable.
const curvePoints = 60

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
		Caption: "Training loss, one line for each seed; each point is a mean over neighbouring steps.",
	}
	var curves []curve
	all := map[int64]bool{}
	most := int64(0)
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
			f.Legend = append(f.Legend, legendItem{c.name(r), color, dashes[dash].svg})
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
	x.Max, x.SplitNumber = "dataMax", 4
	plot.SetGlobalOptions(append(base(f.ID), plotArea(64),
		charts.WithXAxisOpts(x),
		charts.WithYAxisOpts(yAxis("loss, nats per token")),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}))...)
	var err error
	f.Option, err = option(plot)
	return f, err
}
