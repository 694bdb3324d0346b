package experiments

import (
	"math"
	"slices"
	"testing"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
)

// TestStated: a fact is stated by its key with its value right behind it.
func TestStated(t *testing.T) {
	got := stated("king", "arthur", true, []string{"the king arthur spoke", "king of arthur", "king arthur . king arthur", "king", ""})
	if want := (results.BooksumFact{Key: "king", Value: "arthur", Read: true, Hits: 2, First: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestSumBooksum: two books, at two lengths, by hand.
func TestSumBooksum(t *testing.T) {
	s := summaries(t).Booksum
	s.Lengths = []int{64, 128}
	x := chronicleTask(t, s)
	score := func(overall float64) rouge.Scores {
		part := rouge.Score{F: overall}
		return rouge.Scores{Rouge1: part, Rouge2: part, RougeL: part, Overall: overall}
	}
	bound := booksum.NewBound(1, 2, 3)
	reading := func(share, overall float64, outputs []string, ended []bool, facts ...results.BooksumFact) results.BooksumReading {
		return results.BooksumReading{Share: share, Mean: score(overall), Outputs: outputs, Ended: ended, Bound: &bound, Facts: facts}
	}
	books := []results.BooksumBook{
		{ID: "a", Summary: "ไทย", Readings: []results.BooksumReading{
			reading(0.25, 0.2, []string{"a b", "c"}, []bool{true, false}, results.BooksumFact{Read: true, Hits: 2}, results.BooksumFact{Hits: 1}),
			reading(0.75, 0.4, []string{"a", "b"}, []bool{true, true}, results.BooksumFact{Read: true, Hits: 1}, results.BooksumFact{Read: true}),
		}},
		{ID: "b", Summary: "Thai", Readings: []results.BooksumReading{
			reading(0.5, 0.3, []string{"a b c", ""}, []bool{true, true}, results.BooksumFact{Read: true, Hits: 1}, results.BooksumFact{}),
			reading(1, 0.7, []string{"a", "b"}, []bool{true, true}, results.BooksumFact{Read: true, Hits: 2}, results.BooksumFact{Read: true, Hits: 2}),
		}},
	}
	b := sumBooksum(x, datasets.Test, books, 7)
	first, second := b.Lengths[0], b.Lengths[1]
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"slope", b.Slope.Value, 0.6},                                            // of (0.4-0.2)/0.5 and (0.7-0.3)/0.5
		{"lowest slope", b.Slope.Low, 0.4}, {"highest slope", b.Slope.High, 0.8}, // both resamples of one book
		{"share", first.Share, 0.375}, {"words", first.Words, 1.5}, {"unfinished", float64(first.Unfinished), 1},
		{"facts read", first.FactsRead, 0.5}, {"facts hit", first.FactsHit, 0.5}, // 4 of 2 books × 2 facts × 2 outputs
		{"facts kept", first.FactsKept, 0.75}, // 3 of 2 × 2
		{"facts hit of all", second.FactsHit, 0.625}, {"facts kept of all", second.FactsKept, 0.625},
		{"overall", first.Rouge.Mid.Overall, 0.25}, {"low", first.Rouge.Low.Overall, 0.2}, {"high", first.Rouge.High.Overall, 0.3},
		{"bound", first.Bound.Overall, bound.Overall}, {"lead words", float64(b.LeadWords), 7}, {"invisible", float64(b.Invisible), 1},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s is %g, want %g", c.name, c.got, c.want)
		}
	}
	if got := b.Books[0].Readings[0].Outputs; !slices.Equal(got, []string{"a b"}) {
		t.Errorf("outputs kept: %q", got)
	}
}
