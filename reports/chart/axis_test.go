package chart

import (
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// By hand.
func TestTicks(t *testing.T) {
	label := func(ticks []plot.Tick) string {
		var words []string
		for _, tick := range ticks {
			words = append(words, tick.Label)
		}
		return strings.Join(words, " ")
	}
	for _, tc := range []struct {
		name  string
		axis  Axis
		seen  Range
		width float64
		want  string
	}{
		{"steps", Axis{Kind: Value, From: 0, To: 0.6, Step: 0.2}, Range{0, 0.6}, 0, "0 0.2 0.4 0.6"},
		{"doubling", Axis{Kind: Log}, Range{1024, 16384}, 300, "1024 2048 4096 8192 16384"},
		{"doubling to a million", Axis{Kind: Log}, Range{1024, 1 << 20}, 300, "1024 4096 16384 65536 262144 1048576"},
		{"two decades", Axis{Kind: Log}, Range{0.9, 60}, 0, "1 2 5 10 20 50"},
		{"many decades", Axis{Kind: Log}, Range{0.5, 100_000}, 0, "1 10 100 1000 10000 100000"},
		{"categories", Axis{Kind: Category, Labels: []string{"0", "64", "128", "192"}}, Range{}, 300, "0 64 128 192"},
		{"too many categories", Axis{Kind: Category, Labels: []string{"0", "64", "128", "192"}}, Range{}, 60, "0 128"},
		{"crowded names", Axis{Kind: Category, Labels: []string{"Linear + Delta", "Linear"}}, Range{}, 45, "Linear + Delta Linear"},
		{"names", Axis{Kind: Category, Labels: []string{"Linear + Delta"}}, Range{}, 45, "Linear +\nDelta"},
	} {
		if got := label(tc.axis.ticks(tc.seen, vg.Length(tc.width))); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// The bound of a text that is known for certain is 0, up to rounding; losses are not negative.
func TestValueAxisBeginsAtZero(t *testing.T) {
	for low, want := range map[float64]bool{0: true, 0.02: true, -1.8e-13: true, -0.1: false} {
		if from := ValueAxis("loss", Range{low, 2.1}).From; (from == 0) != want {
			t.Errorf("from %v to 2.1: the axis begins at %v", low, from)
		}
	}
}

// By hand: a fifth of 17.2…21.9 is 0.94, so the step is 1; of 2.20…2.26 it is
// 0.012, so 0.02.
func TestNiceRange(t *testing.T) {
	for _, tc := range []struct{ low, high, from, to, step float64 }{
		{17.2, 21.9, 17, 23, 1}, {2.20, 2.26, 2.18, 2.28, 0.02}, {5, 5, 4.4, 5.6, 0.2}, {100, 1100, 0, 1200, 200},
	} {
		if from, to, step := niceRange(tc.low, tc.high); from != tc.from || to != tc.to || step != tc.step {
			t.Errorf("niceRange(%v, %v) = %v, %v, %v, want %v, %v, %v", tc.low, tc.high, from, to, step, tc.from, tc.to, tc.step)
		}
	}
}
