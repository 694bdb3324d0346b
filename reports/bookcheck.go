package reports

import (
	"errors"
	"fmt"
	"math"

	"infinibench/experiments"
	"infinibench/internal/metrics/rouge"
)

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
