package booksum

import (
	"slices"
	"strings"
	"testing"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
)

// TestChronicle checks books against their description: length, vocabulary, one fact
// from every chapter, and for each trade only the name that the summary gives.
func TestChronicle(t *testing.T) {
	for _, words := range []int{136, 256, 1000, 2048} {
		c, err := NewChronicle(words, 3)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := tokenizer.NewWord(c.Vocabulary())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			p, err := c.Pair(datasets.Test, i)
			if err != nil {
				t.Fatal(err)
			}
			book := strings.Fields(p.Text)
			if len(book) != words {
				t.Errorf("%d words, want %d", len(book), words)
			}
			if _, err := tok.Encode(p.Text + " " + Ask + " " + p.Summary + " " + End); err != nil {
				t.Error(err)
			}
			var summary []string
			for chapter, f := range p.Facts {
				from, until := words*chapter/8, words*(chapter+1)/8
				if book[f.At] != f.Value || book[f.At-1] != f.Key || f.At < from || f.At >= until || slices.Index(book, f.Key) != f.At-1 {
					t.Errorf("%s: %s is said to be met at word %d, in chapter %d", p.ID, f.Value, f.At, chapter+1)
				}
				if !slices.Equal(book[from:from+3], []string{"chapter", numbers[chapter], "."}) {
					t.Errorf("%s: chapter %d does not start at word %d", p.ID, chapter+1, from)
				}
				for _, name := range trades[chapter].values {
					if name != f.Value && slices.Contains(book, name) {
						t.Errorf("%s: both %s and %s are the %s", p.ID, f.Value, name, f.Key)
					}
				}
				summary = append(summary, f.Key, f.Value, ".")
			}
			if len(p.Facts) != 8 || p.Summary != strings.Join(summary, " ") {
				t.Errorf("%s: %d facts, summary %q", p.ID, len(p.Facts), p.Summary)
			}
		}
	}
	if _, err := NewChronicle(135, 1); err == nil || !strings.Contains(err.Error(), "136 or more") {
		t.Errorf("a book too short: %v", err)
	}
}

// TestFactsAreSpread: over many books, the first words hold facts in proportion to
// their share. A place uniform in its chapter makes the mean of 8·400 facts at half of
// the book 0.5 with a standard error of 0.001, as only the chapter at the middle is
// uncertain; three percent leave room for the headings.
func TestFactsAreSpread(t *testing.T) {
	c, err := NewChronicle(1024, 400)
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{0.125, 0.25, 0.4375, 0.5, 0.8125, 1} {
		known := 0
		for i := range 400 {
			p, err := c.Pair(datasets.Validation, i)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range p.Facts {
				if f.At < int(1024*share) {
					known++
				}
			}
		}
		if got := float64(known) / (8 * 400); got < share-0.03 || got > share+0.03 {
			t.Errorf("the first %.4f of a book states %.4f of its facts", share, got)
		}
	}
}

// TestSplitsDiffer: no book is in two splits, and the same index gives the same book.
func TestSplitsDiffer(t *testing.T) {
	c, err := NewChronicle(256, 20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, split := range splits {
		for i := range 20 {
			a, _ := c.Pair(split, i)
			b, err := c.Pair(split, i)
			if err != nil || a.Text != b.Text || a.Summary != b.Summary {
				t.Errorf("%s: two versions", a.ID)
			}
			if seen[a.Text] {
				t.Errorf("%s: seen before", a.ID)
			}
			seen[a.Text] = true
		}
	}
	if _, err := c.Pair(datasets.Test, 20); err == nil {
		t.Error("book 21 of 20")
	}
}

// TestPairBound: the bound of a part depends on the facts first mentioned in it.
func TestPairBound(t *testing.T) {
	c, _ := NewChronicle(256, 1)
	p, err := c.Pair(datasets.Test, 0)
	if err != nil {
		t.Fatal(err)
	}
	third := p.Facts[2].At
	if p.Bound(third) != NewBound(2, 8, 8) || p.Bound(third+1) != NewBound(3, 8, 8) || p.Bound(256) != NewBound(8, 8, 8) {
		t.Errorf("around word %d: %+v, %+v", third, p.Bound(third), p.Bound(third+1))
	}
}
