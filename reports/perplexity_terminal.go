package reports

import (
	"fmt"
	"strings"

	"infinibench/reports/table"
)

// perplexityScoresOf are the perplexities on each text and, on a wide screen, their ratios
// to the control's.
func perplexityScoresOf(comparisons []*comparison) scores {
	var s scores
	var ran []*row
	var names []string
	seeds := 0
	for _, c := range comparisons {
		for _, r := range c.rows {
			seeds = max(seeds, len(r.records))
		}
	}
	for _, c := range comparisons {
		value, over := scoreColumn{title: table.CleanTo(c.corpus, scoreTitle)}, scoreColumn{title: "÷ local only", wide: true}
		seen := map[string]int{}
		for _, r := range c.rows {
			if len(r.records) == 0 {
				continue
			}
			ran = append(ran, r)
			name := c.shortName(r)
			if seen[name]++; seen[name] > 1 { // of another scale
				name += fmt.Sprintf(" (%d)", seen[name])
			}
			one := bracketed(name, r.ours.String())
			if len(r.records) < seeds {
				one.interval += fmt.Sprintf(" n=%d", len(r.records))
			}
			value.rows = append(value.rows, one)
			if r.overLocal.N > 0 {
				over.rows = append(over.rows, bracketed(name, r.overLocal.String()))
			}
		}
		if len(value.rows) == 0 {
			continue
		}
		names = append(names, value.title)
		for _, i := range c.ideals {
			size := ""
			if len(c.ideals) > 1 {
				size = ", " + table.Count(int64(i.segment))
			}
			value.rows = append(value.rows, score{model: "Ideal, history" + size, value: table.Sig4(i.full)}, score{model: "Ideal, segment" + size, value: table.Sig4(i.limited)})
		}
		s.columns = append(s.columns, value, over)
	}
	if len(ran) == 0 {
		return s
	}
	s.note = strings.Join(names, ", ") + ": token perplexity, lower is better; " + scaleOfRows(ran)
	return s
}
