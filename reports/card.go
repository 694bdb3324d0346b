package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// card shows a claim of the paper on the first screen: its verdict, and the paper's number
// and ours on one axis.
type card struct {
	Claim   string
	Verdict Verdict
	Class   string // of its colours
	Sign    template.HTML
	Why     string // in a few words
	Anchor  string // of its section, "" for none
	Axis    template.HTML
	Label   string // the axis in words, for a reader who does not see it
}

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

// cards lays the claims out for the first screen.
func cards(claims []claim) []card {
	var all []card
	for _, c := range claims {
		v := c.verdict()
		one := card{Claim: c.brief, Verdict: v, Class: verdictClass(string(v)), Sign: signs[v], Why: c.tallied(), Anchor: c.section}
		one.Axis, one.Label = c.dial.draw(c.evidence)
		all = append(all, one)
	}
	return all
}

// tallied counts the parts of a claim that hold, in the claim's own words.
func (t claim) tallied() string {
	v := t.verdict()
	if v == NotAttempted {
		return "no result in this run"
	}
	if t.tally == "" {
		return t.why()
	}
	holds := len(t.decided(Reproduced)) + len(t.decided(DirectionHolds))
	return fmt.Sprintf("%d of %d %s", holds, len(t.evidence), t.tally)
}

// signs gives each verdict its own shape, so that readers can distinguish the verdicts
// without colour.
var signs = map[Verdict]template.HTML{
	Reproduced:     sign(`<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.5 8.2 7 10.7l4.6-5.2" fill="none" stroke="var(--page)" stroke-width="2"/>`),
	DirectionHolds: sign(`<path d="M8 1 15 8H11V15H5V8H1Z" fill="currentColor"/>`),
	NotReproduced:  sign(`<path d="M2 2 14 14M14 2 2 14" fill="none" stroke="currentColor" stroke-width="3"/>`),
	Undecided:      sign(`<path d="M8 1 15 8 8 15 1 8Z" fill="none" stroke="currentColor" stroke-width="2"/>`),
	NotAttempted:   sign(`<path d="M2 8H14" stroke="currentColor" stroke-width="2" stroke-dasharray="3 2"/>`),
}

func sign(shapes string) template.HTML {
	return template.HTML(`<svg class="sign" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">` + shapes + `</svg>`)
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
	low, high := math.Inf(1), math.Inf(-1)
	var rows []evidence
	include := func(values ...float64) {
		for _, v := range values {
			if chart.Drawable(v) && !(d.log && v <= 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	for _, e := range found {
		if m := e.number; m.ours.N > 0 && chart.Drawable(m.ours.Mean) && len(rows) < dialRows {
			rows = append(rows, e)
			include(m.ours.Mean, m.ours.Low, m.ours.High, m.paper)
		}
	}
	if len(rows) == 0 {
		return "", ""
	}
	include(d.line)
	scale := func(v float64) float64 { return v }
	if d.log {
		scale = math.Log
	}
	if low == high {
		low, high = low-math.Abs(low)/20-1e-9, high+math.Abs(high)/20+1e-9
	}
	x := func(v float64) float64 {
		share := (scale(v) - scale(low)) / (scale(high) - scale(low))
		return dialLeft + max(0, min(1, share))*(dialWidth-2*dialLeft)
	}
	bottom := dialRow*float64(len(rows)) + 4
	var b, words strings.Builder
	fmt.Fprintf(&b, `<svg class="dial" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" aria-hidden="true">`, dialWidth, bottom+14, dialWidth, bottom+14)
	fmt.Fprintf(&b, `<path d="M%.1f %.1fH%.1f" class="axis"/>`, dialLeft, bottom, dialWidth-dialLeft)
	if chart.Drawable(d.line) {
		fmt.Fprintf(&b, `<path d="M%.1f 0V%.1f" class="even"/>`, x(d.line), bottom)
	}
	for i, e := range rows {
		y, m := 5+dialRow*float64(i), e.number
		if chart.Drawable(m.ours.Low) && chart.Drawable(m.ours.High) {
			fmt.Fprintf(&b, `<path d="M%.1f %.1fH%.1f" class="range"/>`, x(m.ours.Low), y, x(m.ours.High))
		}
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3.2" class="ours"><title>%s</title></circle>`, x(m.ours.Mean), y, template.HTMLEscapeString(e.ours))
		said := e.ours
		if chart.Drawable(m.paper) {
			fmt.Fprintf(&b, `<path d="M%.1f %.1fl3.6 3.6-3.6 3.6-3.6-3.6Z" class="paper"/>`, x(m.paper), y-3.6)
			said += ", paper " + d.format(m.paper)
		}
		if words.Len() > 0 {
			words.WriteString("; ")
		}
		words.WriteString(said)
	}
	fmt.Fprintf(&b, `<text x="0" y="%.0f">%s</text><text x="%.0f" y="%.0f" text-anchor="end">%s</text>`, bottom+12, template.HTMLEscapeString(d.format(low)), dialWidth, bottom+12, template.HTMLEscapeString(d.format(high)))
	if at := x(d.line); chart.Drawable(d.line) && at > 40 && at < dialWidth-40 {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="middle">%s</text>`, at, bottom+12, template.HTMLEscapeString(d.format(d.line)))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()), d.name + ": " + words.String()
}

// result states in one sentence how many claims have each verdict.
func (d *Document) result() string {
	counts := map[Verdict]int{}
	for _, c := range d.claims() {
		counts[c.verdict()]++
	}
	if words := countWords(counts); words != "" {
		return fmt.Sprintf("Of %s: %s.", plural(len(d.claims()), "claim"), words)
	}
	return ""
}

// scale describes the size of the run in one line.
func (d *Document) scale() string {
	var parts []string
	for _, c := range d.claims() {
		if c.verdict() != NotAttempted && c.place == 1 {
			parts = append(parts, c.scale)
		}
	}
	parts = append(parts, plural(len(d.run.Records), "cell"))
	return table.Clean(strings.Join(parts, " · "))
}

// spent is the time of all cells, added up; "" if none was timed.
func (d *Document) spent() string {
	var seconds float64
	for _, record := range d.run.Records {
		if t := record.Timing; t != nil && t.Lengths == nil {
			seconds += t.TrainSeconds + t.EvalSeconds
		}
	}
	if seconds == 0 {
		return ""
	}
	return duration(seconds) + " of one worker"
}

// picture is a chart on the first screen, and the part of the page that has it in full.
type picture struct {
	*chart.Chart
	Part string
}

// pictureOf repeats a section's chart under a new id.
func pictureOf(c *content) picture {
	f := *c.picture
	f.ID = "chart-first-" + f.File()
	part := ""
	if len(c.parts) > 0 {
		part = c.parts[0].ID
	}
	return picture{&f, part}
}

// entry is a line of the table of contents. The verdict is of the first claim that the
// part bears on, "" for none.
type entry struct{ ID, Title, Verdict string }

// contentsOf is the table of contents.
func (d *Document) contentsOf() []entry {
	all := []entry{{ID: "summary", Title: "Claims"}}
	for _, p := range d.Parts {
		// The table of contents is narrow: drop the brackets, which the heading has.
		title, _, _ := strings.Cut(p.Title, " (")
		one := entry{ID: p.ID, Title: title}
		for _, c := range d.claims() {
			if c.section == p.ID && c.verdict() != NotAttempted {
				one.Verdict = string(c.verdict())
				break
			}
		}
		all = append(all, one)
	}
	for _, rest := range [][2]string{{"rows", "Row by row"}, {"data", "Data"}, {"settings", "Settings"}, {"cells", "Cells"}, {"warnings", "Warnings"}} {
		all = append(all, entry{ID: rest[0], Title: rest[1]})
	}
	return all
}
