package rouge

import (
	"math"
	"math/rand/v2"
	"testing"
)

func scoresOf(all ...Score) []Scores {
	var scores []Scores
	for _, s := range all {
		scores = append(scores, Scores{Rouge1: s, Rouge2: s, RougeL: s, RougeLsum: s})
	}
	return scores
}

// From rouge_score's testConsistentPercentiles and testLargeConfidence. Three draws
// are all 0 or all 1 once in 27 times, below the 5 % left out on each side.
func TestBootstrap(t *testing.T) {
	scores := scoresOf(Score{1, 1. / 3, 1. / 2}, Score{}, Score{1, 1, 1})
	tests := []struct {
		confidence     float64
		low, mid, high Score
	}{
		{0.9, Score{1. / 3, 1. / 9, 1. / 6}, Score{2. / 3, 4. / 9, 3. / 6}, Score{1, 7. / 9, 5. / 6}},
		{0, Score{2. / 3, 4. / 9, 3. / 6}, Score{2. / 3, 4. / 9, 3. / 6}, Score{2. / 3, 4. / 9, 3. / 6}},
		{1, Score{}, Score{2. / 3, 4. / 9, 3. / 6}, Score{1, 1, 1}},
	}
	for _, test := range tests {
		got := Bootstrap(scores, test.confidence, rand.New(rand.NewPCG(1, 0)))
		for i, s := range []Scores{got.Low, got.Mid, got.High} {
			want := scoresOf(test.low, test.mid, test.high)[i]
			if d := deviation(s, want); d > 1e-8 {
				t.Errorf("confidence %g: bound %d is %+v, want %+v", test.confidence, i, s, want)
			}
			// Equal columns have themselves as geometric mean.
			if math.Abs(s.Overall-want.Rouge1.F) > 1e-8 {
				t.Errorf("confidence %g: bound %d of the overall score is %g, want %g", test.confidence, i, s.Overall, want.Rouge1.F)
			}
		}
	}
}

// The mean of many draws is normal: at 95 % the interval of n scores is
// ±1.96·σ/√n, with σ = 1/2 for scores half 0 and half 1. The mean of the geometric
// means would be 0 here, since one of the three is always 0; computed from the means, it is
// the cube root of 1/2·1·1/2.
func TestBootstrapWidth(t *testing.T) {
	const n = 400
	scores := make([]Scores, n)
	for i := range scores {
		scores[i].Rouge1.F = float64(i % 2)
		scores[i].Rouge2.F = 1
		scores[i].RougeL.F = float64(1 - i%2)
	}
	in := Bootstrap(scores, 0.95, rand.New(rand.NewPCG(2, 0)))
	half := 1.96 * 0.5 / math.Sqrt(n)
	for _, c := range []struct{ got, want float64 }{
		{in.Low.Rouge1.F, 0.5 - half}, {in.Mid.Rouge1.F, 0.5}, {in.High.Rouge1.F, 0.5 + half}, {in.Mid.Overall, math.Cbrt(0.25)},
	} {
		if math.Abs(c.got-c.want) > 0.15*half {
			t.Errorf("%g, want %g", c.got, c.want)
		}
	}
}

func TestBootstrapSeed(t *testing.T) {
	scores := scoresOf(Score{0.1, 0.2, 0.3}, Score{0.7, 0.5, 0.6}, Score{0.2, 0.9, 0.4}, Score{0.8, 0.1, 0.2})
	draw := func(seed uint64) Interval { return Bootstrap(scores, 0.95, rand.New(rand.NewPCG(seed, 0))) }
	if draw(1) != draw(1) {
		t.Error("the same seed gives two results")
	}
	if draw(1) == draw(2) {
		t.Error("two seeds give the same result")
	}
}
