package experiments

import (
	"strings"
	"testing"
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
		if c.Experiment != "recall" || c.Settings.hash() != whole.Hash(c.Cell) {
			t.Errorf("%s has another hash in the profile as a whole", c.Key())
		}
	}
	if err := whole.Restrict("passkeys"); err == nil || !strings.Contains(err.Error(), `profile smoke has no experiment "passkeys"; it has perplexity`) {
		t.Errorf("error %v", err)
	}
}
