package chart

// The colours of Okabe and Ito that keep a contrast of 3:1 both on the light
// and on the dark page, and a grey for bounds.
const (
	Blue       = "#0072B2"
	Vermillion = "#D55E00"
	Green      = "#009E73"
	Purple     = "#CC79A7"
	Grey       = "#888888"
)

// Dash is the style of a line.
type Dash uint8

const (
	Solid Dash = iota
	Dashed
	Dotted
	DashDotted
)

// dashes are the styles as ECharts and SVG spell them; page/charts.js spells the last one out.
var dashes = []struct{ echarts, svg string }{{"solid", ""}, {"dashed", "6 4"}, {"dotted", "2 3"}, {"dashdotted", "8 3 2 3"}}

// SVG is the style as a stroke-dasharray, "" for a solid line.
func (d Dash) SVG() string { return dashes[d].svg }

// NthDash is the style of the n-th line of one colour, from 0.
func NthDash(n int) Dash { return Dash(n % len(dashes)) }

// Shape is the shape of the points on a line, as ECharts spells it; "" draws none.
type Shape string

const (
	Circle   Shape = "circle"
	Rect     Shape = "rect"
	Triangle Shape = "triangle"
	Diamond  Shape = "diamond"
)

var shapes = []Shape{Circle, Rect, Triangle, Diamond}

// Size returns the size of a point in pixels. Circles are smaller: they mark the first line
// of a colour, which needs no distinguishing mark.
func (s Shape) Size() int {
	if s == Circle {
		return 6
	}
	return 9
}

// Styles counts the lines of each colour, so that lines of one colour differ in their
// dashes and in the shapes of their points.
type Styles map[string]int

// Next gives the dash and the shape of the next line of a colour.
func (s Styles) Next(color string) (Dash, Shape) {
	n := s[color]
	s[color]++
	// As many shapes as dashes: moved on by one in each round, no pair comes twice.
	return NthDash(n), shapes[(n+n/len(dashes))%len(shapes)]
}
