package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	w, err := NewWord([]string{"the", "cat", ".", "Größe"})
	if err != nil {
		t.Fatal(err)
	}
	if w.Name() != "word-4" || w.Size() != 4 {
		t.Errorf("Name, Size = %q, %d, want word-4, 4", w.Name(), w.Size())
	}
	tests := []struct {
		text string
		want []int32
	}{
		{"", nil},
		{"cat", []int32{1}},
		{"the cat . Größe the", []int32{0, 1, 2, 3, 0}},
	}
	for _, tt := range tests {
		ids, err := w.Encode(tt.text)
		if err != nil || !slices.Equal(ids, tt.want) {
			t.Errorf("Encode(%q) = %v, %v, want %v", tt.text, ids, err, tt.want)
		}
		if text, err := w.Decode(tt.want); err != nil || text != tt.text {
			t.Errorf("Decode(%v) = %q, %v, want %q", tt.want, text, err, tt.text)
		}
	}
}

func TestWordEncodeErrors(t *testing.T) {
	w, err := NewWord([]string{"the", "cat", "Größe"})
	if err != nil {
		t.Fatal(err)
	}
	const spaces = " is empty: join the words by single spaces, with none at either end"
	tests := []struct{ text, want string }{
		{"the dog", `word-3: word 1 (byte 4), "dog", is not in the vocabulary`},
		{"Größe cats", `word-3: word 1 (byte 8), "cats", is not in the vocabulary`}, // ö and ß are 2 bytes each
		{"the\ncat", `word-3: word 0 (byte 0), "the\ncat", is not in the vocabulary`},
		{"the  cat", "word-3: word 1 (byte 4)" + spaces},
		{" the", "word-3: word 0 (byte 0)" + spaces},
		{"the ", "word-3: word 1 (byte 4)" + spaces},
		{"the \xff", `word-3: word 1 (byte 4), "\xff", is not in the vocabulary`},
		{strings.Repeat("x", 1000), `word-3: word 0 (byte 0), "` + strings.Repeat("x", 40) + `...", is not in the vocabulary`},
	}
	for _, tt := range tests {
		if ids, err := w.Encode(tt.text); err == nil || err.Error() != tt.want || ids != nil {
			t.Errorf("Encode(%.20q) = %v, %v, want error %q", tt.text, ids, err, tt.want)
		}
	}
}

func TestNewWordErrors(t *testing.T) {
	tests := []struct {
		words []string
		want  string
	}{
		{nil, "a word-level vocabulary needs at least one word"},
		{[]string{"a", ""}, "word 1 is empty"},
		{[]string{"a", "b", "a"}, `word 2, "a", is word 0 again`},
		{[]string{"a b"}, `word 0, "a b", contains white space`},
		{[]string{"a\u00a0b"}, `word 0, "a\u00a0b", contains white space`},
		{[]string{"\xff"}, `word 0, "\xff", is not valid UTF-8`},
	}
	for _, tt := range tests {
		if _, err := NewWord(tt.words); err == nil || err.Error() != tt.want {
			t.Errorf("NewWord(%q): %v, want error %q", tt.words, err, tt.want)
		}
	}
}

// NewWord must keep its own copy: a caller may keep using the slice.
func TestNewWordCopies(t *testing.T) {
	words := []string{"a", "b"}
	w, err := NewWord(words)
	if err != nil {
		t.Fatal(err)
	}
	words[0] = "c"
	if text, _ := w.Decode([]int32{0}); text != "a" {
		t.Errorf("word 0 = %q after the caller changed its slice, want a", text)
	}
}
