package reports

import (
	"fmt"

	"infinibench/reports/table"
)

// judge sets the verdict of a row on the paper's Table 4 and Figure 4. The paper claims
// that a bounded memory of the whole book beats readers without one, and that a summary
// improves the more of the book was read. No value is compared with the paper's, which come
// from a pretrained model with 8 billion parameters. The paper's baselines are other models;
// here the first claim is tested against the same model without a memory, book by book.
func (r *bookRow) judge() {
	const control, unknown = "the control; the paper has none", "not in the paper's table"
	switch {
	case r.model == localOnly:
		r.verdict, r.why, r.trend, r.trendWhy = NoClaim, control, NoClaim, control
	case !isInfini(r.model):
		r.verdict, r.why, r.trend, r.trendWhy = NoClaim, unknown, NoClaim, unknown
	case len(r.points) == 0 && len(r.failed) > 0:
		why := plural(len(r.failed), "cell") + " failed: " + table.Clean(r.failed[0].Result.Error)
		r.verdict, r.why, r.trend, r.trendWhy = Undecided, why, Undecided, why
	case len(r.points) == 0:
		const why = "no result in this run"
		r.verdict, r.why, r.trend, r.trendWhy = NotAttempted, why, NotAttempted, why
	default:
		r.verdict, r.why = above(r.overLocal, "overall minus the local-only control's, all of the book read", r.couldShow(r.overLocal))
		r.trend, r.trendWhy = above(r.slope, "the slope of overall over the share read", r.couldShow(r.slope))
	}
}

// couldShow is what the books could have shown of an estimate. The positive control is that
// the model can summarise: of generated books, whose best summary is known, it must reach
// enough of it; of real books, more than their first words.
func (r *bookRow) couldShow(e bookEstimate) Trial {
	t := Trial{Detectable: normalDetectable(e.Low, e.High), Unit: "points of ROUGE", N: e.Books, Of: "book"}
	switch {
	case e.Books == 0:
		return t.lacking("no local-only control that read the same books to compare with", "the model local-only")
	case e.Books == 1:
		return t.lacking("n too small: "+plural(e.Books, "book"), "at least 2")
	}
	p := r.whole()
	more := fmt.Sprintf("more than %s steps (how many is unknown)", table.Count(int64(r.records[0].Result.Scale.Steps)))
	overall := p.rouge.Mid.Overall
	if p.bound == nil {
		lead := p.lead.Mid.Overall
		t.Control = fmt.Sprintf("overall %s, the first words of a book %s", points(overall), points(lead))
		if overall <= lead {
			return t.lacking("it is no better than the first words of a book: "+t.Control, more)
		}
		return t
	}
	share := overall / p.bound.Overall
	t.Control = fmt.Sprintf("it reaches %s %% of the best possible summary", table.Hundred(share))
	if !(share >= fairShare) {
		return t.lacking(fmt.Sprintf("it reaches only %s %% of the best possible summary, and a fair trial needs %s %%", table.Hundred(share), table.Hundred(fairShare)), more)
	}
	return t
}

// above judges a claim that an estimate is above 0.
func above(e bookEstimate, what string, trial Trial) (Verdict, string) {
	value := fmt.Sprintf("%s is %s", what, e)
	switch {
	case trial.Lacks != "":
		return trial.unfair()
	case e.Low > 0:
		return DirectionHolds, value + ": above 0 with its whole interval, not at the paper's scale"
	case e.High <= 0:
		return NotReproduced, value + ": not above 0, with its whole interval"
	}
	return Undecided, value + ": its interval contains 0"
}

// String writes an estimate times 100, as ROUGE is printed: "76.5 [70.5, 81.8]".
func (e bookEstimate) String() string {
	switch e.Books {
	case 0:
		return table.None
	case 1:
		return points(e.Value)
	}
	return fmt.Sprintf("%s [%s, %s]", points(e.Value), points(e.Low), points(e.High))
}

// points writes a share as ROUGE is printed, times 100.
func points(x float64) string { return table.Decimals(100*x, 1) }

// values are an estimate times 100, the ends of its interval, and over how many books.
func (e bookEstimate) values() []any {
	switch e.Books {
	case 0:
		return nil
	case 1:
		return []any{table.Hundredfold(e.Value), nil, nil, int64(1)}
	}
	return []any{table.Hundredfold(e.Value), table.Hundredfold(e.Low), table.Hundredfold(e.High), int64(e.Books)}
}

// paper is the paper's row of the model.
func (r *bookRow) paper() [4]float64 {
	for _, p := range paperBooksum {
		if p.model == r.model {
			return p.rouge
		}
	}
	return [4]float64{}
}

// apart names the books and seeds that a comparison with another row covers if one of the
// two has more; "" if both have the same.
func (r *bookRow) apart(other *bookRow) string {
	if other == nil || other == r || len(r.points) == 0 {
		return ""
	}
	shared, ours, theirs := split(r.bySeed(), other.bySeed())
	books := r.overLocal.Books
	mixed := unlike(bySeed(r.records), bySeed(other.records))
	same := len(ours)+len(theirs)+len(mixed) == 0
	if same && books == r.whole().books && books == other.whole().books || r.whole().tokens != other.whole().tokens {
		return ""
	}
	text := fmt.Sprintf("%s minus %s is over %s of %d and %d", modelName(r.model), shortName(other.model), plural(books, "book"), r.whole().books, other.whole().books)
	if !same {
		shared = without(shared, mixed)
		text += " and " + listed(len(shared), "seed", shared)
	}
	if words := unlikeWords(mixed); words != "" {
		text += "; " + words
	}
	for _, of := range []struct {
		row   *bookRow
		seeds []string
	}{{r, ours}, {other, theirs}} {
		if n := len(of.seeds); n > 0 {
			text += fmt.Sprintf("; left out: %s of %s", listed(n, "seed", of.seeds), modelName(of.row.model))
		}
	}
	return text + "."
}
