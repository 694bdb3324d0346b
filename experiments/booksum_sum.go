package experiments

import (
	"slices"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
)

// sumBooksum returns the result of a cell, aggregated from its books. It reduces the books to
// what the report shows.
func sumBooksum(x *summaryTask, split datasets.Split, books []results.BooksumBook, lead int) *results.Booksum {
	b := &results.Booksum{Books: books, LeadWords: lead}
	for _, s := range slices.Compact([]datasets.Split{datasets.Train, split}) {
		c := x.pairs.Coverage(s)
		b.Coverage = append(b.Coverage, results.BooksumCoverage{Split: string(s), Listed: c.Listed, Usable: c.Usable, Official: c.Official, SHA256: c.SHA256})
		for _, p := range c.Problems {
			b.Problems = append(b.Problems, p.String())
		}
	}
	for i, length := range x.settings.Lengths {
		b.Lengths = append(b.Lengths, sumLength(length, i, books))
	}
	b.Slope = results.SlopeOverBooks(books)
	for _, book := range b.Books {
		if rouge.Invisible(book.Summary) {
			b.Invisible++
		}
		for i := range book.Readings {
			r := &book.Readings[i]
			r.Outputs, r.Scores, r.Ended = r.Outputs[:1], nil, r.Ended[:1]
		}
	}
	return b
}

func sumLength(length, i int, books []results.BooksumBook) results.BooksumLength {
	l := results.BooksumLength{Tokens: length, Books: len(books)}
	n := float64(len(books))
	var ours, lead, oracle []rouge.Scores
	var bounds []booksum.Bound
	var facts, read, hit, kept, outputs, words float64
	for _, book := range books {
		r := book.Readings[i]
		ours, lead, oracle = append(ours, r.Mean), append(lead, r.Lead), append(oracle, r.Oracle)
		l.Share += r.Share / n
		for k, o := range r.Outputs {
			outputs++
			words += float64(datasets.CountWords(o))
			if !r.Ended[k] {
				l.Unfinished++
			}
		}
		if r.Bound != nil {
			bounds = append(bounds, *r.Bound)
		}
		for _, f := range r.Facts {
			of := float64(len(r.Outputs))
			facts += of
			hit += float64(f.Hits)
			if f.Read {
				read += of
				kept += float64(f.Hits)
			}
		}
	}
	l.Words = words / outputs
	l.Rouge, l.Lead, l.Oracle = results.ScoresOverBooks(ours), results.ScoresOverBooks(lead), results.ScoresOverBooks(oracle)
	if facts > 0 {
		bound := booksum.Mean(bounds)
		l.Bound, l.FactsRead, l.FactsHit = &bound, read/facts, hit/facts
		if read > 0 {
			l.FactsKept = kept / read
		}
	}
	return l
}
