package reports

import (
	"fmt"
	"strings"

	"infinibench/reports/table"
)

// reading summarises the numbers in plain language.
func (b *booksumTable) reading() []string {
	ran := b.ran()
	if len(ran) == 0 {
		return []string{"No cell of the summaries has a result, so nothing can be said about them."}
	}
	first := ran[0].whole()
	text := []string{fmt.Sprintf("Models that were trained on books with their summaries read more and more of %s, up to %s tokens or %s %% of the book, and summarise them.",
		plural(first.books, "book"), table.Count(int64(first.tokens)), points(first.share))}
	if isStandIn(ran[0].records[0].Result) {
		text = append(text, "The books stand in for the paper's, so our scores cannot be set against its, only the orderings.")
	}
	for _, r := range ran {
		text = append(text, b.sentences(r))
	}
	ours := first.lead.Mid.Overall
	s := fmt.Sprintf("Without any model, the first words of the book reach %s, and sentences chosen one by one with the reference in hand %s.", points(ours), points(first.oracle.Mid.Overall))
	for _, r := range ran {
		if v := r.whole().rouge.Mid.Overall; v < ours {
			s += fmt.Sprintf(" %s stays below the first words of the book.", modelName(r.model))
		}
	}
	return append(text, s)
}

// sentences describes the results of one model.
func (b *booksumTable) sentences(r *bookRow) string {
	p := r.whole()
	in := p.rouge
	s := []string{fmt.Sprintf("%s: overall %s [%s, %s over books] with the longest input.", modelName(r.model), points(in.Mid.Overall), points(in.Low.Overall), points(in.High.Overall))}
	if e := r.overLocal; e.Books > 0 {
		s = append(s, fmt.Sprintf("Book by book that is %s %s the local-only control.", difference(e), aboveOrBelow(e)))
	}
	if r.slope.Books > 0 {
		what := "so that reading more may make no difference"
		switch {
		case r.slope.Books < 2:
			what = "of one book, which decides nothing"
		case r.slope.Low > 0:
			what = "so reading more makes its summaries better"
		case r.slope.High < 0:
			what = "so reading more makes its summaries worse"
		}
		s = append(s, fmt.Sprintf("From nothing read to all of the book read, overall changes by %s, %s.", r.slope, what))
	}
	if p.bound != nil {
		s = append(s, fmt.Sprintf("It states %s %% of the facts; the bound for a reader of so much is an overall of %s.", points(p.hit), points(p.bound.Overall)))
	}
	if p.unfinished > 0 {
		s = append(s, fmt.Sprintf("%s ran into the limit of tokens.", plural(int(p.unfinished), "summary-decode")))
	}
	return strings.Join(s, " ")
}

// difference formats the magnitude of an estimate; aboveOrBelow gives its sign.
func difference(e bookEstimate) string {
	if e.Value < 0 {
		e.Value, e.Low, e.High = -e.Value, -e.High, -e.Low
	}
	return e.String()
}

func aboveOrBelow(e bookEstimate) string {
	if e.Value < 0 {
		return "below"
	}
	return "above"
}

// headline states the result in one line.
func (b *booksumTable) headline() string {
	var parts []string
	for _, r := range b.ran() {
		if !isInfini(r.model) {
			continue
		}
		text := shortName(r.model) + ": "
		if e := r.overLocal; e.Books > 0 {
			text += fmt.Sprintf("%s, overall %s %s the control; ", r.verdict, difference(e), aboveOrBelow(e))
		}
		parts = append(parts, text+fmt.Sprintf("more of the book read, better summaries: %s", r.trend))
	}
	if len(parts) == 0 {
		return "no result bears on a claim of the paper."
	}
	return strings.Join(parts, "; ") + "."
}

// summaryRows are the rows of the paper's Table 4 and Figure 4.
func (b *booksumTable) summaryRows() []summaryRow {
	var all []summaryRow
	var missing []string
	for _, r := range b.rows {
		switch r.verdict {
		case NoClaim:
			continue
		case NotAttempted:
			missing = append(missing, shortName(r.model))
			continue
		}
		row := summaryRow{corpus: b.corpus, verdict: r.verdict, why: r.why, evidence: table.Prose(table.None), scale: "failed",
			text: modelName(r.model) + " summarises whole books better than a model without a memory", paper: paperWords(fmt.Sprintf("overall %.1f, others to 17.2", r.paper()[3]))}
		figure := summaryRow{corpus: b.corpus, verdict: r.trend, why: r.trendWhy, evidence: table.Prose(table.None), scale: "failed",
			text: modelName(r.model) + " summarises the better the more of the book it reads (Figure 4)", paper: paperWords("rises from 16K to 500K")}
		if len(r.points) > 0 {
			row.scale, figure.scale = r.dataAndScale(), r.dataAndScale()
			row.trial, figure.trial = r.couldShow(r.overLocal), r.couldShow(r.slope)
			overall := "overall " + points(r.whole().rouge.Mid.Overall)
			row.evidence = table.Prose(overall)
			if r.overLocal.Books > 0 {
				row.evidence = measuredEvidence(overall+", − local only "+r.overLocal.String(), "overall minus local only, points", r.overLocal.values())
			}
			figure.evidence = measuredEvidence("slope "+r.slope.String(), "slope, points", r.slope.values())
		}
		all = append(all, row, figure)
	}
	if len(missing) > 0 {
		all = append(all, summaryRow{corpus: b.corpus, verdict: NotAttempted, text: "The paper's Table 4: " + strings.Join(missing, "; "), why: "no result in this run", scale: "paper only"})
	}
	return all
}
