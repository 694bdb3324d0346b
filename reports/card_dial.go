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
// and returns the same as text. Each run has its own evidence and the mark of its place; the
// values of a part are below one another. Without a number it draws nothing.
func (d *dial) draw(runs ...[]evidence) (template.HTML, string) {
	if d == nil {
		return "", ""
	}
	rows := numbered(runs)
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
		if len(runs) > 1 {
			said = runLetter(e.run) + ": " + said
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

// dialEntry is a value on the axis, and the place of its run.
type dialEntry struct {
	evidence
	run int
}

// numbered is the evidence with a number, as much as a card has room for: part by part, and
// within a part run by run.
func numbered(runs [][]evidence) []dialEntry {
	var parts []string
	of := map[string][]dialEntry{}
	for run, found := range runs {
		times := map[string]int{}
		for _, e := range found {
			if e.number.ours.N == 0 || !chart.Drawable(e.number.ours.Mean) {
				continue
			}
			times[e.who]++
			key := fmt.Sprint(e.who, times[e.who])
			if of[key] == nil {
				parts = append(parts, key)
			}
			of[key] = append(of[key], dialEntry{e, run})
		}
	}
	var rows []dialEntry
	for _, key := range parts[:min(len(parts), dialRows)] {
		rows = append(rows, of[key]...)
	}
	return rows
}

// dialSpan is the part of an axis that a card shows.
type dialSpan struct {
	low, high float64
	log       bool
}

// span holds every value, the ends of the intervals, and the line.
func (d *dial) span(rows []dialEntry) dialSpan {
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

// runMarks are the marks of runs side by side, around a point of the axis; a run on its own
// has the first. They come again from the fifth run on, beside another letter.
var runMarks = []string{
	`<circle cx="%.1f" cy="%.1f" r="3.2" class="ours"><title>%s</title></circle>`,
	`<path d="M%.1f %.1fm-3-3h6v6h-6Z" class="ours other"><title>%s</title></path>`,
	`<path d="M%.1f %.1fm0-3.8 3.8 6.4h-7.6Z" class="ours"><title>%s</title></path>`,
	`<path d="M%.1f %.1fm-3.2-3.2 6.4 6.4m0-6.4-6.4 6.4" class="ours cross"><title>%s</title></path>`,
}

// runLetter is what a run is called on a card.
func runLetter(run int) string {
	if run < 26 {
		return string(rune('A' + run))
	}
	return fmt.Sprint(run + 1)
}

// mark draws our value with its interval, and the paper's.
func (r dialSpan) mark(b *strings.Builder, y float64, e dialEntry) {
	ours := e.number.ours
	if chart.Drawable(ours.Low) && chart.Drawable(ours.High) {
		fmt.Fprintf(b, `<path d="M%.1f %.1fH%.1f" class="range"/>`, r.x(ours.Low), y, r.x(ours.High))
	}
	fmt.Fprintf(b, runMarks[e.run%len(runMarks)], r.x(ours.Mean), y, template.HTMLEscapeString(e.ours))
	if chart.Drawable(e.number.paper) {
		fmt.Fprintf(b, `<path d="M%.1f %.1fl3.6 3.6-3.6 3.6-3.6-3.6Z" class="paper"/>`, r.x(e.number.paper), y-3.6)
	}
}
