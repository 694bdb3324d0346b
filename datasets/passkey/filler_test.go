package passkey

import (
	"slices"
	"strings"
	"testing"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
)

// Books are read in order, over and over, starting where the seed says.
func TestBooksFiller(t *testing.T) {
	p, err := NewBooks(tokenizer.Bytes(), []string{"abc\n", "defgh\n"})
	if err != nil {
		t.Fatal(err)
	}
	starts := map[byte]bool{}
	for seed := range uint64(100) {
		// 244 tokens are not filler.
		s, err := p.Prompt(Prompt{Length: 244 + 35, Depth: 0.4, Key: 1, FillerSeed: seed})
		if err != nil {
			t.Fatal(err)
		}
		check(t, p, s)
		text := decode(t, p.tokenizer, without(s))
		if s.Period != 10 {
			t.Errorf("%d different tokens of filler, want 10", s.Period)
		}
		around := strings.Repeat("abc\ndefgh\n", 5)
		if at := strings.Index(around, text[:10]); text != around[at:at+35] {
			t.Errorf("seed %d: filler %q", seed, text)
		}
		starts[text[0]] = true
	}
	if len(starts) != 9 { // of ten tokens, two are line feeds
		t.Errorf("%d different starts in 100 seeds, want 9", len(starts))
	}

	same, err := NewBooks(tokenizer.Bytes(), []string{"abc\ndefgh\n"})
	if err != nil || same.filler.name != p.filler.name || !slices.Equal(same.filler.ids, p.filler.ids) {
		t.Errorf("the same tokens are %s and %s", same.filler.name, p.filler.name)
	}
	// The name ends in the first bytes of sha256 over each byte and three zeros:
	// printf 'a\0\0\0b\0\0\0...' | sha256sum
	if p.filler.name != "books-e1cbb34c" {
		t.Errorf("the filler is called %s", p.filler.name)
	}
}

func TestBooksErrors(t *testing.T) {
	words, err := tokenizer.NewWord(Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		of    tokenizer.Tokenizer
		texts []string
		want  string
	}{
		{tokenizer.Bytes(), nil, "no text for filler: give at least one"},
		{tokenizer.Bytes(), []string{""}, "text 1 of 1 for filler is blank: leave it out"},
		{tokenizer.Bytes(), []string{"a", " \n\t", "b"}, "text 2 of 3 for filler is blank: leave it out"},
		{tokenizer.Bytes(), []string{"a", "My pass key is lost."}, `text 2 of 2 for filler has a "pass key" of its own, at byte 3: leave it out`},
		{words, []string{"The grass is red"}, `text 1 of 1 for filler: word-53: word 3 (byte 13), "red", is not in the vocabulary`},
	}
	for _, test := range tests {
		if _, err := NewBooks(test.of, test.texts); err == nil || err.Error() != "passkey: "+test.want {
			t.Errorf("%q: error %v, want passkey: %s", test.texts, err, test.want)
		}
	}
}

// A needle in real books, in every tokenizer that takes them.
func TestRealBooks(t *testing.T) {
	dir, err := datasets.Find("../../../shared/data", "pg19")
	if err != nil {
		t.Skipf("no shared/data beside the repository: %v", err)
	}
	corpus, err := datasets.OpenPG19(dir)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for i := range 3 {
		d, err := corpus.Document(datasets.Test, i)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, d.Text)
	}
	for _, of := range tokenizers(t) {
		p, err := NewBooks(of, texts)
		if _, ok := of.(*tokenizer.Word); ok {
			if err == nil {
				t.Error("a closed vocabulary took a book")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(3) {
			for _, depth := range []float64{0, 0.5, 1} {
				s, err := p.Prompt(Prompt{Length: 32768, Depth: depth, Key: Key(seed), FillerSeed: seed})
				if err != nil {
					t.Fatal(err)
				}
				check(t, p, s)
			}
		}
	}
}
