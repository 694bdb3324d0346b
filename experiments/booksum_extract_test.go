package experiments

import (
	"slices"
	"strings"
	"testing"

	"infinibench/internal/metrics/rouge"
)

func TestSentences(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \n ", nil},
		{"One. Two? Three! four", []string{"One.", "Two?", "Three!", "four"}},
		{"It cost 3.14 pounds. Yes.", []string{"It cost 3.14 pounds.", "Yes."}},
		{`"Go!" he said. (Now.) Then`, []string{`"Go!"`, "he said.", "(Now.)", "Then"}},
		{"a line\nand the next\n \nA HEADING\n\nText", []string{"a line\nand the next", "A HEADING", "Text"}},
		{"it rained all spring . king arthur spoke .", []string{"it rained all spring .", "king arthur spoke ."}},
		{"Wait... what?!", []string{"Wait...", "what?!"}},
		{"'Twas\u00a0night.\u2028Day.", []string{"'Twas\u00a0night.", "Day."}},
	} {
		if got := sentences(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestLeadWords(t *testing.T) {
	for _, c := range []struct {
		k    int
		want string
	}{{0, ""}, {2, "a b"}, {9, "a b c"}} {
		if got := leadWords(" a\nb  c ", c.k); got != c.want {
			t.Errorf("%d words: %q, want %q", c.k, got, c.want)
		}
	}
}

// TestOracle: sentences that are the reference are found among others; one that adds
// nothing is left out; and what is chosen scores at least as well as any one sentence.
func TestOracle(t *testing.T) {
	text := "The sky was grey. Arthur became king! Nobody knew why. The king married Guinevere. It rained. Arthur became king!"
	for _, c := range []struct{ reference, want string }{
		{"The king married Guinevere. Arthur became king!", "Arthur became king!\nThe king married Guinevere."},
		{"arthur became king", "Arthur became king!"},
		{"Arthur became king! Arthur became king!", "Arthur became king!\nArthur became king!"},
		{"xyz", ""},
		{"", ""},
	} {
		got := oracle(text, c.reference)
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.reference, got, c.want)
		}
		sum := func(s string) float64 {
			r := rouge.Compare(c.reference, s, false)
			return r.Rouge1.F + r.Rouge2.F
		}
		for _, s := range sentences(text) {
			// A pair of words across two sentences can only add.
			if sum(got) < sum(s)-1e-12 {
				t.Errorf("%q: %q scores less than %q", c.reference, got, s)
			}
		}
	}
	if got := oracle(strings.Repeat("a b. ", 3), "a b"); got != "a b." {
		t.Errorf("the same sentence again and again: %q", got)
	}
}
