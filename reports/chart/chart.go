// Package chart draws the figures of a report: for the page as options of ECharts, and for
// papers as SVG and PNG. Both come from one Drawing. It knows no experiment.
package chart

import (
	"html/template"
	"strings"

	"infinibench/reports/table"
)

// Chart is one figure: what it shows, a legend that the page draws itself so that it can
// never cover the figure, and the same numbers as a table.
type Chart struct {
	ID      string // of the HTML element: letters, digits and dashes, beginning with "chart-"
	Title   string
	Caption string // what a reader who cannot see the figure needs to know
	Legend  []LegendItem
	Option  template.JS // options of ECharts as JSON, without code; set by Draw
	Data    *table.Table
	Group   string // of all that the figure shows, see Curve; "" if it shows several
	Drawing
}

// File is the name of the figure's files, without a suffix.
func (c *Chart) File() string { return strings.TrimPrefix(c.ID, "chart-") }

// LegendItem is one entry of the legend: a line, or a point if Mark is set.
type LegendItem struct {
	Name, Color string
	Dash        Dash
	Shape       Shape  // of the points on a line; a circle is not shown
	Mark        string // "full" or "hollow": a point instead of a line
	Group       string // as of a Curve
}
