package rouge

import (
	"bytes"
	"strings"
)

// irregular lists the words that NLTK exempts from the rules.
var irregular = map[string]string{
	"sky": "sky", "skies": "sky",
	"dying": "die", "lying": "lie", "tying": "tie",
	"news":    "news",
	"innings": "inning", "inning": "inning",
	"outings": "outing", "outing": "outing",
	"cannings": "canning", "canning": "canning",
	"howe":    "howe",
	"proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
}

// stem is the stem of a lower-case word by Porter's algorithm ("An algorithm for suffix
// stripping", Program 14(3), 1980) with NLTK's changes, called NLTK_EXTENSIONS, as in
// rouge_score. The steps say where it departs from the paper.
func stem(word string) string {
	if s, ok := irregular[word]; ok {
		return s
	}
	if len(word) <= 2 {
		return word
	}
	word = step1c(step1b(step1a(word)))
	return step5b(step5a(step4(step3(step2(word)))))
}

// shape writes c for each consonant of a word and v for each vowel. A y is a vowel
// after a consonant, and everything else that is not a letter is a consonant.
func shape(word string) string {
	s := bytes.Repeat([]byte{'c'}, len(word))
	for i := range s {
		switch word[i] {
		case 'a', 'e', 'i', 'o', 'u':
			s[i] = 'v'
		case 'y':
			if i > 0 && s[i-1] == 'c' {
				s[i] = 'v'
			}
		}
	}
	return string(s)
}

// measure is the paper's m, the number of times a consonant follows a vowel.
func measure(word string) int { return strings.Count(shape(word), "vc") }

// short is the paper's *o: a word that ends in consonant, vowel, consonant, where the last
// is not w, x or y. NLTK adds: a word of just a vowel and a consonant.
func short(word string) bool {
	s := shape(word)
	return s == "vc" || strings.HasSuffix(s, "cvc") && !strings.ContainsAny(word[len(word)-1:], "wxy")
}

// A rule replaces a suffix.
type rule struct{ suffix, with string }

// apply replaces the first suffix that the word has, if the part before it has a measure
// above m.
func apply(word string, m int, rules []rule) string {
	for _, r := range rules {
		if before, ok := strings.CutSuffix(word, r.suffix); ok {
			if measure(before) > m {
				return before + r.with
			}
			return word
		}
	}
	return word
}

// step1a removes plurals. Added by NLTK: words of four letters keep the e of -ies.
func step1a(word string) string {
	switch {
	case strings.HasSuffix(word, "ies") && len(word) == 4:
		return word[:3]
	case strings.HasSuffix(word, "sses"), strings.HasSuffix(word, "ies"):
		return word[:len(word)-2]
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss"):
		return word[:len(word)-1]
	}
	return word
}

// step1b removes -ed and -ing. Added by NLTK: -ied as -ies in step1a.
func step1b(word string) string {
	switch {
	case strings.HasSuffix(word, "ied") && len(word) == 4:
		return word[:3]
	case strings.HasSuffix(word, "ied"):
		return word[:len(word)-2]
	case strings.HasSuffix(word, "eed"):
		return apply(word, 0, []rule{{"eed", "ee"}})
	}
	before, ok := strings.CutSuffix(word, "ed")
	if !ok {
		before, ok = strings.CutSuffix(word, "ing")
	}
	s := shape(before)
	if !ok || !strings.Contains(s, "v") {
		return word
	}
	n := len(before)
	switch last := before[n-1:]; {
	case strings.HasSuffix(before, "at"), strings.HasSuffix(before, "bl"), strings.HasSuffix(before, "iz"):
		return before + "e"
	case strings.HasSuffix(before, last+last) && s[n-1] == 'c':
		if strings.Contains("lsz", last) {
			return before
		}
		return before[:n-1]
	case measure(before) == 1 && short(before):
		return before + "e"
	}
	return before
}

// step1c turns a last y into i. Changed by NLTK: after a consonant that is not the
// first letter, where the paper asks for a vowel anywhere before it.
func step1c(word string) string {
	before, ok := strings.CutSuffix(word, "y")
	if ok && len(before) > 1 && strings.HasSuffix(shape(before), "c") {
		return before + "i"
	}
	return word
}

var rules2 = []rule{
	{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"}, {"bli", "ble"},
	{"entli", "ent"}, {"eli", "e"}, {"ousli", "ous"}, {"ization", "ize"}, {"ation", "ate"}, {"ator", "ate"},
	{"alism", "al"}, {"iveness", "ive"}, {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"}, {"iviti", "ive"},
	{"biliti", "ble"}, {"fulli", "ful"},
}

// step2 makes one suffix of two. Porter's own later changes: -bli for -abli, and
// -logi. Added by NLTK: -fulli; what -alli leaves goes through the step again; and
// the l of -logi counts for the measure.
func step2(word string) string {
	if before, ok := strings.CutSuffix(word, "alli"); ok && measure(before) > 0 {
		return step2(before + "al")
	}
	if before, ok := strings.CutSuffix(word, "ogi"); ok && strings.HasSuffix(before, "l") && measure(before) > 0 {
		return before + "og"
	}
	return apply(word, 0, rules2)
}

var rules3 = []rule{
	{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""},
}

// step3 removes suffixes such as -ful.
func step3(word string) string { return apply(word, 0, rules3) }

var rules4 = []rule{
	{"al", ""}, {"ance", ""}, {"ence", ""}, {"er", ""}, {"ic", ""}, {"able", ""}, {"ible", ""}, {"ant", ""},
	{"ement", ""}, {"ment", ""}, {"ent", ""}, {"ou", ""}, {"ism", ""}, {"ate", ""}, {"iti", ""}, {"ous", ""},
	{"ive", ""}, {"ize", ""},
}

// step4 removes the last suffix of a long word, -ion only after an s or t.
func step4(word string) string {
	if before, ok := strings.CutSuffix(word, "ion"); ok {
		if measure(before) > 1 && strings.ContainsAny(before[len(before)-1:], "st") {
			return before
		}
		return word
	}
	return apply(word, 1, rules4)
}

// step5a removes a last e.
func step5a(word string) string {
	if before, ok := strings.CutSuffix(word, "e"); ok {
		if m := measure(before); m > 1 || m == 1 && !short(before) {
			return before
		}
	}
	return word
}

// step5b makes one l of two.
func step5b(word string) string {
	if strings.HasSuffix(word, "ll") && measure(word[:len(word)-1]) > 1 {
		return word[:len(word)-1]
	}
	return word
}
