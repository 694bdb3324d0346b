package chart

import (
	"math"
	"slices"
)

// Drawing is what a figure shows. echarts.go turns it into the chart of the page, figure.go
// into a file for a paper.
type Drawing struct {
	X, Y    Axis
	Curves  []Curve
	Marks   []Mark
	Levels  []Level
	Cells   []Cell // of a heat map, which has nothing else
	Colors  ColorScale
	Nearest bool // the pointer shows only the nearest value, not all values at its x
}

// Curve is a line, or points alone. A NaN in Y is a gap.
type Curve struct {
	Name, Color string
	Dash        Dash
	Width       int   // in pixels; 0 draws points alone
	Symbol      Shape // of its points
	Size        int   // of the symbol, in pixels
	X, Y        []float64
	Texts       []string // per point, under the pointer: value, interval, sample size; nil for the value alone
	Group       string   // what the page can leave out of all charts at once, "" for what always shows
}

// Mark is a mean with its interval. Text is shown under the pointer.
type Mark struct {
	X, Mean, Low, High float64
	Side               int // -1 draws it left of X; 1 draws it right of X, hollow
	Color, Text        string
	Group              string // as of a Curve
}

// Level is a horizontal line across the plot.
type Level struct {
	Name  string
	Value float64
	Dash  Dash
}

// Cell is a cell of a heat map. X and Y index the labels of the axes, Value is written in
// the cell, and Text is shown under the pointer.
type Cell struct {
	X, Y  int
	Value float64
	Text  string
}

// AddCell adds a cell to a heat map.
func (d *Drawing) AddCell(x, y int, value float64, text string) {
	d.Cells = append(d.Cells, Cell{x, y, value, text})
}

// ColorScale maps the values of a heat map to colours between evenly spaced stops.
type ColorScale struct {
	Name     string // of the values
	From, To float64
	Stops    []string
	Ends     [2]string // labels of the high end and of the low end
}

// dropUndrawable removes what no axis can show: a curve gets a gap; a mark, a level or a
// cell is dropped.
func (d *Drawing) dropUndrawable() {
	for _, c := range d.Curves {
		for i := range c.X {
			if !Drawable(c.X[i]) {
				c.X[i], c.Y[i] = 0, math.NaN()
			}
			if !Drawable(c.Y[i]) {
				c.Y[i] = math.NaN()
			}
		}
	}
	d.Marks = slices.DeleteFunc(d.Marks, func(m Mark) bool {
		return !Drawable(m.X) || !Drawable(m.Mean) || !Drawable(m.Low) || !Drawable(m.High)
	})
	d.Levels = slices.DeleteFunc(d.Levels, func(l Level) bool { return !Drawable(l.Value) })
	d.Cells = slices.DeleteFunc(d.Cells, func(c Cell) bool { return !Drawable(c.Value) })
}
