package reports

import (
	"strings"
	"testing"
)

// A term is explained where it comes first, and only there; a longer term wins over one in
// it, and a text stays a text.
func TestGlossary(t *testing.T) {
	g := newGlossary()
	first := string(g.explain("2 not reproduced <b>, 1 reproduced, 3 cells"))
	for _, part := range []string{
		`2 <dfn tabindex="0">not reproduced<span class="gloss"> (the opposite of the claim, beyond chance)</span></dfn> &lt;b&gt;`, `1 <dfn tabindex="0">reproduced<`, `>cells<span class="gloss"> (one experiment`,
	} {
		if !strings.Contains(first, part) {
			t.Errorf("no %s in %s", part, first)
		}
	}
	if again := string(g.explain("1 not reproduced, a cell")); strings.Contains(again, "dfn") {
		t.Errorf("explained twice: %s", again)
	}
	if strings.Count(string(mustPage(t, fixture(), nil)), ">cells<span class=\"gloss\">") != 1 {
		t.Error("the page explains its cells not once")
	}
}
