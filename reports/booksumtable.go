package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"infinibench/experiments"
	"infinibench/internal/metrics/rouge"
)

// The paper's model, and how much of a book it reads.
const (
	paperBookParameters = 8_000_000_000
	paperBookTokens     = "500K"
)

// title names the shelf in headings.
func (b *bookshelf) title() string {
	if b.corpus == "booksum" {
		return "BookSum"
	}
	return "Summaries (" + clean(b.corpus) + ", generated, stands in for BookSum)"
}

// tables of one shelf, the paper's Table 4 first.
func (b *bookshelf) tables(slug string) []*Table {
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
func (b *bookshelf) mainTable(slug string) *Table {
	t := newTable("booksum-"+slug, "Summaries of whole books: ROUGE (the paper's Table 4)", "Model", "Whose", "Verdict", ">R-1", ">R-2", ">R-L",
		">Overall", ">95 % interval over books", ">Minus local only", ">its 95 % interval", ">Books", ">Tokens read", "Data and scale")
	t.Caption = "F of ROUGE-1, 2 and L, times 100, unstemmed; overall is their geometric mean. Higher is better. Protocol " + orNone(b.protocol) + "."
	for _, p := range paperBooksum {
		if p.model == "" {
			b.addPaper(t, p.name, p.rouge, "", "paper only, for reference", "")
		}
	}
	for _, r := range b.rows {
		for _, p := range paperBooksum {
			if p.model == r.model {
				verdict := ""
				if r.verdict == NotAttempted && r.notRun == 0 {
					verdict = string(NotAttempted)
				}
				b.addPaper(t, p.name, p.rouge, paperBookTokens, short(paperBookParameters)+" parameters", verdict)
			}
		}
		switch {
		case len(r.points) > 0:
			p := r.whole()
			t.add(append(append([]string{modelName(r.model), "ours", string(r.verdict)}, scoreCells(p.rouge)...),
				signed(r.overLocal), limitsOf(r.overLocal), strconv.Itoa(p.books), count(int64(p.tokens)), r.dataAndScale())...)
		case len(r.failed) > 0:
			t.add(modelName(r.model), "ours", string(r.verdict), "", "", "", "", "", "", "", "", "", "failed")
			t.note("%s failed: %s", modelName(r.model), r.failed[0].Result.Error)
		case r.notRun > 0:
			t.add(modelName(r.model), "ours", string(r.verdict), "", "", "", "", "", "", "", "", "", "planned, not run")
		}
	}
	if ran := b.ran(); len(ran) > 0 {
		p, tokens := ran[0].whole(), count(int64(ran[0].whole().tokens))
		result := ran[0].records[0].Result
		words, data := result.Booksum.LeadWords, "; "+dataWords(result)
		add := func(name, what string, in rouge.Interval) {
			t.add(append(append([]string{name, "no model", ""}, scoreCells(in)...), "", "", strconv.Itoa(p.books), tokens, what+data)...)
		}
		add(fmt.Sprintf("Lead, first %s words", count(int64(words))), "as long as a training summary, on average", p.lead)
		add("Oracle, greedy", "sentences of the book, chosen one by one with the reference in hand; others may reach more", p.oracle)
		if x := p.bound; x != nil {
			t.add("Bound", "exact", "bound", points(x.Rouge1), points(x.Rouge2), points(x.RougeL), points(x.Overall), "", "", "", "", tokens, "the most that any reader of so much can expect, from the generator"+data)
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

func (b *bookshelf) addPaper(t *Table, name string, scores [4]float64, tokens, scale, verdict string) {
	cells := []string{name, "paper", verdict}
	for _, v := range scores {
		cells = append(cells, fmt.Sprintf("%.1f", v))
	}
	t.add(append(cells, "", "", "", "", tokens, scale)...)
}

// scoreCells are the four scores and the interval of the last.
func scoreCells(in rouge.Interval) []string {
	return []string{points(in.Mid.Rouge1.F), points(in.Mid.Rouge2.F), points(in.Mid.RougeL.F), points(in.Mid.Overall),
		points(in.Low.Overall) + " to " + points(in.High.Overall)}
}

func signed(e bookEstimate) string {
	if e.Books == 0 {
		return none
	}
	return signedDecimals(100*e.Value, 1)
}

func limitsOf(e bookEstimate) string {
	if e.Books < 2 {
		return none
	}
	return points(e.Low) + " to " + points(e.High)
}

// slopeTable says whether more of the book makes a better summary.
func (b *bookshelf) slopeTable(slug string) *Table {
	t := newTable("booksum-slope-"+slug, "What reading more is worth (the paper's Figure 4)", "Model", "Verdict", ">Slope", ">95 % interval over books", ">Books",
		">Overall, shortest input", ">Overall, longest input", "Why", "Data and scale")
	t.Caption = "The slope is how much overall, times 100, grows from nothing read to all of the book read: that of a line through the lengths of each book, as a mean over books."
	for _, r := range b.ran() {
		t.add(modelName(r.model), string(r.trend), signed(r.slope), limitsOf(r.slope), strconv.Itoa(r.slope.Books),
			points(r.points[0].rouge.Mid.Overall), points(r.whole().rouge.Mid.Overall), r.trendWhy, r.inShort())
	}
	t.note("The paper prints no values in its Figure 4, between 16K and 500K tokens; its axis runs from 17 to 20.")
	return t
}

// lengthTable is every length of every model.
func (b *bookshelf) lengthTable(slug string) *Table {
	t := newTable("booksum-lengths-"+slug, "Summaries by length of input", "Model", ">Tokens read", ">Share of the book, %", ">R-1", ">R-2", ">R-L", ">Overall", ">95 % interval over books",
		">Bound", ">Lead", ">Oracle", ">Facts read, %", ">Facts stated, %", ">Facts read that are stated, %", ">Words", ">Unfinished", "Data and scale")
	for _, r := range b.ran() {
		for _, p := range r.points {
			cells := append([]string{modelName(r.model), count(int64(p.tokens)), points(p.share)}, scoreCells(p.rouge)...)
			if p.bound != nil {
				cells = append(cells, points(p.bound.Overall), points(p.lead.Mid.Overall), points(p.oracle.Mid.Overall), points(p.read), points(p.hit), points(p.kept))
			} else {
				cells = append(cells, "", points(p.lead.Mid.Overall), points(p.oracle.Mid.Overall), "", "", "")
			}
			t.add(append(cells, figure(p.words), count(int64(p.unfinished)), r.inShort())...)
		}
	}
	t.note("Facts are those that the summary of a generated book states. Unfinished are decodes that ran into the limit of tokens.")
	return t
}

// maxProblems is how many pairs that cannot be used are named.
const maxProblems = 20

// coverageTable counts the pairs that the data lists.
func (b *bookshelf) coverageTable(slug string) *Table {
	t := newTable("booksum-coverage-"+slug, "Books with their summaries", "Split", ">Listed", ">Usable", ">Usable, %", ">Official count", "SHA-256")
	seen := map[string]bool{}
	for _, r := range b.ran() {
		for _, record := range r.records {
			for _, c := range record.Result.Booksum.Coverage {
				official, usable := "", ""
				if c.Official > 0 {
					official = count(int64(c.Official))
				}
				if c.Listed > 0 {
					usable = points(float64(c.Usable) / float64(c.Listed))
				}
				cells := []string{c.Split, count(int64(c.Listed)), count(int64(c.Usable)), usable, official, cleanTo(c.SHA256, 17)}
				if key := strings.Join(cells, "|"); !seen[key] {
					seen[key] = true
					t.add(cells...)
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
func leftOut(b *experiments.Booksum) int {
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
