package rouge

import (
	"math"
	"testing"
)

// By hand. Of "x y" the prediction has both words, 2 of its 4, and the pair, 1 of its 3:
// F is 2/3 and 1/2. "w z y x" has all words in the other order: F is 1 for ROUGE-1, 0 for
// ROUGE-2 and 1/4 for ROUGE-L. Of equal F the first target counts.
func TestBest(t *testing.T) {
	for _, test := range []struct {
		name       string
		targets    []string
		prediction string
		want       Scores
	}{
		{"each score by its own target", []string{"x y", "w z y x"}, "x y z w", Scores{
			Score{1, 1, 1}, Score{1. / 3, 1, 0.5}, Score{0.5, 1, 2. / 3}, Score{0.5, 1, 2. / 3}, math.Cbrt(1. / 3),
		}},
		{"the first of equals", []string{"a", "a b c d"}, "a b", Scores{
			Score{0.5, 1, 2. / 3}, Score{1, 1. / 3, 0.5}, Score{0.5, 1, 2. / 3}, Score{0.5, 1, 2. / 3}, math.Cbrt(2. / 9),
		}},
		{"one is the prediction itself", []string{"a b c", "a b d"}, "a b d", Scores{Score{1, 1, 1}, Score{1, 1, 1}, Score{1, 1, 1}, Score{1, 1, 1}, 1}},
		{"none has a word of it", []string{"a", "b"}, "c", Scores{}},
	} {
		got := Best(test.targets, test.prediction, false)
		want := test.want
		for i, g := range got.columns() {
			if w := *want.columns()[i]; math.Abs(*g-w) > 1e-12 {
				t.Errorf("%s: %+v, want %+v", test.name, got, want)
				break
			}
		}
		if math.Abs(got.Overall-want.Overall) > 1e-12 {
			t.Errorf("%s: overall %g, want %g", test.name, got.Overall, want.Overall)
		}
	}
}

func TestInvisible(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, " \n": false, "a": false, "สวัสดีครับ": true, "你好": true, "…!": true, "你好 2": false, "\u212a": false, // the sign of Kelvin is a k
	} {
		if Invisible(text) != want {
			t.Errorf("%q: %t, want %t", text, !want, want)
		}
	}
}

// The reference's pairs of one prediction, taken together: each score is rouge_score's for
// the target whose F is highest.
func TestBestOfReference(t *testing.T) {
	ref := loadReference(t)
	targets, want := map[string][]string{}, map[string]Scores{}
	for _, c := range ref.Cases {
		best, found := want[c.Prediction]
		for _, of := range []struct{ best, other *Score }{
			{&best.Rouge1, &c.Plain.Rouge1}, {&best.Rouge2, &c.Plain.Rouge2}, {&best.RougeL, &c.Plain.RougeL}, {&best.RougeLsum, &c.Plain.RougeLsum},
		} {
			if !found || of.other.F > of.best.F {
				*of.best = *of.other
			}
		}
		targets[c.Prediction], want[c.Prediction] = append(targets[c.Prediction], c.Target), best
	}
	several := 0
	for prediction, of := range targets {
		if len(of) > 1 {
			several++
		}
		if got := Best(of, prediction, false); deviation(got, want[prediction]) > 1e-9 {
			t.Errorf("%.60q: %+v, want %+v", prediction, got, want[prediction])
		}
	}
	if several != 6 {
		t.Errorf("%d predictions with several targets, want 6", several)
	}
}
