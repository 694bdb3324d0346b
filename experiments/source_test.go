package experiments

import (
	"fmt"
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
	n := len(s.rows) * s.length
	b := &train.Batch{IDs: make([]int32, n), Targets: make([]int32, n), Weights: make([]float32, n)}
	if err := s.Next(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSourceReadsEverythingOnce: over one pass every pair (token, next token) of
// every document stands in a batch once, with weight 1; all else has weight 0.
func TestSourceReadsEverythingOnce(t *testing.T) {
	texts := shelf{"abcdefghij", "klm", "n", "opqrstu"}
	want := map[string]int{}
	pairs := 0
	for _, text := range texts {
		for i := range len(text) - 1 {
			want[text[i:i+2]]++
			pairs++
		}
	}
	s, err := newTrainingSource(&Text{texts, tokenizer.Bytes()}, 7, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for n := 0; n < pairs; {
		b := next(t, s)
		for i, w := range b.Weights {
			switch w {
			case 1:
				got[string([]byte{byte(b.IDs[i]), byte(b.Targets[i])})]++
				n++
			case 0:
			default:
				t.Fatalf("weight %g", w)
			}
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %v, want %v", got, want)
	}
}

// TestSourceGoesOn: a source that is set to a cursor gives the batches that the
// first one gives after it.
func TestSourceGoesOn(t *testing.T) {
	texts := shelf{strings.Repeat("abcdefg", 9), "hijkl", strings.Repeat("mnop", 7)}
	open := func() *trainingSource {
		s, err := newTrainingSource(&Text{texts, tokenizer.Bytes()}, 7, 2, 4)
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
		{`{"next":1,"rows":[{"document":0,"at":0}]}`, "experiments: data cursor of 1 rows, the batch has 2"},
		{`{"next":1,"rows":[{"document":0,"at":0},{"document":9,"at":4}]}`, "experiments: data cursor points to token 4 of document 9 of 1"},
		{`{`, "experiments: data cursor: unexpected end of JSON input"},
	} {
		s, err := newTrainingSource(&Text{shelf{"abc"}, tokenizer.Bytes()}, 1, 2, 4)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetCursor([]byte(c.cursor)); err == nil || err.Error() != c.want {
			t.Errorf("cursor %s: %v, want %s", c.cursor, err, c.want)
		}
	}
	if _, err := newTrainingSource(&Text{shelf{}, tokenizer.Bytes()}, 1, 2, 4); err == nil || err.Error() != "experiments: shelf has no training documents" {
		t.Errorf("empty split: %v", err)
	}
	s, err := newTrainingSource(&Text{shelf{"a", "b"}, tokenizer.Bytes()}, 1, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	b := &train.Batch{IDs: make([]int32, 4), Targets: make([]int32, 4), Weights: make([]float32, 4)}
	if err := s.Next(b); err == nil || err.Error() != "experiments: no training document of shelf has two tokens" {
		t.Errorf("documents of one token: %v", err)
	}
}
