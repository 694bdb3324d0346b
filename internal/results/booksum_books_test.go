package results

import (
	"math"
	"testing"

	"infinibench/internal/metrics/rouge"
)

// Two seeds of a model, the second without book a and 0.2 better at all of book b: by hand.
func TestMeanBooks(t *testing.T) {
	book := func(id string, readings ...BooksumReading) BooksumBook {
		return BooksumBook{ID: id, Readings: readings}
	}
	read := func(length int, share, overall float64) BooksumReading {
		return BooksumReading{Length: length, Share: share, Mean: rouge.Scores{Overall: overall}}
	}
	first := []BooksumBook{book("a", read(64, 0.25, 0.2), read(128, 0.75, 0.4)), book("b", read(64, 0.5, 0.3), read(128, 1, 0.7))}
	second := []BooksumBook{book("b", read(64, 0.5, 0.3), read(128, 1, 0.9))}
	both := MeanBooks([]*Booksum{{Books: first}, {Books: second}})
	if len(both) != 1 || both[0].ID != "b" || math.Abs(both[0].Readings[1].Mean.Overall-0.8) > 1e-12 || both[0].Readings[1].Share != 1 {
		t.Fatalf("means %+v", both)
	}
	if e := SlopeOverBooks(both); math.Abs(e.Value-1) > 1e-12 || e.Books != 1 { // (0.8 - 0.3) / 0.5
		t.Errorf("slope: %+v", e)
	}
	if e := DifferenceOverBooks(both, first, 128); math.Abs(e.Value-0.1) > 1e-12 || e.Books != 1 { // 0.8 - 0.7
		t.Errorf("difference at 128: %+v", e)
	}
	if e := DifferenceOverBooks(both, first, 64); math.Abs(e.Value) > 1e-12 || e.Books != 1 {
		t.Errorf("difference at 64: %+v", e)
	}
	if e := OverBooks([]float64{3}); e != (BooksumMean{Value: 3, Low: 3, High: 3, Books: 1}) {
		t.Errorf("of one book: %+v", e)
	}
	if e := OverBooks(nil); e != (BooksumMean{}) {
		t.Errorf("of none: %+v", e)
	}
}
