package chart

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"infinibench/internal/finite"
	"infinibench/reports/table"
)

// Draw sets Option from the drawing, after dropping what cannot be drawn.
func (c *Chart) Draw() error {
	d := &c.Drawing
	d.dropUndrawable()
	c.cleanGroups()
	global := base(c.ID)
	var err error
	if len(d.Cells) > 0 {
		c.Option, err = option(d.heatMap(global))
		return err
	}
	plot := charts.NewLine()
	if d.X.Kind == Category {
		plot.SetXAxis(d.X.Labels)
	}
	d.addLines(plot)
	d.addPoints(plot)
	d.addMarks(plot, c.Title)
	d.addLevels(plot)
	tip := opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}
	if d.Nearest {
		tip.Trigger = "item"
	}
	plot.SetGlobalOptions(append(global, charts.WithXAxisOpts(d.X.horizontal()), charts.WithYAxisOpts(d.Y.vertical()), charts.WithTooltipOpts(tip))...)
	c.Option, err = option(plot)
	return err
}

// addLines adds the curves with a line.
func (d *Drawing) addLines(plot *charts.Line) {
	for _, c := range d.Curves {
		if c.Width > 0 {
			plot.AddSeries(c.Name, c.points(d.X.Kind),
				charts.WithLineChartOpts(opts.LineChart{Symbol: cmp.Or(string(c.Symbol), "none"), SymbolSize: c.Size}),
				charts.WithLineStyleOpts(opts.LineStyle{Color: c.Color, Width: float32(c.Width), Type: dashes[c.Dash].echarts}),
				charts.WithItemStyleOpts(opts.ItemStyle{Color: c.Color}))
		}
	}
}

// addPoints adds the curves of points alone.
func (d *Drawing) addPoints(plot *charts.Line) {
	for _, c := range d.Curves {
		if c.Width == 0 {
			scatter := charts.NewScatter()
			var points []opts.ScatterData
			for i, x := range c.X {
				points = append(points, opts.ScatterData{Name: c.text(i), Value: []float64{x, Round(c.Y[i])}, SymbolSize: c.Size})
			}
			scatter.AddSeries(c.Name, points, charts.WithItemStyleOpts(opts.ItemStyle{Color: c.Color}))
			plot.Overlap(scatter)
		}
	}
}

// addMarks adds the means with their intervals as one series.
func (d *Drawing) addMarks(plot *charts.Line, name string) {
	if len(d.Marks) == 0 {
		return
	}
	custom := charts.NewCustom()
	data := make([]opts.CustomData, len(d.Marks))
	for i, m := range d.Marks {
		data[i] = opts.CustomData{
			Name: m.Text, Value: []any{m.X, Round(m.Mean), Round(m.Low), Round(m.High), m.Side}, ItemStyle: &opts.ItemStyle{Color: m.Color},
		}
	}
	custom.AddSeries(name, data, charts.WithCustomChartOpts(opts.CustomChart{RenderItem: "interval"})) // in page/report.js
	plot.Overlap(custom)
}

// addLevels adds the horizontal lines.
func (d *Drawing) addLevels(plot *charts.Line) {
	for _, l := range d.Levels {
		line := charts.NewLine()
		line.AddSeries(l.Name, nil,
			charts.WithMarkLineNameYAxisItemOpts(opts.MarkLineNameYAxisItem{Name: l.Name, YAxis: Round(l.Value)}),
			charts.WithMarkLineStyleOpts(opts.MarkLineStyle{
				Symbol: []string{"none", "none"}, Label: &opts.Label{Show: opts.Bool(false)},
				LineStyle: &opts.LineStyle{Color: Grey, Width: 2, Type: dashes[l.Dash].echarts},
			}))
		plot.Overlap(line)
	}
}

// points lists the values of a line: one for each category, or pairs.
func (c *Curve) points(kind Kind) []opts.LineData {
	points := make([]opts.LineData, len(c.X))
	for i, x := range c.X {
		points[i].Name = c.text(i)
		switch {
		case kind != Category:
			points[i].Value = []float64{x, Round(c.Y[i])}
		case math.IsNaN(c.Y[i]):
			points[i].Value = "-" // how ECharts spells a missing value
		default:
			points[i].Value = Round(c.Y[i])
		}
	}
	return points
}

// text is what the pointer shows of a point, "" for its value alone.
func (c *Curve) text(i int) string {
	if i < len(c.Texts) {
		return c.Texts[i]
	}
	return ""
}

// cleanGroups makes the names of the groups safe to show, as they come from result files.
func (c *Chart) cleanGroups() {
	c.Group = table.Clean(c.Group)
	for i := range c.Curves {
		c.Curves[i].Group = table.Clean(c.Curves[i].Group)
	}
	for i := range c.Marks {
		c.Marks[i].Group = table.Clean(c.Marks[i].Group)
	}
	for i := range c.Legend {
		c.Legend[i].Group = table.Clean(c.Legend[i].Group)
	}
}

// InGroups lists the groups of what the chart shows, each once.
func (c *Chart) InGroups() []string {
	var all []string
	add := func(group string) {
		if group != "" && !slices.Contains(all, group) {
			all = append(all, group)
		}
	}
	add(c.Group)
	for _, m := range c.Marks {
		add(m.Group)
	}
	for _, curve := range c.Curves {
		add(curve.Group)
	}
	return all
}

// Groups lists the groups of the series of Option as JSON, in their order: a name for each
// curve, and a list of names for the series of the marks. It is "" if nothing can be left
// out.
func (c *Chart) Groups() string {
	var all []any
	some := false
	add := func(width bool) {
		for _, curve := range c.Curves {
			if (curve.Width > 0) == width {
				all, some = append(all, curve.Group), some || curve.Group != ""
			}
		}
	}
	add(true) // in the order of Draw
	add(false)
	if len(c.Marks) > 0 {
		var marks []string
		for _, m := range c.Marks {
			marks, some = append(marks, m.Group), some || m.Group != ""
		}
		all = append(all, marks)
	}
	if !some {
		return ""
	}
	raw, err := json.Marshal(all)
	if err != nil {
		panic(err) // of strings there is none
	}
	return string(raw)
}

// base returns the options that all figures share. The colours of text, axes and grid come from
// the page's theme and the margins from page/fit.js, because only the browser knows
// light from dark, the font and the size of the text.
func base(id string) []charts.GlobalOpts {
	return []charts.GlobalOpts{
		charts.WithInitializationOpts(opts.Initialization{ChartID: id, Renderer: "svg", Theme: "report"}),
		charts.WithAnimation(false),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}),
	}
}

func (a Axis) horizontal() opts.XAxis {
	x := opts.XAxis{Type: string(a.Kind), Name: a.Name}
	if a.From != a.To {
		x.Min, x.Max = a.From, a.To
	} else if a.Kind == Value {
		x.SplitNumber = 4
	}
	return x
}

func (a Axis) vertical() opts.YAxis {
	y := opts.YAxis{Type: string(a.Kind), Name: a.Name, Scale: opts.Bool(true)}
	if a.From != a.To {
		y.Min, y.Max = a.From, a.To
	}
	if a.Step > 0 {
		y.MinInterval, y.MaxInterval = a.Step, a.Step
	}
	return y
}

// heatMap draws the cells.
func (d *Drawing) heatMap(global []charts.GlobalOpts) *charts.HeatMap {
	points := make([]opts.HeatMapData, len(d.Cells))
	for i, c := range d.Cells {
		points[i] = opts.HeatMapData{Name: c.Text, Value: []any{c.X, c.Y, c.Value}}
	}
	plot := charts.NewHeatMap()
	plot.AddSeries(d.Colors.Name, points, charts.WithItemStyleOpts(opts.ItemStyle{BorderColor: Grey, BorderWidth: 1}),
		charts.WithLabelOpts(opts.Label{Show: opts.Bool(d.labelled()), Color: "#000000", Formatter: "{@[2]}"}))
	plot.SetGlobalOptions(append(global,
		charts.WithXAxisOpts(opts.XAxis{Type: string(d.X.Kind), Name: d.X.Name, Data: d.X.Labels}),
		charts.WithYAxisOpts(opts.YAxis{Type: string(d.Y.Kind), Name: d.Y.Name, Data: d.Y.Labels, Inverse: opts.Bool(true)}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item"}),
		charts.WithVisualMapOpts(opts.VisualMap{
			Type: "continuous", Min: float32(d.Colors.From), Max: float32(d.Colors.To), Orient: "horizontal", Left: "center", Bottom: "0",
			Text: d.Colors.Ends[:], InRange: &opts.VisualMapInRange{Color: d.Colors.Stops},
		}))...)
	return plot
}

// labelled reports whether a heat map has room for its values.
func (d *Drawing) labelled() bool { return len(d.X.Labels) <= 16 }

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
		return "", fmt.Errorf("chart: chart options: %w", err)
	}
	return template.JS(raw), nil
}
