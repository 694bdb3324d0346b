package reports

import (
	"fmt"
	"html/template"
	"strings"

	"infinibench/internal/results"
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
	Weakest bool   // its evidence is the weakest of all claims
	Anchor  string // of its section, "" for none
	Axis    template.HTML
	Label   string // the axis in words, for a reader who does not see it
}

// cardsHTML renders cards and their key as the first screen of the report does.
func cardsHTML(all []card) (template.HTML, error) {
	t, err := template.ParseFS(pageFiles, "page/cards.gohtml")
	if err != nil {
		return "", fmt.Errorf("reports: cards: %w", err)
	}
	var out strings.Builder
	if err = t.ExecuteTemplate(&out, "key", nil); err == nil {
		err = t.ExecuteTemplate(&out, "cards", all)
	}
	return template.HTML(out.String()), err
}

// cards lays the claims out for the first screen.
func cards(claims []claim) []card {
	var all []card
	weak := weakest(claims)
	for i, c := range claims {
		v := c.verdict()
		one := card{Claim: c.brief, Verdict: v, Class: verdictClass(string(v)), Sign: signs[v], Why: c.tallied() + c.aside, Weakest: i == weak, Anchor: c.section}
		one.Axis, one.Label = c.dial.draw(c.evidence)
		all = append(all, one)
	}
	return all
}

// tallied counts the parts of a claim that hold, in the claim's own words, and says what the
// trial could have shown; without a fair trial it says what is lacking.
func (t claim) tallied() string {
	v := t.verdict()
	switch {
	case v == NotAttempted:
		return "no result in this run"
	case v == NoFairTrial:
		first := t.decided(v)[0]
		lacks, _, _ := strings.Cut(first.trial.Lacks, ", and a fair trial") // the section says that too,
		lacks, _, _ = strings.Cut(lacks, " (")                              // and what is in brackets
		if len(t.evidence) > 1 {
			lacks = first.who + ": " + lacks
		}
		return lacks
	case t.tally == "":
		return t.why()
	}
	holds := len(t.decided(Reproduced)) + len(t.decided(DirectionHolds))
	return fmt.Sprintf("%d of %d %s%s", holds, len(t.evidence), t.tally, t.could())
}

// signs gives each verdict its own shape, so that readers can distinguish the verdicts
// without colour.
var signs = map[Verdict]template.HTML{
	Reproduced:     sign(`<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.5 8.2 7 10.7l4.6-5.2" fill="none" stroke="var(--page)" stroke-width="2"/>`),
	DirectionHolds: sign(`<path d="M8 1 15 8H11V15H5V8H1Z" fill="currentColor"/>`),
	NotReproduced:  sign(`<path d="M2 2 14 14M14 2 2 14" fill="none" stroke="currentColor" stroke-width="3"/>`),
	Undecided:      sign(`<path d="M8 1 15 8 8 15 1 8Z" fill="none" stroke="currentColor" stroke-width="2"/>`),
	NoFairTrial:    sign(`<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2"/><path d="M4 12 12 4" stroke="currentColor" stroke-width="2"/>`),
	NotAttempted:   sign(`<path d="M2 8H14" stroke="currentColor" stroke-width="2" stroke-dasharray="3 2"/>`),
}

func sign(shapes string) template.HTML {
	return template.HTML(`<svg class="sign" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">` + shapes + `</svg>`)
}

// resultOf states in one sentence how many claims have each verdict.
func resultOf(claims []claim) string {
	counts := map[Verdict]int{}
	for _, c := range claims {
		counts[c.verdict()]++
	}
	if words := countWords(counts); words != "" {
		return fmt.Sprintf("Of %s: %s.", plural(len(claims), "claim"), words)
	}
	return ""
}

// scale describes the size of the run in one line.
func (d *Document) scale() string {
	var low, high int64
	seeds, standIn := map[uint64]bool{}, false
	for _, record := range d.run.Records {
		r := record.Result
		if n := r.Scale.Parameters; r.Status == results.StatusDone && r.Cell.Corpus != "" && n > 0 {
			if low == 0 {
				low = n
			}
			low, high, standIn = min(low, n), max(high, n), standIn || isStandIn(r)
			seeds[r.Cell.Seed] = true
		}
	}
	cells := plural(len(d.run.Records), "cell")
	if high == 0 {
		return cells
	}
	words := shortRange(low, high) + " parameters"
	if high < paperScale.Parameters {
		words += " (paper: ≈" + table.Short(paperScale.Parameters) + ")"
	}
	if standIn {
		words += ", stand-in text"
	}
	return table.Clean(words + ", " + plural(len(seeds), "seed") + " · " + cells)
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
	Part   string
	Source string // file of the section's figure
}

// pictureOf repeats a section's chart under a new id.
func pictureOf(c *content) picture {
	f := *c.picture
	f.ID = "chart-first-" + f.File()
	part := ""
	if len(c.parts) > 0 {
		part = c.parts[0].ID
	}
	return picture{&f, part, c.picture.File()}
}

// entry is a line of the table of contents. The verdict is that on all evidence of the part,
// by the rule for claims; "" for none.
type entry struct{ ID, Title, Verdict string }

// contentsOf is the table of contents.
func (d *Document) contentsOf(claims []claim) []entry {
	all := []entry{{ID: "summary", Title: "Claims"}}
	for _, p := range d.Parts {
		// The table of contents is narrow: drop the brackets, which the heading has.
		title, _, _ := strings.Cut(p.Title, " (")
		one := entry{ID: p.ID, Title: title}
		var judged claim
		for _, c := range claims {
			for _, v := range c.evidence {
				if v.part == p.ID {
					judged.evidence = append(judged.evidence, v)
				}
			}
		}
		if v := judged.verdict(); v != NotAttempted {
			one.Verdict = string(v)
		}
		all = append(all, one)
	}
	for _, rest := range [][2]string{{"rows", "Row by row"}, {"data", "Data"}, {"settings", "Settings"}, {"cite", "Cite this run"}, {"cells", "Cells"}, {"warnings", "Warnings"}} {
		all = append(all, entry{ID: rest[0], Title: rest[1]})
	}
	return all
}
