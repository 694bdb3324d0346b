package reports

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// checkBooksum refuses scores that the tables cannot represent.
func checkBooksum(b *results.Booksum) error {
	if b == nil || len(b.Lengths) == 0 {
		return errors.New("status is done but there is no booksum")
	}
	before := 0
	for i, l := range b.Lengths {
		if l.Tokens <= before || !inRange(l) {
			return fmt.Errorf("booksum.lengths[%d], %d tokens: want rising lengths, and scores that are shares of 1", i, l.Tokens)
		}
		before = l.Tokens
	}
	for _, book := range b.Books {
		for _, r := range book.Readings {
			if !isShare(r.Share) || !isScore(r.Mean) {
				return fmt.Errorf("booksum: book %q at %d tokens: want scores that are shares of 1", table.Clean(book.ID), r.Length)
			}
		}
	}
	if s := b.Slope; !allBelow(1e6, s.Value, s.Low, s.High) {
		return fmt.Errorf("booksum.slope %v [%v, %v]: want less than a million", s.Value, s.Low, s.High)
	}
	return nil
}

// inRange says whether all scores at one length are shares of 1.
func inRange(l results.BooksumLength) bool {
	for _, in := range []rouge.Interval{l.Rouge, l.Lead, l.Oracle} {
		if !isScore(in.Low) || !isScore(in.Mid) || !isScore(in.High) {
			return false
		}
	}
	if x := l.Bound; x != nil && !(isShare(x.Rouge1) && isShare(x.Rouge2) && isShare(x.RougeL) && isShare(x.Overall)) {
		return false
	}
	return isShare(l.Share)
}

// allBelow is false for a NaN too.
func allBelow(limit float64, values ...float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return !(math.Abs(v) < limit) })
}

func isScore(s rouge.Scores) bool {
	return isShare(s.Rouge1.F) && isShare(s.Rouge2.F) && isShare(s.RougeL.F) && isShare(s.Overall)
}
