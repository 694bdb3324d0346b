package reports

import (
	"fmt"
	"strings"

	"infinibench/internal/results"
)

// theses are the claims of the paper, in the order of its abstract.
func (d *document) theses() []thesis {
	return []thesis{
		d.lowerPerplexity(), ledgerThesis(d.Memory.ledger), d.longerTraining(), d.millionTokens(), d.moreOfTheBook(),
		d.gatesThesis(), d.boundedMemory(),
	}
}

// lowerPerplexity is the claim of Table 2 against the two baselines it names.
func (d *document) lowerPerplexity() thesis {
	t := thesis{text: "Lower perplexity than Transformer-XL and the Memorizing Transformer (Table 2)", brief: "Better than both baselines"}
	var ran []*row
	for _, paper := range []paperCorpus{paperPG19, paperArxiv} {
		best := paper.perplexity[paper.reference]
		t.paper += fmt.Sprintf("%s: ÷ Transf.-XL %.3f%s, ÷ Memorizing %.3f%[3]s; ", paper.name, best/paper.perplexity["transformer-xl"], borrowed, best/paper.perplexity["memorizing"])
	}
	t.paper = strings.TrimSuffix(t.paper, "; ")
	for i, c := range d.comparisons {
		var votes []vote
		for _, r := range c.rows {
			if r.paper == 0 || r.long || r.model != "transformer-xl" && r.model != "memorizing" {
				continue
			}
			v := vote{who: clean(c.corpus) + ", " + c.shortName(r), verdict: r.verdict, why: r.why}
			if len(r.records) > 0 {
				ran = append(ran, r)
				v.ours = v.who + ": " + r.evidence()
				if r.claim.ours.N > 0 {
					v.ours = fmt.Sprintf("%s: ÷ %s %s", clean(c.corpus), c.shortName(r), r.claim.ours)
				}
			}
			votes = append(votes, v)
		}
		t.add(votes, d.Corpora[i].ID)
	}
	t.scale = scaleOfRows(ran)
	return t
}

// longerTraining is the claim of the text below Table 2.
func (d *document) longerTraining() thesis {
	t := thesis{text: "Training on sequences of 100K tokens lowers the perplexity further", brief: "Better still trained at 100K"}
	for _, model := range []string{infiniLin, infiniDelta} {
		usual, long := paperArxiv.perplexity[model], paperArxiv.at100K[model]
		t.paper += fmt.Sprintf("%s: 100K ÷ 32K %.3f; ", shortName(model), long/usual)
	}
	t.paper = strings.TrimSuffix(t.paper, "; ")
	var ran []*row
	for i, c := range d.comparisons {
		var votes []vote
		for _, r := range c.rows {
			if !r.long || r.paper == 0 {
				continue
			}
			v := vote{who: clean(c.corpus) + ", " + shortName(r.model), verdict: r.verdict, why: r.why}
			if len(r.records) > 0 {
				ran = append(ran, r)
				v.ours = v.who + ": " + r.evidence()
				if r.claim.ours.N > 0 {
					v.ours = v.who + ": long ÷ usual " + r.claim.ours.String()
				}
			}
			votes = append(votes, v)
		}
		t.add(votes, d.Corpora[i].anchor("long"))
	}
	t.scale = scaleOfRows(ran)
	if len(ran) > 0 {
		t.scale += "; " + count(int64(ran[0].length)) + " tokens for 100K"
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
	words := short(low)
	if other := short(high); other != words {
		words += " to " + other
	}
	words += " of ≈" + short(paperScale.Parameters) + " parameters"
	if full {
		words = "the paper's scale"
	}
	if standIn {
		words += ", stand-in text"
	}
	return words + ", " + plural(seeds, "seed")
}

// millionTokens is the claim of Table 3.
func (d *document) millionTokens() thesis {
	t := thesis{text: "Fine-tuned on 5K tokens, it finds a passkey in 1M tokens (Table 3)", brief: "Passkey in 1M tokens"}
	for _, model := range []string{infiniLin, infiniDelta} {
		at := paperPasskey[results.StagePaper][model][4]
		t.paper += fmt.Sprintf("%s: start %v %%, middle %v %%; ", shortName(model), at[0], at[1])
	}
	t.paper = strings.TrimSuffix(t.paper, "; ")
	for i, p := range d.retrievals {
		var votes []vote
		var ours []string
		for _, r := range p.rows {
			switch r.stage {
			case results.StagePaper:
				v := vote{who: r.name(shortName), verdict: r.verdict, why: r.why}
				if ours := r.evidence(); ours != "" {
					v.ours = v.who + ": " + ours
				}
				votes = append(votes, v)
				if r.scored != nil && r.verdict != NoClaim {
					t.scale = fmt.Sprintf("%s of %s parameters, prompts to %s tokens", short(r.record.Result.Scale.Parameters), short(paperKeyScale.parameters), count(int64(p.lengths[len(p.lengths)-1])))
				}
			case results.StageRecipe:
				if isInfini(r.model) && r.scored != nil {
					ours = append(ours, r.name(shortName)+" "+string(r.verdict)+", "+r.evidence())
				}
			}
		}
		t.add(votes, d.Passkeys[i].ID)
		if len(ours) > 0 {
			t.remark = "by our recipe: " + strings.Join(ours, "; ")
		}
	}
	if t.scale == "" {
		t.scale = "failed"
	}
	return t
}

// moreOfTheBook is the claim of Figure 4.
func (d *document) moreOfTheBook() thesis {
	t := thesis{text: "Summaries get better with more of the book read (Figure 4)", brief: "Better with more of the book", paper: "rises from 16K to 500K tokens; no values", scale: "failed"}
	for i, b := range d.shelves {
		var votes []vote
		for _, r := range b.rows {
			v := vote{who: shortName(r.model), verdict: r.trend, why: r.trendWhy}
			if len(r.points) > 0 && r.trend != NoClaim {
				v.ours = v.who + ": slope " + r.slope.String()
				t.scale = fmt.Sprintf("%s of %s parameters, books to %s of %s tokens, %s", short(r.records[0].Result.Scale.Parameters), short(paperBookParameters), count(int64(r.whole().tokens)), paperBookTokens, plural(len(r.records), "seed"))
			}
			votes = append(votes, v)
		}
		t.add(votes, d.Booksums[i].ID)
	}
	return t
}
