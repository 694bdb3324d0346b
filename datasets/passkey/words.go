package passkey

import (
	"strings"

	"infinibench/datasets/tokenizer"
)

// Vocabulary returns the words of the task and of the paper's filler for a
// [tokenizer.Word]: words, punctuation and digits, each once.
func Vocabulary() []string {
	var words []string
	seen := map[string]bool{}
	for word := range strings.FieldsSeq(spaced(taskText + sentences + needleStart + needleMiddle + needleEnd + questionText + "0123456789")) {
		if !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return words
}

// written returns a part of the prompt in the form that a tokenizer expects.
func written(text string, t tokenizer.Tokenizer) string {
	if _, ok := t.(*tokenizer.Word); ok {
		return spaced(text)
	}
	return text
}

// spaced separates punctuation and digits from words and joins everything by single
// spaces.
func spaced(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(".?0123456789", r) {
			b.WriteString(" " + string(r) + " ")
		} else {
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
