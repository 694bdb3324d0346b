package reports

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// chart is one figure of the page: options for ECharts, a legend that the page
// draws itself so that it can never cover the figure, and the same numbers as a
// table.
type chart struct {
	ID      string // of the element; letters, digits and dashes
	Title   string
	Caption string // what a reader who cannot see the figure needs to know
	Legend  []legendItem
	Option  template.JS // JSON, no code in it
	Data    *Table
}

// legendItem is one line or point style and what it stands for.
type legendItem struct {
	Name, Color string
	Dash        string // an SVG stroke-dasharray, "" for a solid line
	Mark        string // "full" or "hollow" for a point instead of a line
	Shape       string // of the points on a line: "rect", "triangle", "diamond", or "circle", which is not shown
}

// The colours of Okabe and Ito that keep a contrast of 3:1 both on the light
// and on the dark page, and a grey for bounds.
const (
	blue       = "#0072B2"
	vermillion = "#D55E00"
	green      = "#009E73"
	purple     = "#CC79A7"
	grey       = "#888888"
)

// modelColor gives a model the same colour in every figure.
func modelColor(id string) string {
	switch id {
	case infiniLin:
		return blue
	case infiniDelta:
		return vermillion
	case localOnly:
		return green
	}
	return purple
}

// dashes are the line styles of one colour, in ECharts' words and SVG's.
var dashes = []struct{ echarts, svg string }{{"solid", ""}, {"dashed", "6 4"}, {"dotted", "2 3"}}

// base are the options all figures share. The colours of text, axes and grid
// come from the page's theme, because only the browser knows light from dark.
func base(id string) []charts.GlobalOpts {
	return []charts.GlobalOpts{
		charts.WithInitializationOpts(opts.Initialization{ChartID: id, Renderer: "svg", Theme: "report"}),
		charts.WithAnimation(false),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}),
	}
}

// plotArea leaves room for the axis names on the left and below.
func plotArea(bottom int) charts.GlobalOpts {
	return charts.WithGridOpts(opts.Grid{Left: "64", Right: "18", Top: "14", Bottom: fmt.Sprint(bottom)})
}

func xAxis(kind, name string, gap int) opts.XAxis {
	return opts.XAxis{Type: kind, Name: name, NameLocation: "middle", NameGap: gap}
}

func yAxis(name string) opts.YAxis {
	return opts.YAxis{Type: "value", Name: name, NameLocation: "middle", NameGap: 46, Scale: opts.Bool(true)}
}

// option turns a go-echarts chart into data. Its own renderer writes options as
// JavaScript, where a label with "</script>" would end the script and "__f__"
// would vanish. JSON with "<" escaped can do neither; the one function a figure
// needs goes by name and is looked up in page/report.js.
func option(c interface {
	Validate()
	JSON() map[string]any
}) (template.JS, error) {
	c.Validate()
	raw, err := json.Marshal(c.JSON())
	if err != nil {
		return "", fmt.Errorf("reports: chart options: %w", err)
	}
	return template.JS(raw), nil
}

// round keeps five significant digits: more would only make the page larger.
func round(x float64) float64 {
	if math.Abs(x) < 1e-300 || math.IsNaN(x) || math.IsInf(x, 0) { // below, the scale is infinite
		return 0
	}
	scale := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

// niceRange widens a range to whole steps of 1, 2 or 5 times a power of ten, so
// that no point lies on the edge and the axis ends in round numbers.
func niceRange(low, high float64) (from, to, step float64) {
	if high <= low {
		pad := max(math.Abs(low)*0.05, 0.5)
		low, high = low-pad, high+pad
	}
	fifth := (high - low) / 5
	power := math.Pow(10, math.Floor(math.Log10(fifth)))
	step = 10 * power
	for _, m := range []float64{5, 2, 1} {
		if m*power >= fifth {
			step = m * power
		}
	}
	return round(math.Floor(low/step-0.2) * step), round(math.Ceil(high/step+0.2) * step), round(step)
}

// yRange is a value axis over what lies between low and high. Left alone,
// ECharts would put ticks at steps of its own beside the given ends.
func yRange(name string, low, high float64) opts.YAxis {
	y := yAxis(name)
	from, to, step := niceRange(low, high)
	y.Min, y.Max, y.MinInterval, y.MaxInterval = from, to, step, step
	return y
}

// charts draws every figure of a comparison that has data.
func (c *comparison) charts(slug string) ([]*chart, error) {
	var all []*chart
	add := func(f *chart, err error) error {
		if err == nil && f != nil {
			all = append(all, f)
		}
		return err
	}
	if err := add(c.perplexityChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.ratioChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.positionChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.gainChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.trainingChart(slug)); err != nil {
		return nil, err
	}
	return all, nil
}
