package reports

import (
	"fmt"
	"slices"

	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
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
	return "Summaries (" + clean(b.corpus) + ", generated, stands in for BookSum)"
}

// tables of one corpus and protocol, the paper's Table 4 first.
func (b *booksumTable) tables(slug string) []*Table {
	tables := []*Table{b.mainTable(slug), b.slopeTable(slug)}
	if t := b.lengthTable(slug); len(t.Rows) > 0 {
		tables = append(tables, t)
	}
	if t := b.coverageTable(slug); len(t.Rows) > 0 {
		tables = append(tables, t)
	}
	return tables
}

// mainTable sets the paper's scores beside ours, with all of the book read.
func (b *booksumTable) mainTable(slug string) *Table {
	t := newTable("booksum-"+slug, "Summaries of whole books: ROUGE (the paper's Table 4)", "Model", "Whose", "Verdict", ">R-1", ">R-2", ">R-L",
		">Overall", ">95 % interval over books", ">Minus local only", ">its 95 % interval", ">Books", ">Tokens read", "Data and scale").csv("model", "whose", "verdict", "rouge1_points", "rouge2_points", "rougel_points",
		"overall_points", "overall_points_low overall_points_high", "overall_minus_local_only_points",
		"overall_minus_local_only_points_low overall_minus_local_only_points_high overall_minus_local_only_books", "books", "tokens_read", "data_and_scale")
	t.Caption = "F of ROUGE-1, 2 and L, times 100, unstemmed; overall is their geometric mean. Higher is better. Protocol " + orNone(b.protocol) + "."
	for _, p := range paperBooksum {
		if p.model == "" {
			b.addPaper(t, p.name, p.rouge, Cell{}, "paper only, for reference", "")
		}
	}
	for _, r := range b.rows {
		for _, p := range paperBooksum {
			if p.model == r.model {
				verdict := ""
				if r.verdict == NotAttempted && r.notRun == 0 {
					verdict = string(NotAttempted)
				}
				b.addPaper(t, p.name, p.rouge, shown(paperBookTokens, int64(500_000)), short(paperBookParameters)+" parameters", verdict)
			}
		}
		switch {
		case len(r.points) > 0:
			p := r.whole()
			over := Cell{}
			if r.overLocal.Books > 0 {
				over = limitsOf(r.overLocal)
				over.Values = append(over.Values, int64(r.overLocal.Books))
			}
			t.put(append(append([]Cell{text(modelName(r.model)), text("ours"), text(string(r.verdict))}, scoreCells(p.rouge)...),
				signed(r.overLocal), over, digits(p.books), whole(p.tokens), prose(r.dataAndScale()))...)
		case len(r.failed) > 0:
			b.addMissing(t, r, "failed")
			t.note("%s failed: %s", modelName(r.model), r.failed[0].Result.Error)
		case r.notRun > 0:
			b.addMissing(t, r, "planned, not run")
		}
	}
	if ran := b.ran(); len(ran) > 0 {
		p, tokens := ran[0].whole(), whole(ran[0].whole().tokens)
		result := ran[0].records[0].Result
		words, data := result.Booksum.LeadWords, "; "+dataWords(result)
		add := func(name, what string, in rouge.Interval) {
			t.put(append(append([]Cell{text(name), text("no model"), {}}, scoreCells(in)...), Cell{}, Cell{}, digits(p.books), tokens, prose(what+data))...)
		}
		add(fmt.Sprintf("Lead, first %s words", count(int64(words))), "as long as a training summary, on average", p.lead)
		add("Oracle, greedy", "sentences of the book, chosen one by one with the reference in hand; others may reach more", p.oracle)
		if x := p.bound; x != nil {
			t.put(text("Bound"), text("exact"), text("bound"), pointsCell(x.Rouge1), pointsCell(x.Rouge2), pointsCell(x.RougeL), pointsCell(x.Overall), Cell{}, Cell{}, Cell{}, Cell{}, tokens, prose("the most that any reader of so much can expect, from the generator"+data))
		}
	}
	for _, r := range b.ran() {
		if words := r.apart(b.row(localOnly)); words != "" {
			t.note("%s", words)
		}
	}
	t.note("Ours is the middle of 1,000 bootstrap means over books, as rouge_score has it; a book's score is the mean over its decodes and seeds. Minus local only is the mean over books of the difference of a book's overall; the column Overall is that of the mean ROUGE, so it is not the difference of two of its rows.")
	if slices.ContainsFunc(b.rows, func(r *bookRow) bool { return len(r.records) > 1 }) {
		t.note("The intervals say what other books would change. What other seeds would is in none: of each book the mean over the seeds is drawn.")
	}
	t.note("The paper's own rows are of another text, vocabulary and size: beside ours only orderings can be compared. It copied BART and PRIMERA from the Unlimiformer paper, and does not say whether words are stemmed.")
	t.note("The paper has no local-only control and no extractive summaries; they say what a model has to beat here.")
	return t
}

func (b *booksumTable) addPaper(t *Table, name string, scores [4]float64, tokens Cell, scale, verdict string) {
	cells := []Cell{text(name), text("paper"), text(verdict)}
	for _, v := range scores {
		cells = append(cells, shown(fmt.Sprintf("%.1f", v), v))
	}
	t.put(append(cells, Cell{}, Cell{}, Cell{}, Cell{}, tokens, text(scale))...)
}

// addMissing adds a row without a result.
func (b *booksumTable) addMissing(t *Table, r *bookRow, why string) {
	cells := make([]Cell, len(t.Columns))
	cells[0], cells[1], cells[2], cells[len(cells)-1] = text(modelName(r.model)), text("ours"), text(string(r.verdict)), text(why)
	t.put(cells...)
}

// scoreCells are the four scores and the interval of the last.
func scoreCells(in rouge.Interval) []Cell {
	return []Cell{pointsCell(in.Mid.Rouge1.F), pointsCell(in.Mid.Rouge2.F), pointsCell(in.Mid.RougeL.F), pointsCell(in.Mid.Overall),
		shown(points(in.Low.Overall)+" to "+points(in.High.Overall), hundredfold(in.Low.Overall), hundredfold(in.High.Overall))}
}

// pointsCell is a share times 100.
func pointsCell(x float64) Cell { return shown(points(x), hundredfold(x)) }

func signed(e bookEstimate) Cell {
	if e.Books == 0 {
		return Cell{}
	}
	return shown(signedDecimals(100*e.Value, 1), hundredfold(e.Value))
}

func limitsOf(e bookEstimate) Cell {
	if e.Books < 2 {
		return shown("", nil, nil)
	}
	return shown(points(e.Low)+" to "+points(e.High), hundredfold(e.Low), hundredfold(e.High))
}

// slopeTable says whether more of the book makes a better summary.
func (b *booksumTable) slopeTable(slug string) *Table {
	t := newTable("booksum-slope-"+slug, "What reading more is worth (the paper's Figure 4)", "Model", "Verdict", ">Slope", ">95 % interval over books", ">Books",
		">Overall, shortest input", ">Overall, longest input", "Why", "Data and scale").csv("model", "verdict", "slope_points", "slope_points_low slope_points_high", "books",
		"overall_shortest_input_points", "overall_longest_input_points", "why", "data_and_scale")
	t.Caption = "The slope is how much overall, times 100, grows from nothing read to all of the book read: that of a line through the lengths of each book, as a mean over books."
	for _, r := range b.ran() {
		t.put(text(modelName(r.model)), text(string(r.trend)), signed(r.slope), limitsOf(r.slope), digits(r.slope.Books),
			pointsCell(r.points[0].rouge.Mid.Overall), pointsCell(r.whole().rouge.Mid.Overall), prose(r.trendWhy), prose(r.inShort()))
		if n := r.whole().books; r.slope.Books != n {
			t.note("The slope of %s is over %d of %s: the others were read whole at the shortest input and show no trend.", modelName(r.model), r.slope.Books, plural(n, "book"))
		}
	}
	t.note("The paper prints no values in its Figure 4, between 16K and 500K tokens; its axis runs from 17 to 20.")
	return t
}

// lengthTable is every length of every model.
func (b *booksumTable) lengthTable(slug string) *Table {
	t := newTable("booksum-lengths-"+slug, "Summaries by length of input", "Model", ">Tokens read", ">Share of the book, %", ">R-1", ">R-2", ">R-L", ">Overall", ">95 % interval over books",
		">Bound", ">Lead", ">Oracle", ">Facts read, %", ">Facts stated, %", ">Facts read that are stated, %", ">Words", ">Unfinished", "Data and scale").csv("model", "tokens_read", "share_of_the_book_percent", "rouge1_points", "rouge2_points", "rougel_points",
		"overall_points", "overall_points_low overall_points_high", "bound_points", "lead_points", "oracle_points", "facts_read_percent", "facts_stated_percent", "facts_read_that_are_stated_percent",
		"words", "unfinished", "data_and_scale")
	for _, r := range b.ran() {
		for _, p := range r.points {
			cells := append([]Cell{text(modelName(r.model)), whole(p.tokens), pointsCell(p.share)}, scoreCells(p.rouge)...)
			if p.bound != nil {
				cells = append(cells, pointsCell(p.bound.Overall), pointsCell(p.lead.Mid.Overall), pointsCell(p.oracle.Mid.Overall), pointsCell(p.read), pointsCell(p.hit), pointsCell(p.kept))
			} else {
				cells = append(cells, Cell{}, pointsCell(p.lead.Mid.Overall), pointsCell(p.oracle.Mid.Overall), Cell{}, Cell{}, Cell{})
			}
			t.put(append(cells, plain(p.words), whole(int(p.unfinished)), prose(r.inShort()))...)
		}
	}
	t.note("Facts are those that the summary of a generated book states. Unfinished are decodes that ran into the limit of tokens.")
	return t
}

// maxProblems is how many pairs that cannot be used are named.
const maxProblems = 20

// coverageTable counts the pairs that the data lists.
func (b *booksumTable) coverageTable(slug string) *Table {
	t := newTable("booksum-coverage-"+slug, "Books with their summaries", "Split", ">Listed", ">Usable", ">Usable, %", ">Official count", "SHA-256").csv("split", "listed", "usable", "usable_percent", "official", "sha256")
	seen := map[string]bool{}
	for _, r := range b.ran() {
		for _, record := range r.records {
			for _, c := range record.Result.Booksum.Coverage {
				var official, usable Cell
				if c.Official > 0 {
					official = whole(c.Official)
				}
				if c.Listed > 0 {
					usable = pointsCell(float64(c.Usable) / float64(c.Listed))
				}
				cells := []Cell{text(c.Split), whole(c.Listed), whole(c.Usable), usable, official, shown(cleanTo(c.SHA256, 17), c.SHA256)}
				if key := fmt.Sprint(cells); !seen[key] {
					seen[key] = true
					t.put(cells...)
				}
			}
			for i, text := range record.Result.Booksum.Problems {
				if i == maxProblems {
					t.note("and %d more.", len(record.Result.Booksum.Problems)-maxProblems)
					break
				}
				t.note("left out: %s", text)
			}
		}
	}
	if len(t.Rows) > 0 {
		t.note("The hash is of all that can be used, texts and summaries, 16 of its 64 digits; generated books have none.")
	}
	return t
}

// dataAndScale says in the row itself how far it is from the paper's setting.
func (r *bookRow) dataAndScale() string {
	result := r.records[0].Result
	words := fmt.Sprintf("%s; reduced scale: %s of %s parameters", dataWords(result), short(result.Scale.Parameters), short(paperBookParameters))
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
