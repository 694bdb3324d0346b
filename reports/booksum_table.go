package reports

import (
	"fmt"
	"slices"

	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// The paper's model, and how much of a book it reads.
const (
	paperBookParameters = 8_000_000_000
	paperBookTokens     = "500K"
)

// title names the table in headings.
func (b *booksumTable) title() string {
	if b.corpus == "booksum" {
		return "BookSum"
	}
	return "Summaries (" + table.Clean(b.corpus) + ", generated, stands in for BookSum)"
}

// tables of one corpus and protocol, the paper's Table 4 first.
func (b *booksumTable) tables(slug string) []*table.Table {
	tables := []*table.Table{b.mainTable(slug), b.slopeTable(slug)}
	if t := b.lengthTable(slug); len(t.Rows) > 0 {
		tables = append(tables, t)
	}
	if t := b.coverageTable(slug); len(t.Rows) > 0 {
		tables = append(tables, t)
	}
	return tables
}

// mainTable compares the paper's scores with ours on whole books.
func (b *booksumTable) mainTable(slug string) *table.Table {
	t := table.New("booksum-"+slug, "Summaries of whole books: ROUGE (the paper's Table 4)", "Model", "Whose", "Verdict", ">R-1", ">R-2", ">R-L",
		">Overall", ">95 % interval over books", ">Minus local only", ">its 95 % interval", ">Books", ">Tokens read", "Data and scale").CSV("model", "whose", "verdict", "rouge1_points", "rouge2_points", "rougel_points",
		"overall_points", "overall_points_low overall_points_high", "overall_minus_local_only_points",
		"overall_minus_local_only_points_low overall_minus_local_only_points_high overall_minus_local_only_books", "books", "tokens_read", "data_and_scale")
	t.Caption = "F of ROUGE-1, 2 and L, times 100, unstemmed; overall is their geometric mean. Higher is better. Protocol " + orNone(b.protocol) + "."
	for _, p := range paperBooksum {
		if p.model == "" {
			b.addPaper(t, p.name, p.rouge, table.Cell{}, "paper only, for reference", "")
		}
	}
	for _, r := range b.rows {
		for _, p := range paperBooksum {
			if p.model == r.model {
				verdict := ""
				if r.verdict == NotAttempted && r.notRun == 0 {
					verdict = string(NotAttempted)
				}
				b.addPaper(t, p.name, p.rouge, table.Shown(paperBookTokens, int64(500_000)), table.Short(paperBookParameters)+" parameters", verdict)
			}
		}
		switch {
		case len(r.points) > 0:
			p := r.whole()
			over := table.Cell{}
			if r.overLocal.Books > 0 {
				over = limitsOf(r.overLocal)
				over.Values = append(over.Values, int64(r.overLocal.Books))
			}
			t.Put(append(append([]table.Cell{table.Text(modelName(r.model)), table.Text("ours"), table.Text(string(r.verdict))}, scoreCells(p.rouge)...),
				signed(r.overLocal), over, table.Digits(p.books), table.Whole(p.tokens), table.Prose(r.dataAndScale()))...)
		case len(r.failed) > 0:
			b.addMissing(t, r, "failed")
			t.Note("%s failed: %s", modelName(r.model), r.failed[0].Result.Error)
		case r.notRun > 0:
			b.addMissing(t, r, "planned, not run")
		}
	}
	if ran := b.ran(); len(ran) > 0 {
		p, tokens := ran[0].whole(), table.Whole(ran[0].whole().tokens)
		result := ran[0].records[0].Result
		words, data := result.Booksum.LeadWords, "; "+dataWords(result)
		add := func(name, what string, in rouge.Interval) {
			t.Put(append(append([]table.Cell{table.Text(name), table.Text("no model"), {}}, scoreCells(in)...), table.Cell{}, table.Cell{}, table.Digits(p.books), tokens, table.Prose(what+data))...)
		}
		add(fmt.Sprintf("Lead, first %s words", table.Count(int64(words))), "as long as a training summary, on average", p.lead)
		add("Oracle, greedy", "sentences of the book, chosen one by one with the reference in hand; others may reach more", p.oracle)
		if x := p.bound; x != nil {
			t.Put(table.Text("Bound"), table.Text("exact"), table.Text("bound"), pointsCell(x.Rouge1), pointsCell(x.Rouge2), pointsCell(x.RougeL), pointsCell(x.Overall), table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, tokens, table.Prose("the most that any reader of so much can expect, from the generator"+data))
		}
	}
	for _, r := range b.ran() {
		if words := r.apart(b.row(localOnly)); words != "" {
			t.Note("%s", words)
		}
	}
	t.Note("Ours is the middle of 1,000 bootstrap means over books, as rouge_score has it; a book's score is the mean over its decodes and seeds. Minus local only is the mean over books of the difference of a book's overall; the column Overall is that of the mean ROUGE, so it is not the difference of two of its rows.")
	if slices.ContainsFunc(b.rows, func(r *bookRow) bool { return len(r.records) > 1 }) {
		t.Note("The intervals say what other books would change. What other seeds would is in none: of each book the mean over the seeds is drawn.")
	}
	t.Note("The paper's own rows are of another text, vocabulary and size: beside ours only orderings can be compared. It copied BART and PRIMERA from the Unlimiformer paper, and does not say whether words are stemmed.")
	t.Note("The paper has no local-only control and no extractive summaries; they say what a model has to beat here.")
	return t
}

func (b *booksumTable) addPaper(t *table.Table, name string, scores [4]float64, tokens table.Cell, scale, verdict string) {
	cells := []table.Cell{table.Text(name), table.Text("paper"), table.Text(verdict)}
	for _, v := range scores {
		cells = append(cells, table.Shown(fmt.Sprintf("%.1f", v), v))
	}
	t.Put(append(cells, table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, tokens, table.Text(scale))...)
}

// addMissing adds a row without a result.
func (b *booksumTable) addMissing(t *table.Table, r *bookRow, why string) {
	cells := make([]table.Cell, len(t.Columns))
	cells[0], cells[1], cells[2], cells[len(cells)-1] = table.Text(modelName(r.model)), table.Text("ours"), table.Text(string(r.verdict)), table.Text(why)
	t.Put(cells...)
}

// scoreCells are the four scores and the interval of the last.
func scoreCells(in rouge.Interval) []table.Cell {
	return []table.Cell{pointsCell(in.Mid.Rouge1.F), pointsCell(in.Mid.Rouge2.F), pointsCell(in.Mid.RougeL.F), pointsCell(in.Mid.Overall),
		table.Shown(points(in.Low.Overall)+" to "+points(in.High.Overall), table.Hundredfold(in.Low.Overall), table.Hundredfold(in.High.Overall))}
}

// pointsCell is a share times 100.
func pointsCell(x float64) table.Cell { return table.Shown(points(x), table.Hundredfold(x)) }

func signed(e bookEstimate) table.Cell {
	if e.Books == 0 {
		return table.Cell{}
	}
	return table.Shown(table.SignedDecimals(100*e.Value, 1), table.Hundredfold(e.Value))
}

func limitsOf(e bookEstimate) table.Cell {
	if e.Books < 2 {
		return table.Shown("", nil, nil)
	}
	return table.Shown(points(e.Low)+" to "+points(e.High), table.Hundredfold(e.Low), table.Hundredfold(e.High))
}

// slopeTable shows whether reading more of the book improves the summary.
func (b *booksumTable) slopeTable(slug string) *table.Table {
	t := table.New("booksum-slope-"+slug, "What reading more is worth (the paper's Figure 4)", "Model", "Verdict", ">Slope", ">95 % interval over books", ">Books",
		">Overall, shortest input", ">Overall, longest input", "Why", "Data and scale").CSV("model", "verdict", "slope_points", "slope_points_low slope_points_high", "books",
		"overall_shortest_input_points", "overall_longest_input_points", "why", "data_and_scale")
	t.Caption = "The slope is how much overall, times 100, grows from nothing read to all of the book read: the slope of a line through the lengths of each book, averaged over books."
	for _, r := range b.ran() {
		t.Put(table.Text(modelName(r.model)), table.Text(string(r.trend)), signed(r.slope), limitsOf(r.slope), table.Digits(r.slope.Books),
			pointsCell(r.points[0].rouge.Mid.Overall), pointsCell(r.whole().rouge.Mid.Overall), table.Prose(r.trendWhy), table.Prose(r.inShort()))
		if n := r.whole().books; r.slope.Books != n {
			t.Note("The slope of %s is over %d of %s: the others were read whole at the shortest input and show no trend.", modelName(r.model), r.slope.Books, plural(n, "book"))
		}
	}
	t.Note("The paper prints no values in its Figure 4, between 16K and 500K tokens; its axis runs from 17 to 20.")
	return t
}

// lengthTable is every length of every model.
func (b *booksumTable) lengthTable(slug string) *table.Table {
	t := table.New("booksum-lengths-"+slug, "Summaries by length of input", "Model", ">Tokens read", ">Share of the book, %", ">R-1", ">R-2", ">R-L", ">Overall", ">95 % interval over books",
		">Bound", ">Lead", ">Oracle", ">Facts read, %", ">Facts stated, %", ">Facts read that are stated, %", ">Words", ">Unfinished", "Data and scale").CSV("model", "tokens_read", "share_of_the_book_percent", "rouge1_points", "rouge2_points", "rougel_points",
		"overall_points", "overall_points_low overall_points_high", "bound_points", "lead_points", "oracle_points", "facts_read_percent", "facts_stated_percent", "facts_read_that_are_stated_percent",
		"words", "unfinished", "data_and_scale")
	for _, r := range b.ran() {
		for _, p := range r.points {
			cells := append([]table.Cell{table.Text(modelName(r.model)), table.Whole(p.tokens), pointsCell(p.share)}, scoreCells(p.rouge)...)
			if p.bound != nil {
				cells = append(cells, pointsCell(p.bound.Overall), pointsCell(p.lead.Mid.Overall), pointsCell(p.oracle.Mid.Overall), pointsCell(p.read), pointsCell(p.hit), pointsCell(p.kept))
			} else {
				cells = append(cells, table.Cell{}, pointsCell(p.lead.Mid.Overall), pointsCell(p.oracle.Mid.Overall), table.Cell{}, table.Cell{}, table.Cell{})
			}
			t.Put(append(cells, table.Plain(p.words), table.Whole(int(p.unfinished)), table.Prose(r.inShort()))...)
		}
	}
	t.Note("Facts are those that the summary of a generated book states. Unfinished are decodes that ran into the limit of tokens.")
	return t
}

// maxProblems is how many pairs that cannot be used are named.
const maxProblems = 20

// coverageTable counts the pairs that the data lists.
func (b *booksumTable) coverageTable(slug string) *table.Table {
	t := table.New("booksum-coverage-"+slug, "Books with their summaries", "Split", ">Listed", ">Usable", ">Usable, %", ">Official count", "SHA-256").CSV("split", "listed", "usable", "usable_percent", "official", "sha256")
	seen := map[string]bool{}
	for _, r := range b.ran() {
		for _, record := range r.records {
			for _, c := range record.Result.Booksum.Coverage {
				var official, usable table.Cell
				if c.Official > 0 {
					official = table.Whole(c.Official)
				}
				if c.Listed > 0 {
					usable = pointsCell(float64(c.Usable) / float64(c.Listed))
				}
				cells := []table.Cell{table.Text(c.Split), table.Whole(c.Listed), table.Whole(c.Usable), usable, official, table.Shown(table.CleanTo(c.SHA256, 17), c.SHA256)}
				if key := fmt.Sprint(cells); !seen[key] {
					seen[key] = true
					t.Put(cells...)
				}
			}
			for i, text := range record.Result.Booksum.Problems {
				if i == maxProblems {
					t.Note("and %d more.", len(record.Result.Booksum.Problems)-maxProblems)
					break
				}
				t.Note("left out: %s", text)
			}
		}
	}
	if len(t.Rows) > 0 {
		t.Note("The hash is of all that can be used, texts and summaries, 16 of its 64 digits; generated books have none.")
	}
	return t
}

// dataAndScale describes, for the row itself, how it differs from the paper's setting.
func (r *bookRow) dataAndScale() string {
	result := r.records[0].Result
	words := fmt.Sprintf("%s; reduced scale: %s of %s parameters", dataWords(result), table.Short(result.Scale.Parameters), table.Short(paperBookParameters))
	if n := len(r.records); n > 1 {
		words += "; " + plural(n, "seed")
	}
	if len(r.failed) > 0 {
		words += "; " + plural(len(r.failed), "seed") + " failed"
	}
	if r.notRun > 0 {
		words += "; " + plural(r.notRun, "seed") + " not run"
	}
	if missing := leftOut(result.Booksum); missing > 0 {
		words += "; " + plural(missing, "pair") + " left out"
	}
	return words
}

// leftOut is how many pairs of the data cannot be used.
func leftOut(b *results.Booksum) int {
	n := 0
	for _, c := range b.Coverage {
		n += c.Listed - c.Usable
	}
	return n
}

// inShort is dataAndScale for the tables beside the main one.
func (r *bookRow) inShort() string {
	if isStandIn(r.records[0].Result) {
		return "stand-in, reduced scale"
	}
	return "official data, reduced scale"
}
