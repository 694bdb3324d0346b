package reports

import (
	"fmt"
	"math"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// gateChart shows how much of each head's output comes from the memory, as the
// paper's Figure 3 does. Heads of different seeds are not the same heads, so
// the figure shows the first seed and the table all of them.
func (c *comparison) gateChart(r *row, id string) (*chart, error) {
	var first *Record
	heads := 0
	for i, record := range r.records {
		for _, layer := range record.Result.Gates {
			heads = max(heads, len(layer))
			if first == nil && len(layer) > 0 {
				first = &r.records[i]
			}
		}
	}
	if first == nil {
		return nil, nil
	}
	titles := []string{">Seed", ">Layer"}
	var columns, layers []string
	for h := range heads {
		columns = append(columns, strconv.Itoa(h+1))
		titles = append(titles, ">Head "+columns[h])
	}
	f := &chart{
		ID: id, Title: "Gates of " + c.name(r) + ", seed " + strconv.FormatUint(first.Result.Cell.Seed, 10),
		Caption: "sigmoid(β) of each head: 0 reads only its own segment, 1 only the memory; the paper's Figure 3.",
		Data:    newTable("", "Gates of "+c.name(r)+", sigmoid(β)", titles...),
	}
	for _, record := range r.records {
		for l, layer := range record.Result.Gates {
			cells := []string{strconv.FormatUint(record.Result.Cell.Seed, 10), strconv.Itoa(l + 1)}
			for _, g := range layer {
				cells = append(cells, strconv.FormatFloat(g, 'f', 3, 64))
			}
			f.Data.add(cells...)
		}
	}
	points := []opts.HeatMapData{}
	for l, layer := range first.Result.Gates {
		layers = append(layers, strconv.Itoa(l+1))
		for h, g := range layer {
			points = append(points, opts.HeatMapData{
				Name:  fmt.Sprintf("layer %d, head %d: %.3f", l+1, h+1, g),
				Value: []any{h, l, round(math.Round(100*g) / 100)}, // as the cell shows it
			})
		}
	}
	x, y := xAxis("category", "head", 30), yAxis("layer")
	y.Type, y.Data, y.Inverse, y.Scale = "category", layers, opts.Bool(true), nil // early layers on top, as in the paper
	x.Data = columns
	plot := charts.NewHeatMap()
	plot.AddSeries("sigmoid(β)", points, charts.WithItemStyleOpts(opts.ItemStyle{BorderColor: grey, BorderWidth: 1}),
		charts.WithLabelOpts(opts.Label{Show: opts.Bool(heads <= 16), Color: "#000000", Formatter: "{@[2]}"}))
	plot.SetGlobalOptions(append(base(id), plotArea(92),
		charts.WithXAxisOpts(x), charts.WithYAxisOpts(y),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item", Formatter: "{b}"}),
		charts.WithVisualMapOpts(opts.VisualMap{
			Type: "continuous", Min: 0, Max: 1, Orient: "horizontal", Left: "center", Bottom: "0",
			Text: []string{"1 memory only", "0 segment only"},
			// From blue over near-white to orange: told apart by every kind of
			// colour vision, and light enough for black figures in print.
			InRange: &opts.VisualMapInRange{Color: []string{"#3B82BD", "#F3F0EA", "#E08A2E"}},
		}))...)
	var err error
	f.Option, err = option(plot)
	return f, err
}
