package rouge

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// Fractions counted by hand. Those marked rouge_score are in that library's tests,
// which give the same ones.
func TestCompare(t *testing.T) {
	p := func(precision, recall, f float64) Score { return Score{precision, recall, f} }
	same := p(1, 1, 1)
	tests := []struct {
		reason, target, prediction string
		want                       [4]Score // 1, 2, L, Lsum
	}{
		{"rouge_score: a word", "testing one two", "testing", [4]Score{p(1, 1./3, 1./2), {}, p(1, 1./3, 1./2), p(1, 1./3, 1./2)}},
		{"rouge_score: adjacent", "testing one two", "testing one", [4]Score{p(1, 2./3, 4./5), p(1, 1./2, 2./3), p(1, 2./3, 4./5), p(1, 2./3, 4./5)}},
		{"rouge_score: apart", "testing one two", "testing two", [4]Score{p(1, 2./3, 4./5), {}, p(1, 2./3, 4./5), p(1, 2./3, 4./5)}},
		{"rouge_score: the example of Lin's section 3.2, two sentences against one",
			"w1 w2 w3 w4 w5", "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5",
			[4]Score{p(4./10, 4./5, 8./15), p(1./9, 1./4, 2./13), p(4./10, 4./5, 8./15), p(4./10, 4./5, 8./15)}},
		{"rouge_score: nothing predicted", "testing one two", "", [4]Score{}},
		{"rouge_score: no words predicted", "w1 w2 w3 w4 w5", "/", [4]Score{}},
		{"nothing at all", "", "\n\n", [4]Score{}},
		{"counts are clipped to the smaller one", "a a b", "a a a a", [4]Score{p(2./4, 2./3, 4./7), p(1./3, 1./2, 2./5), p(2./4, 2./3, 4./7), p(2./4, 2./3, 4./7)}},
		{"sentences in another order are the same to Lsum only", "a b\nc d", "c d\n\n...\na b", [4]Score{same, p(2./3, 2./3, 2./3), p(1./2, 1./2, 1./2), same}},
		{"a word predicted once counts in one sentence of the target", "a b\na c", "a", [4]Score{p(1, 1./4, 2./5), {}, p(1, 1./4, 2./5), p(1, 1./4, 2./5)}},
		{"of two common subsequences, b and a, the one that rouge_score finds is a, which another sentence has used up",
			"a\na b", "b a", [4]Score{p(1, 2./3, 4./5), {}, p(1./2, 1./3, 2./5), p(1./2, 1./3, 2./5)}},
		{"case, punctuation and line ends of Windows", "One, TWO\r\n(three)", "one two three", [4]Score{same, same, same, p(1, 1, 1)}},
	}
	for _, test := range tests {
		s := Compare(test.target, test.prediction, false)
		for i, got := range []Score{s.Rouge1, s.Rouge2, s.RougeL, s.RougeLsum} {
			want := test.want[i]
			if math.Abs(got.Precision-want.Precision)+math.Abs(got.Recall-want.Recall)+math.Abs(got.F-want.F) > 1e-12 {
				t.Errorf("%s: ROUGE-%s is %v, want %v", test.reason, []string{"1", "2", "L", "Lsum"}[i], got, want)
			}
		}
	}
}

// Stemmed, cats and cat are one word; a word of three letters keeps its s.
func TestCompareStemmed(t *testing.T) {
	if s := Compare("cats", "cat", true); s.Rouge1.F != 1 {
		t.Errorf("cats and cat: %v", s.Rouge1)
	}
	if s := Compare("its", "it", true); s.Rouge1.F != 0 {
		t.Errorf("its and it: %v", s.Rouge1)
	}
	if s := Compare("cats", "cat", false); s.Rouge1.F != 0 {
		t.Errorf("cats and cat, unstemmed: %v", s.Rouge1)
	}
}

// From the regular expressions of rouge_score and from Python's lower().
func TestTokens(t *testing.T) {
	tests := []struct{ text, want string }{
		{"The cat's 3-day x1", "the cat s 3 day x1"},
		{"naïve café", "na ve caf"},
		{"a_b\tc\u00a0d", "a b c d"},
		{"\u212aelvin \u212a", "kelvin k"},
		{"\u0130zmir", "i zmir"},
		{"a\xffb\xc4\x00", "a b"},
		{"a b\n\n...\nc\n", "a b|c"},
		{" \n", ""},
	}
	for _, test := range tests {
		v := newVocabulary(false)
		text := v.read(test.text)
		words := make([]string, len(v.ids))
		for token, id := range v.ids {
			words[id] = token
		}
		var got []string
		start := 0
		for _, end := range text.ends {
			var sentence []string
			for _, id := range text.ids[start:end] {
				sentence = append(sentence, words[id])
			}
			got = append(got, strings.Join(sentence, " "))
			start = end
		}
		if got := strings.Join(got, "|"); got != test.want || start != len(text.ids) {
			t.Errorf("%q is read as %q, want %q", test.text, got, test.want)
		}
		if got, want := Words(test.text), strings.Fields(strings.ReplaceAll(test.want, "|", " ")); !slices.Equal(got, want) {
			t.Errorf("the words of %q are %q, want %q", test.text, got, want)
		}
	}
}

// The column Overall of the paper's Table 4 follows from the three before it, to the
// digit it prints.
func TestOverall(t *testing.T) {
	for _, row := range [][4]float64{
		{36.4, 7.6, 15.3, 16.2}, {36.8, 8.3, 15.7, 16.9}, {38.6, 7.2, 15.6, 16.3}, {37.9, 8.2, 16.3, 17.2},
		{37.9, 8.7, 17.6, 18.0}, {40.0, 8.8, 17.9, 18.5},
	} {
		s := Scores{Rouge1: Score{F: row[0] / 100}, Rouge2: Score{F: row[1] / 100}, RougeL: Score{F: row[2] / 100}}
		if got := fmt.Sprintf("%.1f", 100*overall(&s)); got != fmt.Sprintf("%.1f", row[3]) {
			t.Errorf("%v: overall %s", row, got)
		}
	}
	if s := Compare("a b c", "a b c", false); s.Overall != 1 {
		t.Errorf("overall of a text with itself is %g", s.Overall)
	}
}

// FuzzCompare checks properties that hold for any bytes: shares lie between 0 and 1, a text
// with a word scores 1 against itself, and swapping target and prediction swaps precision
// and recall. For Lsum the last holds if each text is one sentence, and then Lsum equals L.
func FuzzCompare(f *testing.F) {
	f.Add("The cats are running.\nThey ran.", "the cat runs\nthey run", true)
	f.Add("a b a c\nb b", "b a\n\nc a b b", false)
	f.Add("\u0130\u212a \xff\xc4", "i k\r\n", true)
	f.Add("yyyyyyied eed ing ies", "ss ally 1s", true)
	f.Add(strings.Repeat("a b c ", 50), strings.Repeat("c a ", 70), false)
	f.Fuzz(func(t *testing.T, target, prediction string, stemmed bool) {
		s, back := Compare(target, prediction, stemmed), Compare(prediction, target, stemmed)
		for _, value := range s.columns() {
			if !(*value >= 0 && *value <= 1) {
				t.Errorf("a score is %g: %+v", *value, s)
			}
		}
		v := newVocabulary(stemmed)
		a, b := v.read(target), v.read(prediction)
		pairs := [][2]Score{{s.Rouge1, back.Rouge1}, {s.Rouge2, back.Rouge2}, {s.RougeL, back.RougeL}}
		if len(a.ends) <= 1 && len(b.ends) <= 1 {
			pairs = append(pairs, [2]Score{s.RougeLsum, back.RougeLsum})
			if s.RougeL != s.RougeLsum {
				t.Errorf("one sentence each: L is %v, Lsum is %v", s.RougeL, s.RougeLsum)
			}
		}
		for _, p := range pairs {
			if p[0].Precision != p[1].Recall || p[0].Recall != p[1].Precision || p[0].F != p[1].F {
				t.Errorf("%v, and exchanged %v", p[0], p[1])
			}
		}
		if self := Compare(target, target, stemmed); len(a.ids) > 0 && (self.Rouge1.F != 1 || self.RougeL.F != 1 || self.RougeLsum.F != 1) {
			t.Errorf("with itself: %+v", self)
		}
		if len(a.ids)*len(b.ids) < 1<<16 {
			checkTables(t, a, b, len(v.ids))
		}
	})
}
