package reports

import (
	"strings"
	"testing"

	"infinibench/internal/results"
	"infinibench/reports/chart"
)

// By hand: over 10 tokens the control loses 20 and 30 nats with seeds 1 and 2,
// the model 18 and 26: gains of 0.2 and 0.4 per token, 0.3 in the mean. Seed 3
// of the model has no partner and must not count; nor may an empty bucket.
func TestGainByPosition(t *testing.T) {
	run := fixture()
	run.Records = append(run.Records[:2], run.Records[3:6]...) // novel: local-only 1 and 2, infini-linear 1 to 3
	for i, nll := range []float64{20, 30, 18, 26, 1} {
		run.Records[i].Result.Perplexity.Positions = []results.Bucket{
			{From: 0, To: 10, Tokens: 10, NLL: nll}, {From: 10, To: 20},
		}
	}
	f, err := compare(run)[0].gainChart("novel")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"0–10", "0.3000", "0.000"}}
	if got := f.Data.Rows; len(got) != 1 || strings.Join(got[0], "|") != strings.Join(want[0], "|") {
		t.Errorf("%q, want %q", got, want)
	}
	for _, text := range []string{"NaN", "null"} {
		if strings.Contains(string(f.Option), text) {
			t.Errorf("the options contain %s: %s", text, f.Option)
		}
	}
}

// Every figure of a generated corpus has its bounds, by name and by value: the
// first bucket's ideal losses of the fixture are ln 21.9 + 0.18 = 3.2665, both
// with the full history and with the last segment.
func TestChartsShowTheBounds(t *testing.T) {
	c := compare(fixture())[0]
	for _, draw := range []func(string) (*chart.Chart, error){c.perplexityChart, c.positionChart} {
		f, err := draw("novel")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"ideal, full history", "ideal, last segment only"} {
			if !strings.Contains(string(f.Option), name) {
				t.Errorf("%s: %q is not drawn", f.Title, name)
			}
		}
	}
	f, _ := c.positionChart("novel")
	if row := f.Data.Rows[0]; row[len(row)-1] != "3.266" && row[len(row)-1] != "3.267" || row[len(row)-2] != row[len(row)-1] {
		t.Errorf("bounds of the first bucket: %q", row)
	}
}
