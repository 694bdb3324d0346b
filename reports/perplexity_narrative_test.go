package reports

import (
	"strings"
	"testing"
)

// The sentences must follow the numbers, even where these contradict the paper.
func TestReadingFollowsTheNumbers(t *testing.T) {
	// change gives novel's local-only control a perplexity of 23 and the model
	// with memory 23 times the factor of each seed.
	change := func(factors ...float64) *Run {
		var kept []Record
		for _, record := range fixture().Records[:6] {
			seed := record.Result.Cell.Seed
			if seed > uint64(len(factors)) {
				continue
			}
			p := record.Result.Perplexity
			p.Intact.TokenPPL = 23
			if record.Result.Cell.Model == infiniLin {
				p.Intact.TokenPPL *= factors[seed-1]
				p.Zeroed.TokenPPL = p.Intact.TokenPPL
			}
			kept = append(kept, record)
		}
		return &Run{Records: kept}
	}
	for _, tc := range []struct {
		name string
		run  *Run
		want []string
		not  string
	}{
		{"memory hurts", change(1.19, 1.2, 1.21), []string{"the memory did not help.", "do not show that the model uses its memory"}, "predicts better"},
		{"memory helps", change(0.79, 0.8, 0.81), []string{"the model with memory predicts better."}, "did not help"},
		{"one seed", change(0.8), []string{"one pair of seeds allows no interval, so this decides nothing."}, "predicts better"},
		{"no difference", change(0.99, 1, 1.01), []string{"which contains 100 %: the difference may be chance."}, "predicts better"},
	} {
		text := strings.Join(compare(tc.run)[0].reading(), "\n")
		for _, want := range tc.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in:\n%s", tc.name, want, text)
			}
		}
		if strings.Contains(text, tc.not) {
			t.Errorf("%s: %q stands in:\n%s", tc.name, tc.not, text)
		}
		if !strings.Contains(text, "our perplexities cannot be set against the paper's") {
			t.Errorf("%s: the scale is not named in:\n%s", tc.name, text)
		}
	}
}

// By hand: in the fixture a near fact costs 0.4 nats and an excess below 0.08,
// a new one 2.6. With the near ones made as dear as 2.0, half of 2.6 is passed.
func TestReadingOfLookup(t *testing.T) {
	const warning = "without having learnt to look a fact up"
	run := fixture()
	if text := strings.Join(compare(run)[0].reading(), "\n"); strings.Contains(text, warning) {
		t.Errorf("the control looks facts up, yet:\n%s", text)
	}
	for _, record := range run.Records[:3] { // novel, local-only
		class := &record.Result.Perplexity.Classes[2]
		class.NLL, class.IdealFull = 2.0*float64(class.Tokens), 0
	}
	text := strings.Join(compare(run)[0].reading(), "\n")
	if !strings.Contains(text, "still costs Local only 2.000 nats a word, where an ideal reader pays 0.000 and a new fact costs 2.6") || !strings.Contains(text, warning) ||
		!strings.Contains(text, "The other models have learnt it, so what they are better by than the control is not their memory's alone.") {
		t.Errorf("the control does not look facts up, yet:\n%s", text)
	}
}
