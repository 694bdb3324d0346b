package rouge

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// reference is ../shared/goldens/rouge.json: scores by rouge_score, stems by NLTK.
type reference struct {
	Cases []struct {
		Target, Prediction, Kind string
		Plain, Stemmed           Scores
	}
	Stems map[string]string
}

func loadReference(t *testing.T) *reference {
	t.Helper()
	path := filepath.Join("..", "..", "..", "..", "shared", "goldens", "rouge.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("no %s beside the repository: this check needs the reference numbers", filepath.Join("shared", "goldens", "rouge.json"))
	}
	var ref reference
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	return &ref
}

func TestReferenceScores(t *testing.T) {
	ref := loadReference(t)
	if len(ref.Cases) != 70 {
		t.Errorf("%d cases, want 70", len(ref.Cases))
	}
	worst := 0.0
	for _, c := range ref.Cases {
		for _, stemmed := range []bool{false, true} {
			got, want := Compare(c.Target, c.Prediction, stemmed), c.Plain
			if stemmed {
				want = c.Stemmed
			}
			d := deviation(got, want)
			worst = max(worst, d)
			if !(d <= 1e-9) {
				t.Errorf("%s, stemmed %v, off by %g\n%.60q\n%.60q\ngot  %v\nwant %v", c.Kind, stemmed, d, c.Target, c.Prediction, got, want)
			}
		}
	}
	t.Logf("largest deviation %g", worst)
}

func TestReferenceStems(t *testing.T) {
	ref := loadReference(t)
	if len(ref.Stems) != 3024 {
		t.Errorf("%d stems, want 3024", len(ref.Stems))
	}
	for word, want := range ref.Stems {
		if got := stem(word); got != want {
			t.Errorf("stem of %q is %q, want %q", word, got, want)
		}
	}
}

// deviation is the largest difference between two predictions' scores.
func deviation(a, b Scores) float64 {
	worst := 0.0
	for i, value := range a.columns() {
		worst = max(worst, math.Abs(*value-*b.columns()[i]))
	}
	return worst
}
