package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"infinibench/reports/table"
)

// claim is one claim of the paper as a whole. It has no separate rule: its verdict follows
// from the rows that bear on it, each judged in its own section.
type claim struct {
	text     string // the claim
	brief    string // the same for the terminal
	place    int    // in the order of the abstract, from 1
	paper    string // its values
	section  string // anchor on the page, "" for none
	evidence []evidence
	scale    string
	remark   string // what else bears on it and does not count
	aside    string // the same in few words for its card

	tally string // what parts that hold have in common, after their number: "ratios below 1"
	dial  *dial  // the axis of its card, nil if its evidence is no numbers
}

// evidence is what one row of a section says about a claim.
type evidence struct {
	who     string // text and model
	verdict Verdict
	why     string
	ours    string // what is compared, and our value with its interval
	number  dialPoint
	part    string // id of the part of the page that judges it
	trial   Trial  // what could have been shown
}

// verdict combines the evidence: a claim holds if all of its parts do. One part that is not
// reproduced refutes the claim, one without a fair trial leaves it without a verdict, one open
// part leaves it open; otherwise the weakest part decides.
func (t claim) verdict() Verdict {
	for _, v := range []Verdict{NotReproduced, NoFairTrial, Undecided, DirectionHolds, Reproduced} {
		if t.decided(v) != nil {
			return v
		}
	}
	return NotAttempted
}

// decided returns the evidence with a given verdict. A part that was not attempted, beside
// one that was, counts as undecided.
func (t claim) decided(of Verdict) []evidence {
	tried := slices.ContainsFunc(t.evidence, func(v evidence) bool { return v.verdict != NotAttempted })
	var found []evidence
	for _, v := range t.evidence {
		if v.verdict == of || of == Undecided && tried && v.verdict == NotAttempted {
			found = append(found, v)
		}
	}
	return found
}

// why names the deciding part: for an open or refuted claim the first part that makes it so,
// and the number of further ones.
func (t claim) why() string {
	v := t.verdict()
	if v == NotAttempted {
		return "no result in this run"
	}
	found := t.decided(v)
	if len(t.evidence) == 1 || v == DirectionHolds || v == Reproduced {
		return found[0].why
	}
	text := found[0].who + ": " + found[0].why
	if more := len(found) - 1; more > 0 {
		text += "; and " + plural(more, "more part")
	}
	return text
}

// weakest is the index of the claim with the weakest evidence, -1 if nothing was tried: one
// without a fair trial before an undecided one, and one of those before the rest. Among equals
// it is the claim that rests on the smallest sample; a part that is counted has none.
func weakest(claims []claim) int {
	strength := func(c claim) (grade, sample int) {
		sample = math.MaxInt
		for _, v := range c.evidence {
			if v.trial.N > 0 {
				sample = min(sample, v.trial.N)
			}
		}
		switch c.verdict() {
		case NoFairTrial:
			return 0, sample
		case Undecided:
			return 1, sample
		}
		return 2, sample
	}
	at, grade, sample := -1, 0, 0
	for i, c := range claims {
		if c.verdict() == NotAttempted {
			continue
		}
		if g, n := strength(c); at < 0 || g < grade || g == grade && n < sample {
			at, grade, sample = i, g, n
		}
	}
	return at
}

func (t claim) ours() string {
	var parts []string
	for _, v := range t.evidence {
		if v.ours != "" {
			parts = append(parts, v.ours)
		}
	}
	return strings.Join(parts, "; ")
}

// could is the largest of the smallest differences that the trials of all parts could have
// shown; "" if nothing was estimated.
func (t claim) could() string {
	var largest Trial
	for _, v := range t.evidence {
		if v.trial.N > 0 && v.trial.Detectable > largest.Detectable {
			largest = v.trial
		}
	}
	if largest.N == 0 {
		return ""
	}
	return fmt.Sprintf("; detects %s %s", table.Decimals(100*largest.Detectable, 1), largest.Unit)
}

// power is what the trials of all parts could have shown, equal words once.
func (t claim) power() string {
	var words []string
	who := map[string][]string{}
	for _, v := range t.evidence {
		if w := v.trial.words(); w != "" && v.verdict != NotAttempted {
			if who[w] == nil {
				words = append(words, w)
			}
			who[w] = append(who[w], v.who)
		}
	}
	for i, w := range words {
		if len(t.evidence) > 1 {
			words[i] = strings.Join(who[w], " and ") + ": " + w
		}
	}
	return strings.Join(words, "; ")
}

// claimsTable is the summary: a row for each claim.
func claimsTable(claims []claim) *table.Table {
	t := table.New("claims", "The paper's claims", "Claim", "Verdict", "Paper", "Ours [95 %]", "Scale", "Why", "Could have shown").CSV("claim", "verdict", "paper_in_words", "ours_in_words", "scale", "why", "could_have_shown")
	for _, c := range claims {
		scale := c.scale
		if c.verdict() == NotAttempted {
			scale = "paper only"
		}
		why := c.why()
		if c.remark != "" {
			why += "; " + c.remark
		}
		power := table.Cell{}
		if words := c.power(); words != "" {
			power = table.Prose(words)
		}
		t.Put(table.Prose(c.text), table.Text(string(c.verdict())), table.Prose(c.paper), table.Prose(c.ours()), table.Prose(scale), table.Prose(why), power)
		t.Anchors = append(t.Anchors, c.section)
	}
	t.Note("%s", borrowedNote)
	t.Note("A claim is worth as much as the weakest of its parts, the rows of its section.")
	t.Note("Could have shown: the smallest difference that the spread of seeds, documents, keys, books or heads would let show with a probability of 80 %%, and the positive control. Where either is too weak, nothing speaks for or against the paper: no fair trial.")
	return t
}

// add adds the evidence of a part of the page in which something was tried; the anchor of the
// first is linked.
func (t *claim) add(found []evidence, part, anchor string) {
	if !slices.ContainsFunc(found, func(v evidence) bool { return v.verdict != NotAttempted && v.verdict != NoClaim }) {
		return
	}
	for _, v := range found {
		if v.verdict != NoClaim {
			v.part = part
			t.evidence = append(t.evidence, v)
		}
	}
	if t.section == "" {
		t.section = anchor
	}
}
