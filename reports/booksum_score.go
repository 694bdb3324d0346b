package reports

import (
	"maps"
	"slices"

	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
)

// measure aggregates the seeds. A single seed needs no averaging.
func (r *bookRow) measure() {
	if len(r.records) == 0 {
		return
	}
	var seeds []*results.Booksum
	for _, record := range r.records {
		seeds = append(seeds, record.Result.Booksum)
	}
	r.books = results.MeanBooks(seeds)
	for i, l := range seeds[0].Lengths {
		p := bookPoint{tokens: l.Tokens, books: l.Books, share: l.Share, rouge: l.Rouge, lead: l.Lead, oracle: l.Oracle, bound: l.Bound}
		n := float64(len(seeds))
		for _, seed := range seeds {
			if own := seed.Lengths; i < len(own) && own[i].Tokens == l.Tokens {
				p.read, p.hit, p.kept = p.read+own[i].FactsRead/n, p.hit+own[i].FactsHit/n, p.kept+own[i].FactsKept/n
				p.words, p.unfinished = p.words+own[i].Words/n, p.unfinished+float64(own[i].Unfinished)
			}
		}
		if scores := r.scores(l.Tokens); len(seeds) > 1 && len(scores) > 0 {
			p.rouge, p.books = results.ScoresOverBooks(scores), len(scores)
		}
		r.points = append(r.points, p)
	}
	r.slope = bookEstimate(seeds[0].Slope)
	if len(seeds) > 1 {
		r.slope = bookEstimate(results.SlopeOverBooks(r.books))
	}
}

// scores returns the scores of all books at one length.
func (r *bookRow) scores(length int) []rouge.Scores {
	var all []rouge.Scores
	for _, book := range r.books {
		for _, reading := range book.Readings {
			if reading.Length == length {
				all = append(all, reading.Mean)
			}
		}
	}
	return all
}

// bySeed are the results of a row.
func (r *bookRow) bySeed() map[uint64]*results.Booksum {
	all := map[uint64]*results.Booksum{}
	for _, record := range r.records {
		all[record.Result.Cell.Seed] = record.Result.Booksum
	}
	return all
}

// minus is the difference of overall, book by book, at the longest input, over the seeds
// that both have.
func (r *bookRow) minus(other *bookRow) bookEstimate {
	if other == nil || other == r || len(r.points) == 0 || other.whole().tokens != r.whole().tokens {
		return bookEstimate{}
	}
	a, b := r.bySeed(), other.bySeed()
	for _, seed := range unlike(bySeed(r.records), bySeed(other.records)) {
		delete(b, seed)
	}
	var ours, theirs []*results.Booksum
	for _, seed := range slices.Sorted(maps.Keys(a)) {
		if b[seed] != nil {
			ours, theirs = append(ours, a[seed]), append(theirs, b[seed])
		}
	}
	if len(ours) == 0 {
		return bookEstimate{}
	}
	return bookEstimate(results.DifferenceOverBooks(results.MeanBooks(ours), results.MeanBooks(theirs), r.whole().tokens))
}
