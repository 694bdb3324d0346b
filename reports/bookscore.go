package reports

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"infinibench/experiments"
	"infinibench/internal/metrics"
	"infinibench/internal/metrics/rouge"
)

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
