package experiments

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/train"
)

// shelf is a corpus of texts given by hand.
type shelf []string

func (shelf) Name() string                      { return "shelf" }
func (s shelf) Len(datasets.Split) int          { return len(s) }
func (shelf) Certificate() datasets.Certificate { return datasets.Certificate{Name: "shelf"} }
func (s shelf) Document(_ datasets.Split, i int) (datasets.Document, error) {
	return datasets.Document{ID: fmt.Sprint(i), Text: s[i]}, nil
}

func next(t *testing.T, s *trainingSource) *train.Batch {
	t.Helper()
	n := s.rows * s.length
	b := &train.Batch{IDs: make([]int32, n), Targets: make([]int32, n), Weights: make([]float32, n)}
	if err := s.Next(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSourceDraws: a pass takes every document once, in another order each time;
// every stretch is a piece of its document, targets follow ids, and every place is
// reached; padding has weight 0.
func TestSourceDraws(t *testing.T) {
	texts := shelf{"abcdefghij", "klm", "n", "opqrstu"}
	s, err := newTrainingSource(&TokenizedCorpus{Corpus: texts, Tokenizer: tokenizer.Bytes()}, 7, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	seen, orders := map[string]bool{}, map[string]bool{}
	for range 200 {
		order := ""
		for range 3 { // "n" has no target and is passed over
			b := next(t, s)
			var piece []byte
			for i, w := range b.Weights {
				if w == 1 {
					piece = append(piece, byte(b.IDs[i]))
					if want := strings.Join(texts, "")[strings.IndexByte(strings.Join(texts, ""), byte(b.IDs[i]))+1]; byte(b.Targets[i]) != want {
						t.Fatalf("%c is followed by %c", b.IDs[i], b.Targets[i])
					}
				} else if w != 0 || b.IDs[i] != 0 || b.Targets[i] != 0 {
					t.Fatalf("padding holds %d, %d with weight %g", b.IDs[i], b.Targets[i], w)
				}
			}
			seen[string(piece)] = true
			for i, text := range texts {
				if strings.Contains(text, string(piece)) {
					order += fmt.Sprint(i)
				}
			}
		}
		sorted := []byte(order)
		if slices.Sort(sorted); string(sorted) != "013" {
			t.Fatalf("a pass takes documents %s, want 0, 1 and 3 once each", order)
		}
		orders[order] = true
	}
	// By hand: the stretches of 4 with a token after them, and the short document.
	want := []string{"abcd", "bcde", "cdef", "defg", "efgh", "fghi", "kl", "opqr", "pqrs", "qrst"}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("stretches %q, want %q", got, want)
	}
	if len(orders) != 6 {
		t.Errorf("%d orders of three documents in 200 passes, want all 6", len(orders))
	}
}

// TestSourceGoesOn: a source set to a cursor returns the same batches as the first source
// after that cursor.
func TestSourceGoesOn(t *testing.T) {
	texts := shelf{strings.Repeat("abcdefg", 9), "hijkl", strings.Repeat("mnop", 7)}
	open := func() *trainingSource {
		s, err := newTrainingSource(&TokenizedCorpus{Corpus: texts, Tokenizer: tokenizer.Bytes()}, 7, 2, 4)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := open()
	for range 5 {
		next(t, first)
	}
	second := open()
	if err := second.SetCursor(first.Cursor()); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		a, b := next(t, first), next(t, second)
		if !slices.Equal(a.IDs, b.IDs) || !slices.Equal(a.Targets, b.Targets) || !slices.Equal(a.Weights, b.Weights) {
			t.Fatalf("batch %d after the cursor differs", i)
		}
	}
}

func TestSourceRefuses(t *testing.T) {
	for _, c := range []struct{ cursor, want string }{
		{`-1`, `experiments: data cursor is "-1", want a number of stretches`},
		{`{`, `experiments: data cursor is "{", want a number of stretches`},
	} {
		s, err := newTrainingSource(&TokenizedCorpus{Corpus: shelf{"abc"}, Tokenizer: tokenizer.Bytes()}, 1, 2, 4)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetCursor([]byte(c.cursor)); err == nil || err.Error() != c.want {
			t.Errorf("cursor %s: %v, want %s", c.cursor, err, c.want)
		}
	}
	if _, err := newTrainingSource(&TokenizedCorpus{Corpus: shelf{}, Tokenizer: tokenizer.Bytes()}, 1, 2, 4); err == nil || err.Error() != "experiments: shelf has no training documents" {
		t.Errorf("empty split: %v", err)
	}
	s, err := newTrainingSource(&TokenizedCorpus{Corpus: shelf{"a", "b"}, Tokenizer: tokenizer.Bytes()}, 1, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	b := &train.Batch{IDs: make([]int32, 4), Targets: make([]int32, 4), Weights: make([]float32, 4)}
	if err := s.Next(b); err == nil || err.Error() != "experiments: no training document of shelf has two tokens" {
		t.Errorf("documents of one token: %v", err)
	}
}
