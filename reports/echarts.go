package reports

import (
	"fmt"
	"html/template"
	"math"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"infinibench/internal/finite"
)

// draw makes the options of the chart on the page.
func (f *chart) draw() error {
	d := &f.drawing
	d.known()
	global := base(f.ID)
	var err error
	if len(d.cells) > 0 {
		f.Option, err = option(d.heatMap(global))
		return err
	}
	plot := charts.NewLine()
	if d.x.kind == "category" {
		plot.SetXAxis(d.x.labels)
	}
	for _, c := range d.curves {
		if c.width > 0 {
			plot.AddSeries(c.name, c.points(d.x.kind),
				charts.WithLineChartOpts(opts.LineChart{Symbol: orWord(c.symbol, "none"), SymbolSize: c.size}),
				charts.WithLineStyleOpts(opts.LineStyle{Color: c.color, Width: float32(c.width), Type: dashes[c.dash].echarts}),
				charts.WithItemStyleOpts(opts.ItemStyle{Color: c.color}))
		}
	}
	for _, c := range d.curves {
		if c.width == 0 {
			scatter := charts.NewScatter()
			var points []opts.ScatterData
			for i, x := range c.x {
				points = append(points, opts.ScatterData{Value: []float64{x, round(c.y[i])}, SymbolSize: c.size})
			}
			scatter.AddSeries(c.name, points, charts.WithItemStyleOpts(opts.ItemStyle{Color: c.color}))
			plot.Overlap(scatter)
		}
	}
	if len(d.marks) > 0 {
		custom := charts.NewCustom()
		data := make([]opts.CustomData, len(d.marks))
		for i, m := range d.marks {
			data[i] = opts.CustomData{
				Name: m.text, Value: []any{m.x, round(m.mean), round(m.low), round(m.high), m.side}, ItemStyle: &opts.ItemStyle{Color: m.color},
			}
		}
		custom.AddSeries(f.Title, data, charts.WithCustomChartOpts(opts.CustomChart{RenderItem: "interval"}))
		plot.Overlap(custom)
	}
	for _, l := range d.levels {
		line := charts.NewLine()
		line.AddSeries(l.name, nil,
			charts.WithMarkLineNameYAxisItemOpts(opts.MarkLineNameYAxisItem{Name: l.name, YAxis: round(l.value)}),
			charts.WithMarkLineStyleOpts(opts.MarkLineStyle{
				Symbol: []string{"none", "none"}, Label: &opts.Label{Show: opts.Bool(false)},
				LineStyle: &opts.LineStyle{Color: grey, Width: 2, Type: dashes[l.dash].echarts},
			}))
		plot.Overlap(line)
	}
	tip := opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}
	if d.nearest {
		tip.Trigger = "item"
	}
	if len(d.marks) > 0 {
		tip.Formatter = "{b}"
	}
	plot.SetGlobalOptions(append(global, charts.WithXAxisOpts(d.x.horizontal()), charts.WithYAxisOpts(d.y.vertical()), charts.WithTooltipOpts(tip))...)
	f.Option, err = option(plot)
	return err
}

// points are a line's, by category or as pairs.
func (c *curve) points(kind string) []opts.LineData {
	points := make([]opts.LineData, len(c.x))
	for i, x := range c.x {
		switch {
		case kind != "category":
			points[i].Value = []float64{x, round(c.y[i])}
		case math.IsNaN(c.y[i]):
			points[i].Value = "-" // ECharts' word for no value
		default:
			points[i].Value = round(c.y[i])
		}
	}
	return points
}

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// base are the options all figures share. The colours of text, axes and grid come from
// the page's theme and the margins from page/fit.js, because only the browser knows
// light from dark, the font and the size of the text.
func base(id string) []charts.GlobalOpts {
	return []charts.GlobalOpts{
		charts.WithInitializationOpts(opts.Initialization{ChartID: id, Renderer: "svg", Theme: "report"}),
		charts.WithAnimation(false),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}),
	}
}

func (a axis) horizontal() opts.XAxis {
	x := opts.XAxis{Type: a.kind, Name: a.name}
	if a.from != a.to {
		x.Min, x.Max = a.from, a.to
	} else if a.kind == "value" {
		x.SplitNumber = 4
	}
	return x
}

func (a axis) vertical() opts.YAxis {
	y := opts.YAxis{Type: a.kind, Name: a.name, Scale: opts.Bool(true)}
	if a.from != a.to {
		y.Min, y.Max = a.from, a.to
	}
	if a.step > 0 {
		y.MinInterval, y.MaxInterval = a.step, a.step
	}
	return y
}

// heatMap is a drawing of cells.
func (d *drawing) heatMap(global []charts.GlobalOpts) *charts.HeatMap {
	points := make([]opts.HeatMapData, len(d.cells))
	for i, c := range d.cells {
		points[i] = opts.HeatMapData{Name: c.text, Value: []any{c.x, c.y, c.value}}
	}
	plot := charts.NewHeatMap()
	plot.AddSeries(d.colors.name, points, charts.WithItemStyleOpts(opts.ItemStyle{BorderColor: grey, BorderWidth: 1}),
		charts.WithLabelOpts(opts.Label{Show: opts.Bool(d.labelled()), Color: "#000000", Formatter: "{@[2]}"}))
	plot.SetGlobalOptions(append(global,
		charts.WithXAxisOpts(opts.XAxis{Type: d.x.kind, Name: d.x.name, Data: d.x.labels}),
		charts.WithYAxisOpts(opts.YAxis{Type: d.y.kind, Name: d.y.name, Data: d.y.labels, Inverse: opts.Bool(true)}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item", Formatter: "{b}"}),
		charts.WithVisualMapOpts(opts.VisualMap{
			Type: "continuous", Min: float32(d.colors.from), Max: float32(d.colors.to), Orient: "horizontal", Left: "center", Bottom: "0",
			Text: d.colors.ends[:], InRange: &opts.VisualMapInRange{Color: d.colors.stops},
		}))...)
	return plot
}

// labelled says whether a heat map has room for its values.
func (d *drawing) labelled() bool { return len(d.x.labels) <= 16 }

// option turns a go-echarts chart into data. Its own renderer writes options as
// JavaScript, where a label with "</script>" would end the script and "__f__"
// would vanish. JSON with "<" escaped can do neither; the one function a figure
// needs goes by name and is looked up in page/report.js.
func option(c interface {
	Validate()
	JSON() map[string]any
}) (template.JS, error) {
	c.Validate()
	raw, err := finite.Marshal(c.JSON())
	if err != nil {
		return "", fmt.Errorf("reports: chart options: %w", err)
	}
	return template.JS(raw), nil
}
