package reports

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"infinibench/datasets/booksum"
	"infinibench/experiments"
	"infinibench/internal/metrics"
	"infinibench/internal/metrics/rouge"
)

// bookshelf is what may stand in one table of summaries: one corpus, under one protocol.
type bookshelf struct {
	corpus, protocol string
	rows             []*bookRow
}

// bookRow is one model, over its seeds.
type bookRow struct {
	model   string
	records []Record // done, in order of seed
	failed  []Record
	notRun  int

	points    []bookPoint // by length of the input, rising; of records
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

// bookEstimate is a mean over books with its 95 % bootstrap interval; with fewer than two
// books there is none.
type bookEstimate struct {
	value, low, high float64
	books            int
}

// bookshelves sorts a run's summaries by corpus and protocol.
func bookshelves(run *Run) []*bookshelf {
	var all []*bookshelf
	at := func(corpus, protocol, model string) *bookRow {
		var shelf *bookshelf
		for _, b := range all {
			if b.corpus == corpus && (b.protocol == protocol || protocol == "") {
				shelf = b
				break
			}
		}
		if shelf == nil {
			shelf = &bookshelf{corpus: corpus, protocol: protocol}
			all = append(all, shelf)
		}
		for _, r := range shelf.rows {
			if r.model == model {
				return r
			}
		}
		r := &bookRow{model: model}
		shelf.rows = append(shelf.rows, r)
		return r
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "booksum" && r.Status == experiments.StatusDone {
			row := at(r.Cell.Corpus, r.Protocol, r.Cell.Model)
			row.records = append(row.records, record)
		}
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "booksum" && r.Status == experiments.StatusFailed {
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
	slices.SortStableFunc(all, func(a, b *bookshelf) int {
		return cmp.Or(cmp.Compare(a.corpus, b.corpus), cmp.Compare(a.protocol, b.protocol))
	})
	return all
}

// complete adds the rows only the paper has, then computes and judges.
func (b *bookshelf) complete() {
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
	}
}

// row is the row of a model that ran, nil when there is none.
func (b *bookshelf) row(model string) *bookRow {
	for _, r := range b.rows {
		if r.model == model && len(r.points) > 0 {
			return r
		}
	}
	return nil
}

// ran lists the rows that have a result.
func (b *bookshelf) ran() []*bookRow {
	return slices.DeleteFunc(slices.Clone(b.rows), func(r *bookRow) bool { return len(r.points) == 0 })
}

// whole is the scores at the longest input.
func (r *bookRow) whole() *bookPoint { return &r.points[len(r.points)-1] }

// bookScore is a book's mean scores at one length.
type bookScore struct {
	id     string
	share  float64
	scores rouge.Scores
}

// books are the books at one length, those that all seeds have, means over seeds.
func (r *bookRow) books(length int) []bookScore {
	var all []bookScore
	for i, record := range r.records {
		own := map[string]experiments.BooksumReading{}
		for _, book := range record.Result.Booksum.Books {
			for _, reading := range book.Readings {
				if reading.Length == length {
					own[book.ID] = reading
					if i == 0 {
						all = append(all, bookScore{id: book.ID})
					}
				}
			}
		}
		all = slices.DeleteFunc(all, func(b bookScore) bool { _, ok := own[b.id]; return !ok })
		for k := range all {
			reading, n := own[all[k].id], float64(len(r.records))
			all[k].share += reading.Share / n
			for _, part := range []struct{ to, from *rouge.Score }{
				{&all[k].scores.Rouge1, &reading.Mean.Rouge1}, {&all[k].scores.Rouge2, &reading.Mean.Rouge2}, {&all[k].scores.RougeL, &reading.Mean.RougeL},
			} {
				part.to.F += part.from.F / n
			}
			all[k].scores.Overall += reading.Mean.Overall / n
		}
	}
	return all
}

// measure sums up the seeds. One alone stands as it was written.
func (r *bookRow) measure() {
	if len(r.records) == 0 {
		return
	}
	first := r.records[0].Result.Booksum
	for i, l := range first.Lengths {
		p := bookPoint{tokens: l.Tokens, books: l.Books, share: l.Share, rouge: l.Rouge, lead: l.Lead, oracle: l.Oracle, bound: l.Bound}
		n := float64(len(r.records))
		for _, record := range r.records {
			if own := record.Result.Booksum.Lengths; i < len(own) && own[i].Tokens == l.Tokens {
				p.read, p.hit, p.kept = p.read+own[i].FactsRead/n, p.hit+own[i].FactsHit/n, p.kept+own[i].FactsKept/n
				p.words, p.unfinished = p.words+own[i].Words/n, p.unfinished+float64(own[i].Unfinished)
			}
		}
		if len(r.records) > 1 {
			var scores []rouge.Scores
			for _, book := range r.books(l.Tokens) {
				scores = append(scores, book.scores)
			}
			if len(scores) > 0 {
				p.rouge = rouge.Bootstrap(scores, 0.95, rand.New(rand.NewPCG(bootstrapSeed, 0)))
			}
		}
		r.points = append(r.points, p)
	}
	s := first.Slope
	r.slope = bookEstimate{s.Value, s.Low, s.High, s.Books}
	if len(r.records) > 1 {
		r.slope = r.meanSlope()
	}
}

// meanSlope is that of overall over the share read, a line through each book's lengths,
// as a mean over books.
func (r *bookRow) meanSlope() bookEstimate {
	x, y := map[string][]float64{}, map[string][]float64{}
	var order []string
	for _, p := range r.points {
		for _, b := range r.books(p.tokens) {
			if x[b.id] == nil {
				order = append(order, b.id)
			}
			x[b.id], y[b.id] = append(x[b.id], b.share), append(y[b.id], b.scores.Overall)
		}
	}
	var slopes []float64
	for _, id := range order {
		if slices.Min(x[id]) < slices.Max(x[id]) { // else the shortest length holds all of it
			_, beta := stat.LinearRegression(x[id], y[id], nil, false)
			slopes = append(slopes, beta)
		}
	}
	return estimateOf(slopes)
}

// minus is the difference of overall, book by book, at the longest input.
func (r *bookRow) minus(other *bookRow) bookEstimate {
	if other == nil || other == r || len(r.points) == 0 || other.whole().tokens != r.whole().tokens {
		return bookEstimate{}
	}
	theirs := map[string]float64{}
	for _, b := range other.books(other.whole().tokens) {
		theirs[b.id] = b.scores.Overall
	}
	var difference []float64
	for _, b := range r.books(r.whole().tokens) {
		if v, ok := theirs[b.id]; ok {
			difference = append(difference, b.scores.Overall-v)
		}
	}
	return estimateOf(difference)
}

// estimateOf is the mean of one value of each book with its interval. The bootstrap's
// ratio is the exponential of that mean.
func estimateOf(values []float64) bookEstimate {
	if len(values) == 0 {
		return bookEstimate{}
	}
	weights := make([]int64, len(values))
	for i := range weights {
		weights[i] = 1
	}
	b := metrics.PairedBootstrap(values, weights, bootstrapSeed)
	e := bookEstimate{math.Log(b.Ratio), math.Log(b.Low), math.Log(b.High), len(values)}
	if len(values) < 2 {
		e.low, e.high = e.value, e.value
	}
	return e
}

// checkBooksum refuses scores that the tables could not show honestly.
func checkBooksum(b *experiments.Booksum) error {
	if b == nil || len(b.Lengths) == 0 {
		return errors.New("status is done but there is no booksum")
	}
	before := 0
	for i, l := range b.Lengths {
		ok := l.Tokens > before && isShare(l.Share)
		before = l.Tokens
		for _, in := range []rouge.Interval{l.Rouge, l.Lead, l.Oracle} {
			ok = ok && isScore(in.Low) && isScore(in.Mid) && isScore(in.High)
		}
		if x := l.Bound; x != nil {
			ok = ok && isShare(x.Rouge1) && isShare(x.Rouge2) && isShare(x.RougeL) && isShare(x.Overall)
		}
		if !ok {
			return fmt.Errorf("booksum.lengths[%d], %d tokens: want rising lengths, and scores that are shares of 1", i, l.Tokens)
		}
	}
	for _, book := range b.Books {
		for _, r := range book.Readings {
			if !isShare(r.Share) || !isScore(r.Mean) {
				return fmt.Errorf("booksum: book %q at %d tokens: want scores that are shares of 1", clean(book.ID), r.Length)
			}
		}
	}
	if s := b.Slope; !(math.Abs(s.Value) < 1e6 && math.Abs(s.Low) < 1e6 && math.Abs(s.High) < 1e6) {
		return fmt.Errorf("booksum.slope %v [%v, %v]: want less than a million", s.Value, s.Low, s.High)
	}
	return nil
}

func isScore(s rouge.Scores) bool {
	return isShare(s.Rouge1.F) && isShare(s.Rouge2.F) && isShare(s.RougeL.F) && isShare(s.Overall)
}

// bookSlugs gives each shelf a name for files and anchors.
func bookSlugs(all []*bookshelf) []string {
	var corpora []string
	for _, b := range all {
		corpora = append(corpora, b.corpus)
	}
	return slugsOf(corpora)
}
