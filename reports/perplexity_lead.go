package reports

import (
	"fmt"
	"math"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// perplexityLead says in the page's first paragraphs what the verdicts are worth, and at
// what scale.
func perplexityLead(comparisons []*comparison) []string {
	var text []string
	reduced, full := 0, 0
	for _, c := range comparisons {
		for _, r := range c.rows {
			if len(r.records) > 0 && r.paperScale() {
				full++
			} else if len(r.records) > 0 {
				reduced++
			}
		}
	}
	switch {
	case full == 0 && reduced > 0:
		text = append(text, "No row was run at the paper's scale and on its data, so none of its models' ratios is reproduced here; “direction holds” says that an ordering or a trend is the paper's.")
	case reduced > 0:
		text = append(text, fmt.Sprintf("%d of %d rows were run at the paper's scale and on its data.", full, full+reduced))
	}
	if t := scaleSentence(comparisons); t != "" {
		text = append(text, t)
	}
	return text
}

// scaleSentence sets the sizes of everything that ran beside the paper's.
func scaleSentence(comparisons []*comparison) string {
	sizes := []struct {
		of    func(results.Scale) int64
		low   int64
		high  int64
		words string // with our size, then the paper's
		paper string
	}{
		{of: func(s results.Scale) int64 { return s.Parameters }, words: "%s parameters (paper: %s)", paper: "≈" + table.Short(paperScale.Parameters)},
		{of: func(s results.Scale) int64 { return int64(s.Segment) }, words: "segments of %s tokens (%s)", paper: table.Count(int64(paperScale.Segment))},
		{of: func(s results.Scale) int64 { return int64(s.TrainLength) }, words: "training sequences of %s tokens (%s)", paper: table.Count(int64(paperScale.TrainLength))},
		{of: func(s results.Scale) int64 { return s.TrainTokens }, words: "%s training tokens a cell (%s)", paper: "not stated"},
	}
	var parts []string
	for _, size := range sizes {
		ran := false
		for _, c := range comparisons {
			for _, r := range c.rows {
				if len(r.records) == 0 {
					continue
				}
				v := size.of(r.scale)
				if !ran {
					size.low, size.high, ran = v, v, true
				}
				size.low, size.high = min(size.low, v), max(size.high, v)
			}
		}
		if !ran {
			return ""
		}
		ours := table.Short(size.low)
		if other := table.Short(size.high); other != ours {
			ours += " to " + other
		}
		parts = append(parts, fmt.Sprintf(size.words, ours, size.paper))
	}
	return "Scale: " + strings.Join(parts, ", ") + "."
}

// headline says what came out on one corpus, in a line.
func (c *comparison) headline() string {
	var parts []string
	for _, r := range c.tried() {
		parts = append(parts, c.shortName(r)+": "+c.finding(r))
	}
	if len(parts) == 0 {
		return "no result bears on a claim of the paper."
	}
	return strings.Join(parts, "; ") + "."
}

// finding is the verdict of one row in words.
func (c *comparison) finding(r *row) string {
	change := func(i Interval) string { return table.Decimals(100*math.Abs(i.Mean-1), 1) + " %" }
	switch i := r.overLocal; {
	case len(r.records) == 0:
		return "every cell failed"
	case r.paperScale():
		return fmt.Sprintf("%s, %s where the paper has %s", r.verdict, r.evidence(), r.paperEvidence())
	case r.long && r.overShort.N > 0:
		return fmt.Sprintf("%s, %s of the perplexity at the usual length", r.verdict, table.Percent(r.overShort.Mean))
	case r.long || r.model != infiniLin && r.model != infiniDelta:
		return string(r.verdict)
	case r.verdict == NoFairTrial:
		return string(r.verdict) + ", " + r.why
	case i.High < 1:
		// A better model with a memory is not yet better because of it.
		z, text := r.zeroedRatio, "memory helps, "
		if z.N > 1 && z.Low <= 1 {
			text = "better than the control, but zeroing its memory makes no sure difference; "
		}
		text += "perplexity " + change(i) + " below the control's"
		if share, known := c.closed(r); known {
			text += fmt.Sprintf(", %s %% of the way from the best reader without memory to the best with it", table.Hundred(share))
		}
		return text
	case i.Low >= 1:
		return "memory does not help, perplexity " + change(i) + " above the control's"
	}
	return "undecided, the difference from the control may be chance"
}
