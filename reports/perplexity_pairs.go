package reports

import (
	"fmt"
	"math"

	"infinibench/internal/metrics"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// byDocument asks whether the ratio of a row to another would be the same on other
// documents: a paired bootstrap over those that both have scored with the same seeds,
// losses averaged over seeds. Documents is 0 when there are none.
func (r *row) byDocument(other *row) metrics.Bootstrap {
	if other == nil {
		return metrics.Bootstrap{}
	}
	theirs := map[uint64][]results.DocumentScore{}
	for _, record := range other.records {
		theirs[record.Result.Cell.Seed] = record.Result.Perplexity.Documents
	}
	for _, seed := range r.unlike(other) {
		delete(theirs, seed)
	}
	var pairs [][2][]results.DocumentScore
	for _, record := range r.records {
		if others, ok := theirs[record.Result.Cell.Seed]; ok {
			pairs = append(pairs, [2][]results.DocumentScore{record.Result.Perplexity.Documents, others})
		}
	}
	return pairedDocuments(pairs)
}

// pairsTable sets the ratio of every two models that were trained on equal tokens
// beside the paper's: absolute perplexities hang on a tokenizer and on texts that were
// never published, ratios much less.
func (c *comparison) pairsTable(slug string) *table.Table {
	t := table.New("ratios-"+slug, "Ratios between models on "+c.title(),
		"This", "Divided by", ">Paper", ">Ours", ">95 % over seeds", ">95 % over documents", ">p", "Verdict", "Why", "Data and scale").CSV(
		"model", "divided_by", "paper_ratio paper_is_borrowed", "ratio", "ratio_low_over_seeds ratio_high_over_seeds seeds",
		"ratio_low_over_documents ratio_high_over_documents documents", "p_over_documents", "verdict", "why", "data_and_scale")
	t.Caption = "Of token perplexities, each pair the way the paper has it below 1: the first model is its better one. Models of one length, segment and number of training tokens, seed by seed."
	for i, a := range c.rows {
		for _, b := range c.rows[:i] {
			if !a.alike(b) {
				continue
			}
			better, worse := a, b
			var paper float64
			if a.paper > 0 && b.paper > 0 {
				if paper = a.paper / b.paper; paper > 1 {
					better, worse, paper = b, a, 1/paper
				}
			}
			ratio, documents := better.over(worse), better.byDocument(worse)
			verdict, why := NoClaim, "the paper has no value for one of them"
			if paper > 0 {
				verdict, why, _ = Judge(Evidence{
					Attempted: true, PaperScale: a.paperScale() && b.paperScale(),
					Paper: paper, Ratio: ratio, Documents: documents, Control: c.control(c.able(better)), Handicap: worse.handicap(),
				})
			}
			if words := unlikeWords(better.unlike(worse)); words != "" {
				why += "; " + words
			}
			printed := paperRatio(paper, false)
			if paper > 0 && (isBorrowed(a.model) || isBorrowed(b.model)) {
				printed = table.Shown(printed.Text+borrowed, paper, true)
				t.Note("%s There, “the paper's ordering” is the ordering of the numbers it prints.", borrowedNote)
			}
			t.Pairs = append(t.Pairs, table.Pair{
				This: table.Clean(c.shortName(better)), Other: table.Clean(c.shortName(worse)), Value: ratio.Mean, Text: ratioFigure(ratio),
				Words: c.pairWords(better, worse, ratio, documents, printed.Text) + "; " + string(verdict), Verdict: string(verdict),
			})
			t.Put(table.Text(c.name(better)), table.Text(c.name(worse)), printed, table.Shown(ratioFigure(ratio), ratio.valueLowHighN()[0]), ratio.limitsAndSeeds(), documentLimits(documents), pValue(documents), table.Text(string(verdict)), table.Prose(why), table.Prose(c.dataAndScales(better, worse)))
			if words := c.apart(better, worse); words != "" {
				t.Note("%s", words)
			}
			switch {
			case documents.Documents >= leastDocuments:
				t.Note("The interval over documents and the two-sided p-value are of a paired bootstrap: %s resamples of the %d documents, both models on the same, losses averaged over seeds. That over seeds says whether other weights, that over documents whether other texts would decide otherwise.", table.Count(metrics.Resamples), documents.Documents)
			case documents.Documents > 0:
				t.Note("There are only %s: where fewer than 6 all fall to one side, that may be chance, so there is no interval over them and no p-value.", plural(documents.Documents, "document"))
			}
		}
	}
	if len(t.Rows) > 1 {
		t.Note("%d pairs are tested; of so many independent ones, 1 in 20 would seem sure by chance.", len(t.Rows))
	}
	return t
}

// pairWords is a pair as a sentence: the ratio with its intervals and sample sizes.
func (c *comparison) pairWords(this, other *row, ratio Interval, documents metrics.Bootstrap, paper string) string {
	text := fmt.Sprintf("%s ÷ %s: %s", table.Clean(c.shortName(this)), table.Clean(c.shortName(other)), ratioFigure(ratio))
	if ratio.N > 1 {
		text += ", 95 % over seeds " + ratio.limits()
	}
	text += ", " + plural(ratio.N, "seed")
	if limits := documentLimits(documents).Text; limits != table.None {
		text += "; over " + plural(documents.Documents, "document") + " " + limits + ", p " + pValue(documents).Text
	}
	if paper != table.None {
		text += "; paper " + paper
	}
	return text
}

// dataAndScales describes how a pair differs from the paper's setting, and lists the
// settings specific to either model.
func (c *comparison) dataAndScales(a, b *row) string {
	text := a.inShort()
	for _, r := range []*row{a, b} {
		if s := r.settings(); s != "" {
			text += "; " + c.shortName(r) + ": " + s
		}
	}
	return text
}

func ratioFigure(i Interval) string {
	if i.N == 0 {
		return table.None
	}
	return paperNumber(i.Mean)
}

// pValue writes a p-value, which a bootstrap knows no finer than its resamples.
func pValue(b metrics.Bootstrap) table.Cell {
	switch {
	case b.Documents < leastDocuments || math.IsNaN(b.P):
		return table.Shown(table.None, nil)
	case b.P < 0.001:
		return table.Shown("< 0.001", b.P)
	}
	return table.Shown(table.Decimals(b.P, 3), b.P)
}
