package reports

import (
	"slices"
	"strings"
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
	t := newTable("claims", "The paper's claims", "Claim", "Verdict", "Paper", "Ours [95 %]", "Scale", "Why").csv("claim", "verdict", "paper_in_words", "ours_in_words", "scale", "why")
	for _, th := range theses {
		scale := th.scale
		if th.verdict() == NotAttempted {
			scale = "paper only"
		}
		why := th.why()
		if th.remark != "" {
			why += "; " + th.remark
		}
		t.put(prose(th.text), text(string(th.verdict())), prose(th.paper), prose(th.ours()), prose(scale), prose(why))
		t.anchors = append(t.anchors, th.section)
	}
	t.note("%s", borrowedNote)
	t.note("A claim is worth as much as the weakest of its parts, the rows of its section.")
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
