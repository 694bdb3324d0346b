package results

import (
	"math/rand/v2"
	"slices"

	"infinibench/internal/metrics"
	"infinibench/internal/metrics/rouge"
)

// MeanBooks is the books of several seeds of a model, in the order of the first: of each
// book the readings that all seeds have, with means over the seeds of share and scores
// and nothing else.
func MeanBooks(seeds []*Booksum) []BooksumBook {
	type key struct {
		id     string
		length int
	}
	readings := map[key][]BooksumReading{}
	for i, b := range seeds {
		for _, book := range b.Books {
			for _, r := range book.Readings {
				if k := (key{book.ID, r.Length}); len(readings[k]) == i { // once in each seed before
					readings[k] = append(readings[k], r)
				}
			}
		}
	}
	var all []BooksumBook
	if len(seeds) == 0 {
		return nil
	}
	for _, book := range seeds[0].Books {
		mean := BooksumBook{ID: book.ID, Title: book.Title, Tokens: book.Tokens, Summary: book.Summary}
		for _, r := range book.Readings {
			own := readings[key{book.ID, r.Length}]
			if len(own) != len(seeds) {
				continue
			}
			m := BooksumReading{ID: book.ID, Length: r.Length, Read: r.Read}
			var scores []rouge.Scores
			for _, o := range own {
				m.Share += o.Share / float64(len(own))
				scores = append(scores, o.Mean)
			}
			m.Mean = MeanScores(scores)
			mean.Readings = append(mean.Readings, m)
		}
		if len(mean.Readings) > 0 {
			all = append(all, mean)
		}
	}
	return all
}

// SlopeOverBooks is how much overall grows from nothing read to all of the book read:
// the slope of a line through the lengths of each book, averaged over books. A book that
// fits into the shortest length shows no trend and is left out.
func SlopeOverBooks(books []BooksumBook) BooksumMean {
	var slopes []float64
	for _, book := range books {
		var share, overall []float64
		for _, r := range book.Readings {
			share, overall = append(share, r.Share), append(overall, r.Mean.Overall)
		}
		if len(share) > 0 && slices.Min(share) < slices.Max(share) {
			slopes = append(slopes, metrics.Slope(share, overall))
		}
	}
	return OverBooks(slopes)
}

// DifferenceOverBooks is the mean difference in overall between the first and the second at
// a length, over the books that both have.
func DifferenceOverBooks(books, others []BooksumBook, length int) BooksumMean {
	overall := func(books []BooksumBook) (ids []string, values map[string]float64) {
		values = map[string]float64{}
		for _, book := range books {
			for _, r := range book.Readings {
				if r.Length == length {
					ids, values[book.ID] = append(ids, book.ID), r.Mean.Overall
				}
			}
		}
		return ids, values
	}
	ids, ours := overall(books)
	_, theirs := overall(others)
	var differences []float64
	for _, id := range ids {
		if v, ok := theirs[id]; ok {
			differences = append(differences, ours[id]-v)
		}
	}
	return OverBooks(differences)
}

// ScoresOverBooks is the mean of the scores with its interval, always with the same
// draws, so that what is compared has the books of a resample in common.
func ScoresOverBooks(scores []rouge.Scores) rouge.Interval {
	return rouge.Bootstrap(scores, 0.95, rand.New(rand.NewPCG(1, 0)))
}

// OverBooks is the mean of one value of each book with its percentile interval (Efron &
// Tibshirani 1993, chapter 13). It says what other books would change; of other seeds it
// says nothing.
func OverBooks(values []float64) BooksumMean {
	n := len(values)
	if n == 0 {
		return BooksumMean{}
	}
	mean := func(value func(i int) float64) (sum float64) {
		for i := range n {
			sum += value(i) / float64(n)
		}
		return sum
	}
	e := BooksumMean{Value: mean(func(i int) float64 { return values[i] }), Books: n}
	e.Low, e.High = e.Value, e.Value
	if n < 2 {
		return e
	}
	r := rand.New(rand.NewPCG(1, uint64(n)))
	means := make([]float64, metrics.Resamples)
	for i := range means {
		means[i] = mean(func(int) float64 { return values[r.IntN(n)] })
	}
	slices.Sort(means)
	e.Low, e.High = means[metrics.Resamples*25/1000-1], means[metrics.Resamples*975/1000]
	return e
}

// MeanScores is the mean of every score, overall too.
func MeanScores(scores []rouge.Scores) rouge.Scores {
	var mean rouge.Scores
	n := float64(len(scores))
	for _, s := range scores {
		for _, part := range []struct{ sum, of *rouge.Score }{
			{&mean.Rouge1, &s.Rouge1}, {&mean.Rouge2, &s.Rouge2}, {&mean.RougeL, &s.RougeL}, {&mean.RougeLsum, &s.RougeLsum},
		} {
			part.sum.Precision += part.of.Precision / n
			part.sum.Recall += part.of.Recall / n
			part.sum.F += part.of.F / n
		}
		mean.Overall += s.Overall / n
	}
	return mean
}
