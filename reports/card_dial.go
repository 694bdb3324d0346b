package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// dial is the axis of a card. Line is the value that decides a claim, such as a ratio of 1;
// NaN for none.
type dial struct {
	name   string
	line   float64
	format func(float64) string
	log    bool
}

// ratioDial is the axis of ratios of perplexities.
var ratioDial = &dial{name: "ratio of perplexities", line: 1, format: func(v float64) string { return table.Decimals(v, 2) }, log: true}

// dialPoint is our value on the axis of a claim, beside the paper's; NaN where the paper has
// none.
type dialPoint struct {
	ours  Interval
	paper float64
}

// The size of a card's axis in CSS pixels.
const (
	dialWidth = 220.0
	dialLeft  = 6.0 // room on each side for the ends of intervals and labels
	dialRow   = 9.0
	dialRows  = 6 // more parts would make a card higher than its neighbours
)

// draw draws each value as a point with its interval and the paper's as a hollow diamond,
// and returns the same as text. Without a number it draws nothing.
func (d *dial) draw(found []evidence) (template.HTML, string) {
	if d == nil {
		return "", ""
	}
	rows := numbered(found)
	if len(rows) == 0 {
		return "", ""
	}
	r := d.span(rows)
	bottom := dialRow*float64(len(rows)) + 4
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="dial" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" aria-hidden="true">`, dialWidth, bottom+14, dialWidth, bottom+14)
	fmt.Fprintf(&b, `<path d="M%.1f %.1fH%.1f" class="axis"/>`, dialLeft, bottom, dialWidth-dialLeft)
	if chart.Drawable(d.line) {
		fmt.Fprintf(&b, `<path d="M%.1f 0V%.1f" class="even"/>`, r.x(d.line), bottom)
	}
	var words []string
	for i, e := range rows {
		r.mark(&b, 5+dialRow*float64(i), e)
		said := e.ours
		if chart.Drawable(e.number.paper) {
			said += ", paper " + d.format(e.number.paper)
		}
		words = append(words, said)
	}
	label := func(x float64, anchor string, value float64) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="%s">%s</text>`, x, bottom+12, anchor, template.HTMLEscapeString(d.format(value)))
	}
	label(0, "start", r.low)
	label(dialWidth, "end", r.high)
	if at := r.x(d.line); chart.Drawable(d.line) && at > 40 && at < dialWidth-40 {
		label(at, "middle", d.line)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()), d.name + ": " + strings.Join(words, "; ")
}

// numbered is the evidence with a number, as much as a card has room for.
func numbered(found []evidence) []evidence {
	var rows []evidence
	for _, e := range found {
		if e.number.ours.N > 0 && chart.Drawable(e.number.ours.Mean) && len(rows) < dialRows {
			rows = append(rows, e)
		}
	}
	return rows
}

// dialSpan is the part of an axis that a card shows.
type dialSpan struct {
	low, high float64
	log       bool
}

// span holds every value, the ends of the intervals, and the line.
func (d *dial) span(rows []evidence) dialSpan {
	r := dialSpan{math.Inf(1), math.Inf(-1), d.log}
	include := func(values ...float64) {
		for _, v := range values {
			if chart.Drawable(v) && !(d.log && v <= 0) {
				r.low, r.high = min(r.low, v), max(r.high, v)
			}
		}
	}
	include(d.line)
	for _, e := range rows {
		include(e.number.ours.Mean, e.number.ours.Low, e.number.ours.High, e.number.paper)
	}
	if r.low == r.high {
		r.low, r.high = r.low-math.Abs(r.low)/20-1e-9, r.high+math.Abs(r.high)/20+1e-9
	}
	return r
}

// x is the place of a value, in pixels.
func (r dialSpan) x(v float64) float64 {
	scale := func(v float64) float64 { return v }
	if r.log {
		scale = math.Log
	}
	share := (scale(v) - scale(r.low)) / (scale(r.high) - scale(r.low))
	return dialLeft + max(0, min(1, share))*(dialWidth-2*dialLeft)
}

// mark draws our value with its interval, and the paper's.
func (r dialSpan) mark(b *strings.Builder, y float64, e evidence) {
	ours := e.number.ours
	if chart.Drawable(ours.Low) && chart.Drawable(ours.High) {
		fmt.Fprintf(b, `<path d="M%.1f %.1fH%.1f" class="range"/>`, r.x(ours.Low), y, r.x(ours.High))
	}
	fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3.2" class="ours"><title>%s</title></circle>`, r.x(ours.Mean), y, template.HTMLEscapeString(e.ours))
	if chart.Drawable(e.number.paper) {
		fmt.Fprintf(b, `<path d="M%.1f %.1fl3.6 3.6-3.6 3.6-3.6-3.6Z" class="paper"/>`, r.x(e.number.paper), y-3.6)
	}
}
