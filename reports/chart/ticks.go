package chart

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

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
	from, to, step = Round(math.Floor(low/step-0.2)*step), Round(math.Ceil(high/step+0.2)*step), Round(step)
	if !Drawable(from) || !Drawable(to) || !(step > 0) { // no value, or values too far apart for a scale
		return 0, 0, 0
	}
	return from, to, step
}

// ticks returns the ticks of an axis with the ends r. A width is the length of a horizontal
// axis, whose labels must fit side by side; 0 is a vertical one.
func (a Axis) ticks(r Range, width vg.Length) []plot.Tick {
	var ticks []plot.Tick
	add := func(v float64) { ticks = append(ticks, plot.Tick{Value: v, Label: number(v)}) }
	switch {
	case a.Kind == Category:
		room, every := width/vg.Length(len(a.Labels)), 1
		if width > 0 && numeric(a.Labels) {
			every = int(math.Ceil(float64((ink(8).Width(a.Labels[len(a.Labels)-1]) + 6) / room)))
		}
		for i, label := range a.Labels {
			if width > 0 && !numeric(a.Labels) && !a.crowded(width) {
				label = wrapTo(label, room-labelGap)
			}
			if i%every == 0 {
				ticks = append(ticks, plot.Tick{Value: float64(i), Label: label})
			}
		}
	case a.Kind == Log:
		for _, v := range logTicks(r, width > 0) {
			add(v)
		}
	case a.Step > 0:
		for i := 0.0; a.From+i*a.Step <= a.To+a.Step/1e6; i++ {
			add(Round(a.From + i*a.Step))
		}
	default:
		for _, t := range (plot.DefaultTicks{}).Ticks(r.Low, r.High) {
			if !t.IsMinor() {
				add(Round(t.Value))
			}
		}
	}
	return ticks
}

// labelGap is the least distance between two labels.
const labelGap = 3

// crowded reports whether names are too many to be written side by side on a horizontal axis
// even if each is broken between its words. They are then written at a slant.
func (a Axis) crowded(width vg.Length) bool {
	if a.Kind != Category || numeric(a.Labels) {
		return false
	}
	for _, label := range a.Labels {
		for _, word := range strings.Fields(label) {
			if ink(8).Width(word) > width/vg.Length(len(a.Labels))-labelGap {
				return true
			}
		}
	}
	return false
}

// logTicks returns powers of two if doubling, as lengths double, and otherwise 1, 2 and 5
// times powers of ten. It drops some where there would be too many.
func logTicks(r Range, doubling bool) []float64 {
	const most = 9
	base, steps := 10., []float64{1, 2, 5}
	if doubling {
		base, steps = 2, []float64{1}
	}
	from, to := math.Floor(math.Log(r.Low)/math.Log(base)), math.Ceil(math.Log(r.High)/math.Log(base))
	if !doubling && to-from > 3 {
		steps = []float64{1}
	}
	every := max(1, math.Ceil((to-from)/most))
	var ticks []float64
	for power := from; power <= to; power += every {
		for _, step := range steps {
			v := step * math.Pow(base, power)
			if v >= r.Low*0.999 && v <= r.High*1.001 {
				ticks = append(ticks, v)
			}
		}
	}
	return ticks
}

// numeric reports whether all labels are numbers, so that some may be dropped.
func numeric(labels []string) bool {
	for _, l := range labels {
		for _, r := range l {
			if r < '0' || r > '9' {
				return false
			}
		}
	}
	return true
}

// number formats a tick or the value of a cell in full.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// wrapTo breaks a label between words.
func wrapTo(label string, width vg.Length) string {
	style := ink(8)
	var lines []string
	for _, word := range strings.Fields(label) {
		if n := len(lines); n > 0 && style.Width(lines[n-1]+" "+word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return strings.Join(lines, "\n")
}
