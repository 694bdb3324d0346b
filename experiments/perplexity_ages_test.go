package experiments

import "testing"

// By hand: one row for facts in sight, one for the segment before, then doublings; the last
// has no end.
func TestAgeRows(t *testing.T) {
	rows := emptyAges()
	for segments, row := range map[int]int{0: 0, 1: 1, 2: 2, 3: 2, 4: 3, 7: 3, 8: 4, 63: 6, 64: 7, 127: 7, 128: 8, 5000: 8} {
		if got := ageRow(segments); got != row {
			t.Errorf("%d segments are in row %d, want %d", segments, got, row)
		}
		if r := rows[row]; segments < r.From || r.To >= 0 && segments > r.To {
			t.Errorf("row %d is from %d to %d, without %d", row, r.From, r.To, segments)
		}
	}
	if r := rows[oldest]; r.From != 128 || r.To != -1 {
		t.Errorf("the last row is from %d to %d, want from 128 on", r.From, r.To)
	}
}
