package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"infinibench/experiments"
)

// charts are a heat map for each model, then accuracy against writes after each training.
func (p *retrieval) charts(slug string) ([]*chart, error) {
	var all []*chart
	var models []string
	for _, r := range p.ran() {
		if name := r.name(modelName); !slices.Contains(models, name) {
			models = append(models, name)
		}
	}
	for i, name := range models {
		f, err := p.heatMap(name, fmt.Sprintf("chart-keys-%s-%d", slug, i))
		if err != nil {
			return nil, err
		}
		if f != nil {
			all = append(all, f)
		}
	}
	for _, stage := range experiments.PasskeyStages {
		f, err := p.writesChart(stage, fmt.Sprintf("chart-writes-%s-%s", slug, stage))
		if err != nil {
			return nil, err
		}
		if f != nil {
			all = append(all, f)
		}
	}
	return all, nil
}

// heatMap shows the grid of one model after each of its trainings, length by position.
func (p *retrieval) heatMap(model, id string) (*chart, error) {
	f := &chart{
		ID: id, Title: "Passkey accuracy of " + model + ", length by position",
		Caption: fmt.Sprintf("Share of digits that were right, in percent: the darker the more. Rows are trainings and where the key stands, columns the length of the prompt. Chance is %s.", hundred(p.task.Chance)),
	}
	titles := []string{"Training", "Key at the"}
	var columns []string
	for _, length := range p.lengths {
		columns = append(columns, lengthLabel(length))
		titles = append(titles, ">"+count(int64(length)))
	}
	f.Data = newTable("", f.Title+": percent and 95 % interval, by tokens", titles...)
	var rows []string
	points := []opts.HeatMapData{}
	for _, r := range p.ran() {
		if r.name(modelName) != model {
			continue
		}
		for _, position := range keyPositions {
			cells := []string{stageWords(r.stage), position}
			for x, length := range p.lengths {
				cell := ""
				if s := r.at(length, position); s != nil {
					cell = fmt.Sprintf("%s [%s, %s]", hundred(s.Tokens.Value), hundred(s.Tokens.Low), hundred(s.Tokens.High))
					points = append(points, opts.HeatMapData{
						Name:  fmt.Sprintf("%s, %s of %s tokens: %s %%, n = %d", stageWords(r.stage), position, count(int64(length)), cell, s.Samples),
						Value: []any{x, len(rows), math.Round(100 * s.Tokens.Value)}, // as the cell shows it
					})
				}
				cells = append(cells, cell)
			}
			f.Data.add(cells...)
			rows = append(rows, r.stage+", "+position)
		}
	}
	if len(points) == 0 {
		return nil, nil
	}
	x, y := xAxis("category", "tokens of the prompt", 30), yAxis("")
	y.Type, y.Data, y.Inverse, y.Scale = "category", rows, opts.Bool(true), nil // the first training on top
	x.Data = columns
	plot := charts.NewHeatMap()
	plot.AddSeries("percent right", points, charts.WithItemStyleOpts(opts.ItemStyle{BorderColor: grey, BorderWidth: 1}),
		charts.WithLabelOpts(opts.Label{Show: opts.Bool(len(columns) <= 16), Color: "#000000", Formatter: "{@[2]}"}))
	plot.SetGlobalOptions(append(base(id),
		charts.WithGridOpts(opts.Grid{Left: "116", Right: "18", Top: "14", Bottom: "92"}),
		charts.WithXAxisOpts(x), charts.WithYAxisOpts(y),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item", Formatter: "{b}"}),
		charts.WithVisualMapOpts(opts.VisualMap{
			Type: "continuous", Min: 0, Max: 100, Orient: "horizontal", Left: "center", Bottom: "0",
			Text: []string{"100 % right", "0 %"},
			// One hue from near-white: lightness alone orders it, and black figures stay legible.
			InRange: &opts.VisualMapInRange{Color: []string{"#F3F0EA", "#3B82BD"}},
		}))...)
	var err error
	f.Option, err = option(plot)
	return f, err
}

// shapes tell lines of one colour and dash apart.
var shapes = []string{"circle", "rect", "triangle", "diamond"}

// writesChart shows accuracy against the segments written to memory since the key.
func (p *retrieval) writesChart(stage, id string) (*chart, error) {
	f := &chart{
		ID: id, Title: "Accuracy against memory writes, " + stageWords(stage),
		Caption: "Share of digits that were right, against the number of segments written to memory between key and question, on a logarithmic scale. The key stands at the start, and the prompt grows. Prompts without a write between them are in the table alone.",
	}
	titles := []string{">Writes", ">Tokens"}
	var names []string
	type place struct{ writes, tokens int }
	cells := map[place]map[string]string{}
	plot := charts.NewLine()
	used := map[string]int{}
	low, high := 0, 0
	for _, r := range p.ran() {
		if r.stage != stage || len(r.scored.Writes) == 0 {
			continue
		}
		name, color, width := r.name(shortName), modelColor(r.model), 2
		if r.model == infiniLin {
			width = 5 // Delta's line is drawn over it: where they coincide both show
		}
		dash, shape := used[color]%len(dashes), used[color]%len(shapes)
		used[color]++
		names, titles = append(names, name), append(titles, ">"+name)
		var points []opts.LineData
		for _, s := range r.scored.Writes {
			at := place{s.Writes, s.Length}
			if cells[at] == nil {
				cells[at] = map[string]string{}
			}
			cells[at][name] = fmt.Sprintf("%s [%s, %s]", hundred(s.Tokens.Value), hundred(s.Tokens.Low), hundred(s.Tokens.High))
			if s.Writes > 0 {
				points = append(points, opts.LineData{Value: []float64{float64(s.Writes), math.Round(100 * s.Tokens.Value)}})
				if low == 0 {
					low = s.Writes
				}
				low, high = min(low, s.Writes), max(high, s.Writes)
			}
		}
		plot.AddSeries(name, points,
			charts.WithLineChartOpts(opts.LineChart{Symbol: shapes[shape], SymbolSize: 8}),
			charts.WithLineStyleOpts(opts.LineStyle{Color: color, Width: float32(width), Type: dashes[dash].echarts}),
			charts.WithItemStyleOpts(opts.ItemStyle{Color: color}))
		f.Legend = append(f.Legend, legendItem{Name: name, Color: color, Dash: dashes[dash].svg, Shape: shapes[shape]})
	}
	if high == 0 {
		return nil, nil
	}
	f.Data = newTable("", f.Title+": percent and 95 % interval", titles...)
	for _, at := range slices.SortedFunc(maps.Keys(cells), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.writes, b.writes), cmp.Compare(a.tokens, b.tokens))
	}) {
		row := []string{count(int64(at.writes)), count(int64(at.tokens))}
		for _, name := range names {
			row = append(row, cells[at][name])
		}
		f.Data.add(row...)
	}
	chance := 100 * p.task.Chance
	plot.AddSeries("chance", []opts.LineData{{Value: []float64{float64(low), round(chance)}}, {Value: []float64{float64(high), round(chance)}}},
		charts.WithLineChartOpts(opts.LineChart{Symbol: "none"}),
		charts.WithLineStyleOpts(opts.LineStyle{Color: grey, Width: 2, Type: dashes[1].echarts}),
		charts.WithItemStyleOpts(opts.ItemStyle{Color: grey}))
	f.Legend = append(f.Legend, legendItem{Name: "chance", Color: grey, Dash: dashes[1].svg})
	x := xAxis("log", "segments written to memory since the key", 34)
	x.Min, x.Max = low, high
	y := yAxis("digits right, percent")
	y.Min, y.Max, y.Scale = 0, 100, nil
	plot.SetGlobalOptions(append(base(id), plotArea(64), charts.WithXAxisOpts(x), charts.WithYAxisOpts(y),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}))...)
	var err error
	f.Option, err = option(plot)
	return f, err
}
