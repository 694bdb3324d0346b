package reports

import (
	"strings"
	"testing"

	"infinibench/internal/results"
)

// withRatios is the fixture's novel corpus with a control of perplexity 20 and
// a linear model of 20 times the ratio of each seed. The bounds are 15 and 20,
// so an ideal reader gains ln 4/3.
func withRatios(ratios ...float64) *comparison {
	var kept []Record
	for _, record := range fixture().Records[:6] {
		seed := record.Result.Cell.Seed
		if seed > uint64(len(ratios)) {
			continue
		}
		p := record.Result.Perplexity
		p.Intact.TokenPPL = 20
		p.Ideal = &results.IdealRow{Full: 15, Segment: 20}
		if record.Result.Cell.Model == infiniLin {
			p.Intact.TokenPPL *= ratios[seed-1]
		}
		kept = append(kept, record)
	}
	return compare(&Run{Records: kept})[0]
}

// By hand: the geometric mean of 0.79, 0.80, 0.81 is 0.79996, of the bound 20 too; its
// 0.22320 nats below that are 77.6 % of ln 4/3 = 0.28768. The logarithm of 1.2 is 0.18232, or
// 63.4 % of it.
func TestHeadline(t *testing.T) {
	for _, tc := range []struct {
		name   string
		ratios []float64
		want   string
	}{
		{"helps", []float64{0.79, 0.80, 0.81}, "Linear: memory helps, perplexity 20.0 % below the control's, 78 % of the way from the best reader without memory to the best with it."},
		{"hurts", []float64{1.19, 1.20, 1.21}, "Linear: no fair trial, Linear closes none of the ideal gap, and a fair trial needs 70 %; it would take more than its 150 steps (how many is unknown)."},
		{"chance", []float64{0.99, 1, 1.01}, "Linear: no fair trial, Linear closes only 0 % of the ideal gap, and a fair trial needs 70 %; it would take more than its 150 steps (how many is unknown)."},
		{"one seed", []float64{0.8}, "Linear: no fair trial, n too small: 1 paired seed; it would take at least 2 seeds."},
		{"nothing", nil, "no result bears on a claim of the paper."},
	} {
		c := &comparison{}
		if tc.ratios != nil {
			c = withRatios(tc.ratios...)
		}
		if got := c.headline(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// If zeroing the memory costs nothing, the gain is not due to it, whatever the ordering.
func TestHeadlineOfUnusedMemory(t *testing.T) {
	c := withRatios(0.79, 0.80, 0.81)
	r := find(t, c, infiniLin, 1024)
	r.zeroedRatio = Interval{Mean: 1.001, Low: 0.999, High: 1.003, N: 3}
	want := "Linear: better than the control, but zeroing its memory makes no sure difference; perplexity 20.0 % below the control's, 78 % of the way from the best reader without memory to the best with it."
	if got := c.headline(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLead(t *testing.T) {
	run := fixture()
	text := strings.Join(leadOf(t, run), "\n")
	for _, want := range []string{
		"none of its models' ratios is reproduced here",
		"Scale: 413K parameters (paper: ≈184M), segments of 128 tokens (2,048), training sequences of 1,024 tokens (32,768), 1.2M training tokens a cell (not stated).",
		"1 cell failed.", "1 of 19 planned cells not run.", // the fixture's 18 cells and one more
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	run.Records = run.Records[:3]
	run.Records[1].Result.Scale.Parameters = 2_000_000
	run.Planned = nil
	text = strings.Join(leadOf(t, run), "\n")
	if !strings.Contains(text, "Scale: 413K to 2M parameters") || strings.Contains(text, "failed") || strings.Contains(text, "not run") {
		t.Errorf("two scales, nothing failed:\n%s", text)
	}
}

// By hand from the fixture: 17 cells of 61.5 s and 9.25 s, 1,228,800 tokens and
// 310 MiB each: 1045.5 s, 157.25 s and 20.9M tokens.
func TestCostSentence(t *testing.T) {
	want := "17 cells trained on 20.9M tokens together, in 17 min, and were evaluated in 3 min, times added up over cells that may have run side by side; the program took up to 310 MiB. Made on A processor, 2 threads a cell."
	if got := costSentence(fixture()); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := costSentence(&Run{}); got != "" {
		t.Errorf("nothing was measured: %q", got)
	}
	for seconds, want := range map[float64]string{0.4: "0 s", 119: "119 s", 600: "10 min", 9000: "2.5 h"} {
		if got := duration(seconds); got != want {
			t.Errorf("duration(%v) = %q, want %q", seconds, got, want)
		}
	}
}
