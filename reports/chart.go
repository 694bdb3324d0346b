package reports

import (
	"html/template"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
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
	Data    *table.Table

	drawing drawing
}

// File is the name of the figure's files, without a suffix.
func (f *chart) File() string { return strings.TrimPrefix(f.ID, "chart-") }

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
	case localOnly, results.FullAttention: // the controls
		return green
	}
	return purple
}

// dashes are the line styles of one colour, in ECharts' words and SVG's.
var dashes = []struct{ echarts, svg string }{{"solid", ""}, {"dashed", "6 4"}, {"dotted", "2 3"}}

// shapes of points tell lines of one colour and dash apart.
var shapes = []string{"circle", "rect", "triangle", "diamond"}

// symbolSize makes circles smaller: they are where lines need no telling apart.
func symbolSize(shape string) int {
	if shape == "circle" {
		return 6
	}
	return 9
}
