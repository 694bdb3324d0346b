package reports

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"infinibench/reports/table"
)

// By hand: four models of which each is divided by all that come later, so that the ratios
// fill the half above the diagonal; the last row and the first column are empty and left
// out. Of the distances from 1, |ln 0.5| is the largest and has the whole colour, and
// |ln 0.8| is 32 % of it.
func TestMatrix(t *testing.T) {
	of := table.New("x", "Ratios", "This")
	for _, p := range []struct {
		this, other string
		ratio       float64
	}{{"c", "d", 1}, {"a", "b", 0.8}, {"a", "c", 0.5}, {"a", "d", 2}, {"b", "c", 1.25}, {"b", "d", math.NaN()}} {
		of.Pairs = append(of.Pairs, table.Pair{This: p.this, Other: p.other, Value: p.ratio, Text: fmt.Sprint(p.ratio)})
	}
	var got []string
	m := matrixOf(of)
	got = append(got, strings.Join(m.Columns, " "))
	for _, row := range m.Rows {
		line := row.Name + ":"
		for _, c := range row.Cells {
			if c.Empty() {
				line += " -"
				continue
			}
			line += fmt.Sprintf(" %s/%s/%d", c.Text, c.Side, c.Mix)
		}
		got = append(got, line)
	}
	want := []string{"b c d", "a: 0.8/below/32 0.5/below/100 2/above/100", "b: - 1.25/above/32 NaN/even/0", "c: - - 1/even/0"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	of.Pairs[1] = of.Pairs[0]
	if matrixOf(of) != nil {
		t.Error("a pair that is there twice has one place in a matrix")
	}
	of.Pairs = of.Pairs[:5]
	if matrixOf(of) != nil {
		t.Error("five pairs become a matrix")
	}
}
