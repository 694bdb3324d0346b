package reports

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"infinibench/reports/table"
)

// comparePage is what page/compare.gohtml shows.
type comparePage struct {
	Title, Result string
	CSS           template.CSS
	Runs          []runMark
	Cards         []runsCard
	LeftOut       []string
	Heads, Tables []*table.Table // of the runs and their settings, and of the differences
	Warnings      []string
}

// runMark is how a run is called and marked on the cards.
type runMark struct {
	Letter, Name, Cells string
	Mark                template.HTML
}

// runsCard is a claim with its verdict in each run, and the numbers of all on one axis.
type runsCard struct {
	Claim string
	Class string // of the verdict, if all runs agree
	Runs  []runVerdict
	Axis  template.HTML
	Label string
}

// runVerdict is a line of a card.
type runVerdict struct {
	Letter string
	card
}

// Page renders the comparison as a page that needs nothing but itself, with the cards of the
// report. The runs are those the comparison was made of, in order.
func (s *SideBySide) Page(runs []*Run) ([]byte, error) {
	p := comparePage{Result: s.result(), Warnings: s.Warnings}
	var names []string
	var claims [][]claim
	for i, run := range runs {
		d, err := New(run)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Runs[i].Name, err)
		}
		claims = append(claims, d.claims())
		h := s.Runs[i]
		cells := plural(h.Done, "cell")
		if h.Failed > 0 {
			cells += fmt.Sprintf(", %d failed", h.Failed)
		}
		mark := fmt.Sprintf(runMarks[i%len(runMarks)], 6., 6., "")
		names = append(names, table.Clean(h.Name))
		p.Runs = append(p.Runs, runMark{runLetter(i), table.Clean(h.Name), cells, template.HTML(`<svg width="12" height="12" viewBox="0 0 12 12">` + mark + `</svg>`)})
	}
	p.Title = strings.Join(names, " and ")
	if len(names) > 2 {
		p.Title = plural(len(names), "run") + " side by side"
	}
	p.Cards = runsCards(claims)
	tables := s.Tables()
	first := slices.IndexFunc(tables, func(t *table.Table) bool { return t.Name != "runs" && t.Name != "settings" })
	if first < 0 {
		first = len(tables)
	}
	p.Heads, p.Tables = tables[:first], tables[first:]
	for _, row := range s.Rows {
		for _, l := range row.LeftOut {
			if words := l.String(); !row.inOne() && !slices.Contains(p.LeftOut, words) {
				p.LeftOut = append(p.LeftOut, words)
			}
		}
	}
	for _, name := range []string{"report.css", "compare.css"} {
		raw, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return nil, fmt.Errorf("reports: %w", err)
		}
		p.CSS += template.CSS(raw)
	}
	t, err := template.New("compare").Funcs(pageFuncs(nil)).ParseFS(pageFiles, "page/*.gohtml")
	if err != nil {
		return nil, fmt.Errorf("reports: page: %w", err)
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "compare", p); err != nil {
		return nil, fmt.Errorf("reports: page: %w", err)
	}
	return out.Bytes(), nil
}

// runsCards matches the claims of runs by their place in the abstract and their name, in the
// order of the first run that has them.
func runsCards(runs [][]claim) []runsCard {
	type key struct {
		place int
		brief string
	}
	var order []key
	of := map[key][]claim{} // of each run; without evidence where a run lacks the claim
	for i, claims := range runs {
		for _, c := range claims {
			k := key{c.place, c.brief}
			if of[k] == nil {
				order = append(order, k)
				of[k] = make([]claim, len(runs))
			}
			of[k][i] = c
		}
	}
	slices.SortStableFunc(order, func(a, b key) int { return a.place - b.place })
	var all []runsCard
	for _, k := range order {
		one := runsCard{Claim: k.brief}
		var d *dial
		var found [][]evidence
		for i, c := range of[k] {
			if c.dial != nil {
				d = c.dial
			}
			found = append(found, c.evidence)
			one.Runs = append(one.Runs, runVerdict{runLetter(i), cards([]claim{c})[0]})
		}
		one.Axis, one.Label = d.draw(found...)
		one.Class = one.Runs[0].Class
		for _, r := range one.Runs {
			if r.Verdict != one.Runs[0].Verdict {
				one.Class = ""
			}
		}
		all = append(all, one)
	}
	return all
}

// result counts the differences in one sentence.
func (s *SideBySide) result() string {
	counts := map[Call]int{}
	for _, row := range s.Rows {
		if row.inOne() {
			continue
		}
		for _, c := range row.Contrast {
			counts[c.Call]++
		}
	}
	total := counts[Better] + counts[Worse] + counts[Noise]
	text := fmt.Sprintf("Of %s from %s: %d better, %d worse, %d without a sure change", plural(total, "difference"), table.Clean(s.Runs[0].Name), counts[Better], counts[Worse], counts[Noise])
	if n := counts[NotCompared]; n > 0 {
		text += fmt.Sprintf("; %d more cannot be compared", n)
	}
	return text + "."
}
