package reports

import (
	"strings"
	"testing"

	"infinibench/reports/table"
)

// A text that many rows share is shown once; a column with no other text is dropped.
func TestSharedCells(t *testing.T) {
	long, other := strings.Repeat("same", 12), strings.Repeat("other", 12)
	of := table.New("x", "X", "Model", "Scale", "Data", "Short")
	of.Add("a", long, long, "x")
	of.Add("b", long, long, "x")
	of.Add("c", long, other, "x")
	of.Add("d", "", long, "x")
	s := shown(of)
	if len(s.Shared) != 2 || !s.Shared[0].Everywhere || s.Shared[1].Everywhere || s.Shared[0].Text != long {
		t.Fatalf("shared: %+v", s.Shared)
	}
	if !s.Hidden(1) || s.Hidden(2) || s.Hidden(3) {
		t.Errorf("hidden: %v", s.hidden)
	}
	if s.Cell(2, long) != "" || s.Cell(2, other) != other || s.Cell(3, "x") != "x" {
		t.Error("a cell that is said above is written again, or another is not")
	}
	two := table.New("x", "X", "Model", "Scale")
	two.Add("a", long)
	two.Add("b", long)
	if s := shown(two); len(s.Shared) != 0 {
		t.Errorf("two rows share %+v", s.Shared)
	}
}

// What rows have in common beside something of their own is said once, and their own stays.
func TestSharedParts(t *testing.T) {
	data := "stand-in: " + strings.Repeat("text ", 8) + "of nobody"
	of := table.New("x", "X", "Model", "Data and scale")
	for _, own := range []string{"scale: 1", "scale: 2", "scale: 3"} {
		of.Add(own, data+"; "+own)
	}
	of.Add("the paper's", "paper only")
	s := shown(of)
	if len(s.Shared) != 1 || s.Shared[0].Text != data || s.Shared[0].Everywhere || s.Hidden(1) {
		t.Fatalf("shared: %+v", s.Shared)
	}
	for _, c := range [][2]string{{data + "; scale: 2", "scale: 2"}, {"paper only", "paper only"}, {data, ""}} {
		if got := s.Cell(1, c[0]); got != c[1] {
			t.Errorf("%q is shown as %q, want %q", c[0], got, c[1])
		}
	}
}
