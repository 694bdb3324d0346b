package experiments

import (
	"slices"
	"testing"

	"infinibench/internal/results"
)

// By hand: 3·5+0, 3·2+20, 3·5+0, 3·0+9 and 3·9+1 are 15, 26, 15, 9 and 28; equal ones keep
// their order.
func TestLongestFirst(t *testing.T) {
	work := []Estimate{{TrainTokens: 5}, {TrainTokens: 2, EvaluateTokens: 20}, {TrainTokens: 5}, {EvaluateTokens: 9}, {TrainTokens: 9, EvaluateTokens: 1}}
	if got, want := longestFirst(work), []int{4, 1, 0, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// The paper's stage has its own number of samples; without one, as many as the other stages.
func TestPaperSamples(t *testing.T) {
	for _, c := range []struct {
		paper int
		want  []int
	}{{0, []int{2, 2, 9}}, {8, []int{2, 8, 9}}} {
		var got []int
		for _, s := range passkeyStages(results.PasskeySettings{Samples: 9, Others: 2, PaperSamples: c.paper}) {
			got = append(got, s.samples)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d: %v, want %v", c.paper, got, c.want)
		}
	}
}
