package chart

import "math"

// Kind is how values are placed on an axis, as ECharts spells it.
type Kind string

const (
	Category Kind = "category"
	Value    Kind = "value" // linear
	Log      Kind = "log"
)

// Axis is one axis of a Drawing.
type Axis struct {
	Name     string
	Kind     Kind
	Labels   []string // of the categories, from the left or the top
	From, To float64  // ends; if both are 0, they follow from the data
	Step     float64  // between ticks; 0 for any
}

// Range is the lowest and the highest of some values.
type Range struct{ Low, High float64 }

// EmptyRange includes no value yet.
func EmptyRange() Range { return Range{math.Inf(1), math.Inf(-1)} }

// Include widens the range to include values; those that cannot be drawn are ignored.
func (r *Range) Include(values ...float64) {
	for _, v := range values {
		if Drawable(v) {
			r.Low, r.High = min(r.Low, v), max(r.High, v)
		}
	}
}

// ValueAxis is a linear axis over a range, with round ends. It sets the step of the ticks
// as well: ECharts would choose its own, which need not meet the ends.
func ValueAxis(name string, r Range) Axis {
	from, to, step := niceRange(r.Low, r.High)
	if r.Low >= -1e-9*math.Abs(r.High) { // a zero may be rounded to either side
		from = max(from, 0) // without negative values, none below 0
	}
	return Axis{Name: name, Kind: Value, From: from, To: to, Step: step}
}

// rangeX and rangeY are the ends of the axes.
func (d *Drawing) rangeX() Range {
	return d.X.ends(func(see func(...float64)) {
		see(0) // unless the axis has its own ends, as on the page
		for _, c := range d.Curves {
			see(c.X...)
		}
	})
}

func (d *Drawing) rangeY() Range {
	return d.Y.ends(func(see func(...float64)) {
		for _, c := range d.Curves {
			see(c.Y...)
		}
		for _, m := range d.Marks {
			see(m.Low, m.High)
		}
	})
}

// ends returns the ends of an axis: its own if it has any, or the range of the data that
// look shows it.
func (a Axis) ends(look func(see func(...float64))) Range {
	switch {
	case a.Kind == Category:
		return Range{-0.5, float64(len(a.Labels)) - 0.5}
	case a.From < a.To:
		return Range{a.From, a.To}
	}
	r := EmptyRange()
	look(func(values ...float64) {
		for _, v := range values {
			if a.Kind != Log || v > 0 {
				r.Include(v)
			}
		}
	})
	if a.Kind == Log {
		r = Range{r.Low / 1.2, r.High * 1.2}
	}
	if !(r.Low < r.High) || !Drawable(r.High-r.Low) { // nothing to show, but an axis needs ends
		return Range{1, 10}
	}
	return r
}

// Drawable reports whether x is finite and so far from the largest number that an axis
// around it is finite too.
func Drawable(x float64) bool { return math.Abs(x) < 1e300 }

// Round keeps five significant digits: more would only make the page larger.
func Round(x float64) float64 {
	switch {
	case math.Abs(x) < 1e-300: // below, the scale is infinite
		return 0
	case !Drawable(x): // the scale is 0
		return x
	}
	scale := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}
