package reports

import (
	"cmp"
	"slices"

	"infinibench/datasets/booksum"
	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
)

// booksumTable holds the comparable rows of one table: one corpus under one protocol.
type booksumTable struct {
	corpus, protocol string
	rows             []*bookRow
}

// bookRow is one model, over its seeds.
type bookRow struct {
	model   string
	records []Record // done, in order of seed
	failed  []Record
	notRun  int

	books     []results.BooksumBook // means over records
	points    []bookPoint           // by length of the input, rising; of records
	slope     bookEstimate
	overLocal bookEstimate // overall minus the local-only control's, book by book, all read
	verdict   Verdict      // of the paper's Table 4
	why       string
	trend     Verdict // of its Figure 4
	trendWhy  string
}

// bookPoint is the scores at one length of input, a book's being means over its decodes
// and seeds.
type bookPoint struct {
	tokens, books       int
	share               float64 // of the book that is read
	rouge, lead, oracle rouge.Interval
	bound               *booksum.Bound
	read, hit, kept     float64 // shares of the facts
	words, unfinished   float64 // of a summary; decodes that ran into the limit, all seeds
}

// bookEstimate is a mean over books with its 95 % bootstrap interval.
type bookEstimate results.BooksumMean

// booksumTables sorts a run's summaries by corpus and protocol.
func booksumTables(run *Run) []*booksumTable {
	var all []*booksumTable
	at := func(corpus, protocol, model string) *bookRow {
		var table *booksumTable
		for _, b := range all {
			if b.corpus == corpus && (b.protocol == protocol || protocol == "") {
				table = b
				break
			}
		}
		if table == nil {
			table = &booksumTable{corpus: corpus, protocol: protocol}
			all = append(all, table)
		}
		for _, r := range table.rows {
			if r.model == model {
				return r
			}
		}
		r := &bookRow{model: model}
		table.rows = append(table.rows, r)
		return r
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "booksum" && r.Status == results.StatusDone {
			row := at(r.Cell.Corpus, r.Protocol, r.Cell.Model)
			row.records = append(row.records, record)
		}
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "booksum" && r.Status == results.StatusFailed {
			row := at(r.Cell.Corpus, "", r.Cell.Model)
			row.failed = append(row.failed, record)
		}
	}
	for _, cell := range run.notRun() {
		if cell.Experiment == "booksum" {
			at(cell.Corpus, "", cell.Model).notRun++
		}
	}
	for _, b := range all {
		b.complete()
	}
	slices.SortStableFunc(all, func(a, b *booksumTable) int {
		return cmp.Or(cmp.Compare(a.corpus, b.corpus), cmp.Compare(a.protocol, b.protocol))
	})
	return all
}

// complete adds the rows only the paper has, then computes and judges.
func (b *booksumTable) complete() {
	for _, p := range paperBooksum {
		if p.model != "" && !slices.ContainsFunc(b.rows, func(r *bookRow) bool { return r.model == p.model }) {
			b.rows = append(b.rows, &bookRow{model: p.model})
		}
	}
	slices.SortStableFunc(b.rows, func(x, y *bookRow) int {
		return cmp.Or(cmp.Compare(modelOrder(x.model), modelOrder(y.model)), cmp.Compare(x.model, y.model))
	})
	for _, r := range b.rows {
		slices.SortStableFunc(r.records, func(x, y Record) int { return cmp.Compare(x.Result.Cell.Seed, y.Result.Cell.Seed) })
		r.measure()
	}
	for _, r := range b.rows {
		r.overLocal = r.minus(b.row(localOnly))
		r.judge()
		if control := b.row(localOnly); control != nil && control != r {
			if words := unlikeWords(unlike(bySeed(r.records), bySeed(control.records))); words != "" {
				r.why += "; " + words
			}
		}
	}
}

// row is the row of a model that ran, nil when there is none.
func (b *booksumTable) row(model string) *bookRow {
	for _, r := range b.rows {
		if r.model == model && len(r.points) > 0 {
			return r
		}
	}
	return nil
}

// ran lists the rows that have a result.
func (b *booksumTable) ran() []*bookRow {
	return slices.DeleteFunc(slices.Clone(b.rows), func(r *bookRow) bool { return len(r.points) == 0 })
}

// whole is the scores at the longest input.
func (r *bookRow) whole() *bookPoint { return &r.points[len(r.points)-1] }

// booksumSlugs gives each table a name for files and anchors.
func booksumSlugs(all []*booksumTable) []string {
	var corpora []string
	for _, b := range all {
		corpora = append(corpora, b.corpus)
	}
	return slugsOf(corpora)
}
