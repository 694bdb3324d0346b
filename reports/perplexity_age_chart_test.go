package reports

import (
	"strings"
	"testing"

	"infinibench/internal/results"
)

// By hand: with seeds 1 and 2, 40 facts in sight lose 20 and 28 nats, 0.6 in the mean; 100
// facts of two or three segments ago lose 110 and 130, 1.2 in the mean. 29 facts are too few.
func TestLossByAge(t *testing.T) {
	run := fixture()
	run.Records = run.Records[3:5] // novel: infini-linear 1 and 2
	for i, nll := range [][]float64{{20, 110}, {28, 130}} {
		run.Records[i].Result.Perplexity.Ages = []results.AgeScore{
			{Tokens: 40, NLL: nll[0]}, {From: 1, To: 1, Tokens: 29, NLL: 1}, {From: 2, To: 3, Tokens: 100, NLL: nll[1], IdealSegment: 150},
			{From: 4, To: -1, Tokens: 30, NLL: 30, IdealSegment: 60},
		}
	}
	f, err := compare(run)[0].ageChart("novel")
	if err != nil {
		t.Fatal(err)
	}
	want := "0|0.6000|0.000|0.000\n2–3|1.200|0.000|1.500\n4 or more|1.000|0.000|2.000"
	var got []string
	for _, row := range f.Data.Rows {
		got = append(got, strings.Join(row, "|"))
	}
	if strings.Join(got, "\n") != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i := range run.Records {
		run.Records[i].Result.Perplexity.Ages = nil // a text without facts
	}
	if f, err := compare(run)[0].ageChart("novel"); f != nil || err != nil {
		t.Errorf("without facts: %v, %v", f, err)
	}
}
