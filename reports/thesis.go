package reports

import (
	"fmt"
	"slices"
	"strings"

	"infinibench/experiments"
)

// thesis is one claim of the paper as a whole. It has no rule of its own: its verdict
// is that of the rows that bear on it, each judged where its section is made.
type thesis struct {
	text    string // the claim
	brief   string // the same for the terminal
	paper   string // its values
	section string // anchor on the page, "" for none
	votes   []vote
	scale   string
	remark  string // what else bears on it and has no vote
}

// vote is what one row of a section says of a thesis.
type vote struct {
	who     string // text and model
	verdict Verdict
	why     string
	ours    string // what is compared, and our value with its interval
}

// theses are the claims of the paper, in the order of its abstract.
func (d *document) theses() []thesis {
	return []thesis{
		d.lowerPerplexity(), ledgerThesis(d.Memory.ledger), d.longerTraining(), d.millionTokens(), d.moreOfTheBook(),
		d.gatesThesis(), d.boundedMemory(),
	}
}

// verdict is that of a claim which holds where all of its parts do: one that is not
// reproduced refutes it, one that is open leaves it open, and else it is worth as much
// as the weakest.
func (t thesis) verdict() Verdict {
	for _, v := range []Verdict{NotReproduced, Undecided, DirectionHolds, Reproduced} {
		if t.decided(v) != nil {
			return v
		}
	}
	return NotAttempted
}

// decided are the votes with a verdict; what was not attempted beside something that
// was leaves the claim open.
func (t thesis) decided(of Verdict) []vote {
	tried := slices.ContainsFunc(t.votes, func(v vote) bool { return v.verdict != NotAttempted })
	var found []vote
	for _, v := range t.votes {
		if v.verdict == of || of == Undecided && tried && v.verdict == NotAttempted {
			found = append(found, v)
		}
	}
	return found
}

// why is what decides: of an open or a refuted claim the first part that leaves it so,
// and how many more there are.
func (t thesis) why() string {
	v := t.verdict()
	if v == NotAttempted {
		return "no result in this run"
	}
	found := t.decided(v)
	if len(t.votes) == 1 || v == DirectionHolds || v == Reproduced {
		return found[0].why
	}
	text := found[0].who + ": " + found[0].why
	if more := len(found) - 1; more > 0 {
		text += "; and " + plural(more, "more part")
	}
	return text
}

func (t thesis) ours() string {
	var parts []string
	for _, v := range t.votes {
		if v.ours != "" {
			parts = append(parts, v.ours)
		}
	}
	return strings.Join(parts, "; ")
}

// thesesTable is the summary: a row for each claim.
func thesesTable(theses []thesis) *Table {
	t := newTable("claims", "The paper's claims", "Claim", "Verdict", "Paper", "Ours [95 %]", "Scale", "Why")
	for _, th := range theses {
		scale := th.scale
		if th.verdict() == NotAttempted {
			scale = "paper only"
		}
		why := th.why()
		if th.remark != "" {
			why += "; " + th.remark
		}
		t.add(th.text, string(th.verdict()), th.paper, th.ours(), scale, why)
		t.anchors = append(t.anchors, th.section)
	}
	t.note("A claim is worth as much as the weakest of its parts, the rows of its section.")
	return t
}

// lowerPerplexity is the claim of Table 2 against the two baselines it names.
func (d *document) lowerPerplexity() thesis {
	t := thesis{text: "Lower perplexity than Transformer-XL and the Memorizing Transformer (Table 2)", brief: "Better than both baselines"}
	var ran []*row
	for _, paper := range []paperCorpus{paperPG19, paperArxiv} {
		best := paper.perplexity[paper.reference]
		t.paper += fmt.Sprintf("%s: ÷ Transf.-XL %.3f, ÷ Memorizing %.3f; ", paper.name, best/paper.perplexity["transformer-xl"], best/paper.perplexity["memorizing"])
	}
	t.paper = strings.TrimSuffix(t.paper, "; ")
	for i, c := range d.comparisons {
		var votes []vote
		for _, r := range c.rows {
			value := r.model == c.paper.reference && r.paperScale() // there the claim is the value itself
			if r.paper == 0 || r.long || r.model != "transformer-xl" && r.model != "memorizing" && !value {
				continue
			}
			v := vote{who: clean(c.corpus) + ", " + c.shortName(r), verdict: r.verdict, why: r.why}
			if len(r.records) > 0 {
				ran = append(ran, r)
				v.ours = v.who + ": " + c.evidence(r)
				if r.overBest.N > 0 && !r.paperScale() {
					v.ours = fmt.Sprintf("%s: ÷ %s %s", clean(c.corpus), c.shortName(r), r.overBest.inverse())
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
		t.paper += fmt.Sprintf("%s: ÷ at 32K %.3f; ", shortName(model), long/usual)
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
				v.ours = v.who + ": " + c.evidence(r)
				if r.overShort.N > 0 && !r.paperScale() {
					v.ours = v.who + ": ÷ as usual " + r.overShort.String()
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

// add adds the votes of a section in which something was tried; the first is linked.
func (t *thesis) add(votes []vote, section string) {
	if !slices.ContainsFunc(votes, func(v vote) bool { return v.verdict != NotAttempted && v.verdict != NoClaim }) {
		return
	}
	for _, v := range votes {
		if v.verdict != NoClaim {
			t.votes = append(t.votes, v)
		}
	}
	if t.section == "" {
		t.section = section
	}
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
		at := paperPasskey[experiments.StagePaper][model][4]
		t.paper += fmt.Sprintf("%s: start %v %%, middle %v %%; ", shortName(model), at[0], at[1])
	}
	t.paper = strings.TrimSuffix(t.paper, "; ")
	for i, p := range d.retrievals {
		var votes []vote
		var ours []string
		for _, r := range p.rows {
			switch r.stage {
			case experiments.StagePaper:
				v := vote{who: r.name(shortName), verdict: r.verdict, why: r.why}
				if ours := r.evidence(); ours != "" {
					v.ours = v.who + ": " + ours
				}
				votes = append(votes, v)
				if r.scored != nil && r.verdict != NoClaim {
					t.scale = fmt.Sprintf("%s of %s parameters, prompts to %s tokens", short(r.record.Result.Scale.Parameters), short(paperKeyScale.parameters), count(int64(p.lengths[len(p.lengths)-1])))
				}
			case experiments.StageRecipe:
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
