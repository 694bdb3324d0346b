package reports

import (
	"math"
	"slices"
)

// drawing is what a figure shows: echarts.go turns it into the chart of the page, and
// figure.go into a file for a paper. Everything is prepared here, once.
type drawing struct {
	x, y    axis
	curves  []curve
	marks   []mark
	levels  []level
	cells   []cell // of a heat map, which has nothing else
	colors  colorScale
	nearest bool // the pointer shows the one thing it is at, not all values of one x
}

// axis is one of a drawing's.
type axis struct {
	name     string
	kind     string   // "category", "value" or "log"
	labels   []string // of the categories, from the left or the top
	from, to float64  // ends; 0 and 0: what is shown decides
	step     float64  // between ticks, 0 for any
}

// curve is a line, or points alone.
type curve struct {
	name, color string
	dash        int    // of dashes
	width       int    // 0: points alone
	symbol      string // of its points, one of shapes; "" for none
	size        int    // of the symbol, pixels
	x, y        []float64
}

// mark is a mean with its interval.
type mark struct {
	x, mean, low, high float64
	side               int // -1 or 1: drawn left or right of x, and hollow on the right
	color, text        string
}

// level is a line across the whole width.
type level struct {
	name  string
	value float64
	dash  int
}

// cell is a place of a heat map, by the places on its axes.
type cell struct {
	x, y  int
	value float64 // as it is written there
	text  string
}

func (d *drawing) addCell(x, y int, value float64, text string) {
	d.cells = append(d.cells, cell{x, y, value, text})
}

// colorScale gives the values of a heat map their colours, evenly spread.
type colorScale struct {
	name     string // of the values
	from, to float64
	stops    []string
	ends     [2]string // what stands at the high end, then at the low one
}

// seen is the lowest and highest of values, for the range of an axis.
type seen struct{ low, high float64 }

func nothing() seen { return seen{math.Inf(1), math.Inf(-1)} }

func (s *seen) see(values ...float64) {
	for _, v := range values {
		if drawable(v) {
			s.low, s.high = min(s.low, v), max(s.high, v)
		}
	}
}

// rangeOf is a value axis over what was seen. Left alone, ECharts would put ticks at
// steps of its own beside the given ends.
func rangeOf(name string, s seen) axis {
	from, to, step := niceRange(s.low, s.high)
	if s.low >= 0 {
		from = max(from, 0) // what has no negative values needs no room for them
	}
	return axis{name: name, kind: "value", from: from, to: to, step: step}
}

// indices are the places of n categories.
func indices(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
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
	from, to, step = round(math.Floor(low/step-0.2)*step), round(math.Ceil(high/step+0.2)*step), round(step)
	if !drawable(from) || !drawable(to) || !(step > 0) { // nothing was seen, or values too far apart for a scale
		return 0, 0, 0
	}
	return from, to, step
}

// known takes out what no place on an axis can show: a curve gets a gap, and a mark, a
// level or a cell is left out.
func (d *drawing) known() {
	for _, c := range d.curves {
		for i := range c.x {
			if !drawable(c.x[i]) {
				c.x[i], c.y[i] = 0, math.NaN()
			}
			if !drawable(c.y[i]) {
				c.y[i] = math.NaN()
			}
		}
	}
	d.marks = slices.DeleteFunc(d.marks, func(m mark) bool {
		return !drawable(m.x) || !drawable(m.mean) || !drawable(m.low) || !drawable(m.high)
	})
	d.levels = slices.DeleteFunc(d.levels, func(l level) bool { return !drawable(l.value) })
	d.cells = slices.DeleteFunc(d.cells, func(c cell) bool { return !drawable(c.value) })
}

// drawable reports whether x is finite and so far from the largest number that an axis
// around it is finite too.
func drawable(x float64) bool { return math.Abs(x) < 1e300 }

// round keeps five significant digits: more would only make the page larger.
func round(x float64) float64 {
	switch {
	case math.Abs(x) < 1e-300: // below, the scale is infinite
		return 0
	case !drawable(x): // the scale is 0
		return x
	}
	scale := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}
