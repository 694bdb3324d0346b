package tokenizer

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word has one id per word of a closed vocabulary. It is the tokenizer of the generated
// corpora, whose ideal perplexity is known per word. A text is words joined by single
// spaces.
type Word struct {
	words []string // by id
	ids   map[string]int32
}

// NewWord returns the tokenizer in which words[i] has id i. A word is non-empty valid
// UTF-8 without white space, and no word may occur twice.
func NewWord(words []string) (*Word, error) {
	if len(words) == 0 {
		return nil, errors.New("a word-level vocabulary needs at least one word")
	}
	w := &Word{words: make([]string, len(words)), ids: make(map[string]int32, len(words))}
	for i, word := range words {
		switch {
		case word == "":
			return nil, fmt.Errorf("word %d is empty", i)
		case !utf8.ValidString(word):
			return nil, fmt.Errorf("word %d, %q, is not valid UTF-8", i, word)
		case strings.ContainsFunc(word, unicode.IsSpace):
			return nil, fmt.Errorf("word %d, %q, contains white space", i, word)
		}
		if first, ok := w.ids[word]; ok {
			return nil, fmt.Errorf("word %d, %q, is word %d again", i, word, first)
		}
		w.words[i], w.ids[word] = word, int32(i)
	}
	return w, nil
}

// Name is "word-" and the size of the vocabulary.
func (w *Word) Name() string { return fmt.Sprintf("word-%d", len(w.words)) }

// Size is the number of words.
func (w *Word) Size() int { return len(w.words) }

// Encode returns one id per word. A word outside the vocabulary is an error, and so is
// any white space other than single spaces between words, because Decode could not
// restore it.
func (w *Word) Encode(text string) ([]int32, error) {
	if text == "" {
		return nil, nil
	}
	ids := make([]int32, 0, 1+strings.Count(text, " "))
	at := 0 // byte offset of the word
	for word := range strings.SplitSeq(text, " ") {
		id, ok := w.ids[word]
		if !ok {
			return nil, w.unknown(word, len(ids), at)
		}
		ids = append(ids, id)
		at += len(word) + 1
	}
	return ids, nil
}

func (w *Word) unknown(word string, index, at int) error {
	if word == "" {
		return fmt.Errorf("%s: word %d (byte %d) is empty: join the words by single spaces, with none at either end",
			w.Name(), index, at)
	}
	const shown = 40 // enough to recognise the word
	if len(word) > shown {
		word = word[:shown] + "..."
	}
	return fmt.Errorf("%s: word %d (byte %d), %q, is not in the vocabulary", w.Name(), index, at, word)
}

// Decode returns the words of the ids, joined by single spaces.
func (w *Word) Decode(ids []int32) (string, error) {
	words := make([]string, len(ids))
	for i, id := range ids {
		if err := checkID(w, i, id); err != nil {
			return "", err
		}
		words[i] = w.words[id]
	}
	return strings.Join(words, " "), nil
}
