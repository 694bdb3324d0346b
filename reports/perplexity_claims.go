package reports

import (
	"fmt"
	"math"
	"strings"

	"infinibench/reports/table"
)

// number is the ratio on a card.
func (c ratioClaim) number() dialPoint {
	paper := c.paper
	if paper == 0 {
		paper = math.NaN()
	}
	return dialPoint{c.ours, paper}
}

// lowerPerplexity is the claim of Table 2 against the two baselines it names.
func lowerPerplexity(comparisons []*comparison, pages []perplexityPage) claim {
	t := claim{text: "Lower perplexity than Transformer-XL and the Memorizing Transformer (Table 2)", brief: "Better than both baselines", place: 1, tally: "ratios below 1", dial: ratioDial}
	var ran []*row
	for _, paper := range []paperCorpus{paperPG19, paperArxiv} {
		best := paper.perplexity[paper.reference]
		t.paper += fmt.Sprintf("%s: ÷ Transf.-XL %.3f%s, ÷ Memorizing %.3f%[3]s; ", paper.name, best/paper.perplexity["transformer-xl"], borrowed, best/paper.perplexity["memorizing"])
	}
	t.paper = strings.TrimSuffix(t.paper, "; ")
	for i, c := range comparisons {
		var found []evidence
		for _, r := range c.rows {
			if r.paper == 0 || r.long || r.model != "transformer-xl" && r.model != "memorizing" {
				continue
			}
			v := evidence{who: table.Clean(c.corpus) + ", " + c.shortName(r), verdict: r.verdict, why: r.why, trial: r.trial}
			if len(r.records) > 0 {
				ran = append(ran, r)
				v.ours = v.who + ": " + r.evidence()
				if r.claim.ours.N > 0 {
					v.ours = fmt.Sprintf("%s: ÷ %s %s", table.Clean(c.corpus), c.shortName(r), r.claim.ours)
					v.number = r.claim.number()
				}
			}
			found = append(found, v)
		}
		t.add(found, pages[i].ID, pages[i].ID)
	}
	t.scale = scaleOfRows(ran)
	return t
}

// longerTraining is the claim of the text below Table 2.
func longerTraining(comparisons []*comparison, pages []perplexityPage) claim {
	t := claim{text: "Training on sequences of 100K tokens lowers the perplexity further", brief: "Better still trained at 100K", place: 3, tally: "ratios below 1", dial: ratioDial}
	for _, model := range []string{infiniLin, infiniDelta} {
		usual, long := paperArxiv.perplexity[model], paperArxiv.at100K[model]
		t.paper += fmt.Sprintf("%s: 100K ÷ 32K %.3f; ", shortName(model), long/usual)
	}
	t.paper = strings.TrimSuffix(t.paper, "; ")
	var ran []*row
	for i, c := range comparisons {
		var found []evidence
		for _, r := range c.rows {
			if !r.long || r.paper == 0 {
				continue
			}
			v := evidence{who: table.Clean(c.corpus) + ", " + shortName(r.model), verdict: r.verdict, why: r.why, trial: r.trial}
			if len(r.records) > 0 {
				ran = append(ran, r)
				v.ours = v.who + ": " + r.evidence()
				if r.claim.ours.N > 0 {
					v.ours = v.who + ": long ÷ usual " + r.claim.ours.String()
					v.number = r.claim.number()
				}
			}
			found = append(found, v)
		}
		t.add(found, pages[i].ID, pages[i].anchor("long"))
	}
	t.scale = scaleOfRows(ran)
	if len(ran) > 0 {
		t.scale += "; " + table.Count(int64(ran[0].length)) + " tokens for 100K"
	}
	return t
}

// scaleOfRows says how far rows of perplexity are from the paper's setting.
func scaleOfRows(rows []*row) string {
	if len(rows) == 0 {
		return "failed"
	}
	low, high, seeds := rows[0].scale.Parameters, rows[0].scale.Parameters, len(rows[0].records)
	full, standIn := true, false
	for _, r := range rows {
		low, high, seeds = min(low, r.scale.Parameters), max(high, r.scale.Parameters), max(seeds, len(r.records))
		full, standIn = full && r.scale.PaperScale, standIn || r.standIn
	}
	words := shortRange(low, high) + " of ≈" + table.Short(paperScale.Parameters) + " parameters"
	if full {
		words = "the paper's scale"
	}
	if standIn {
		words += ", stand-in text"
	}
	return words + ", " + plural(seeds, "seed")
}

// tried lists the rows that bear on a claim of the paper and have a cell that ran, even
// one that failed.
func (c *comparison) tried() []*row {
	var rows []*row
	for _, r := range c.rows {
		if r.verdict != NoClaim && r.verdict != NotAttempted {
			rows = append(rows, r)
		}
	}
	return rows
}

// notAttempted names the paper's rows without a result, with its values.
func (c *comparison) notAttempted() string {
	var names []string
	for _, r := range c.rows {
		if r.verdict == NotAttempted {
			name := c.name(r)
			if r.model == infiniLin || r.model == infiniDelta {
				name = c.shortName(r)
			}
			names = append(names, fmt.Sprintf("%s %.2f", name, r.paper))
		}
	}
	return strings.Join(names, "; ")
}

// claim states what the verdict of a row is about; name formats a model's id.
func (c *comparison) claim(r *row, name func(string) string) string {
	full, long := c.name(r), modelName(r.model)
	own := name(r.model) + full[len(long):]
	switch {
	case r.long:
		return own + ", beats " + name(r.model) + " trained as usual"
	case r.model == infiniLin || r.model == infiniDelta:
		return own + " beats " + name(localOnly)
	}
	return name(c.paper.reference) + " beats " + own
}
