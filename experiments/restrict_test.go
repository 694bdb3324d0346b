package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// A profile cut down to one experiment has that one's cells, with the settings and so the
// hashes they have in the whole.
func TestRestrict(t *testing.T) {
	whole, err := LoadProfile("smoke")
	if err != nil {
		t.Fatal(err)
	}
	p, err := LoadProfile("smoke")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Restrict("recall"); err != nil {
		t.Fatal(err)
	}
	if cells := p.Cells(); len(cells) != 2 || len(p.corpora()) != 0 { // of each rule one, of no corpus
		t.Errorf("%d cells on %v", len(cells), p.corpora())
	}
	for _, c := range p.Cells() {
		if c.Experiment != "recall" || hashOf(c.Settings) != whole.Hash(c.Cell) {
			t.Errorf("%s has another hash in the profile as a whole", c.Key())
		}
	}
	if err := whole.Restrict("passkeys"); err == nil || !strings.Contains(err.Error(), `profile smoke has no experiment "passkeys"; it has perplexity`) {
		t.Errorf("error %v", err)
	}
}

// Train takes no cell but one of perplexity, and none that the profile lacks.
func TestTrainRefuses(t *testing.T) {
	p := recalling(t)
	trained := p.cellsOf("perplexity")[0].Cell
	unknown, foreign := trained, trained
	unknown.Experiment, foreign.Seed = "riddles", 7
	for want, c := range map[string]results.Cell{
		"does not train a model on a corpus alone": p.cellsOf("recall")[0].Cell,
		"has no cell riddles-":                     unknown,
		"-seed7":                                   foreign,
	} {
		dir := filepath.Join(t.TempDir(), "model")
		err := Train(t.Context(), Options{Profile: p}, c, dir, func(int, bool) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", c.Key(), err, want)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: a directory was made", c.Key())
		}
	}
}
