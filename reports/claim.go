package reports

import (
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
}

// verdict combines the evidence: a claim holds if all of its parts do. One part that is not
// reproduced refutes the claim, one open part leaves it open; otherwise the weakest part
// decides.
func (t claim) verdict() Verdict {
	for _, v := range []Verdict{NotReproduced, Undecided, DirectionHolds, Reproduced} {
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

func (t claim) ours() string {
	var parts []string
	for _, v := range t.evidence {
		if v.ours != "" {
			parts = append(parts, v.ours)
		}
	}
	return strings.Join(parts, "; ")
}

// claimsTable is the summary: a row for each claim.
func claimsTable(claims []claim) *table.Table {
	t := table.New("claims", "The paper's claims", "Claim", "Verdict", "Paper", "Ours [95 %]", "Scale", "Why").CSV("claim", "verdict", "paper_in_words", "ours_in_words", "scale", "why")
	for _, c := range claims {
		scale := c.scale
		if c.verdict() == NotAttempted {
			scale = "paper only"
		}
		why := c.why()
		if c.remark != "" {
			why += "; " + c.remark
		}
		t.Put(table.Prose(c.text), table.Text(string(c.verdict())), table.Prose(c.paper), table.Prose(c.ours()), table.Prose(scale), table.Prose(why))
		t.Anchors = append(t.Anchors, c.section)
	}
	t.Note("%s", borrowedNote)
	t.Note("A claim is worth as much as the weakest of its parts, the rows of its section.")
	return t
}

// add adds the evidence of a section in which something was tried; the first is linked.
func (t *claim) add(found []evidence, section string) {
	if !slices.ContainsFunc(found, func(v evidence) bool { return v.verdict != NotAttempted && v.verdict != NoClaim }) {
		return
	}
	for _, v := range found {
		if v.verdict != NoClaim {
			t.evidence = append(t.evidence, v)
		}
	}
	if t.section == "" {
		t.section = section
	}
}
