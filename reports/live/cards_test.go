package live

import (
	"strings"
	"testing"

	"infinibench/internal/results"
)

// measured is a finished cell.
func (d *runDir) measured(c results.Cell, at int, perplexity float64) {
	d.object(c.Key()+"/result.json", at, results.Result{
		Version: 1, Profile: "mine", Cell: c, Status: results.StatusDone, Protocol: "novel/test", ConfigHash: "a",
		Perplexity: &results.Perplexity{Intact: results.Score{NLL: 10, Tokens: 10, TokenPPL: perplexity}},
	})
}

// The cards are the report's: none has a result before a cell is done, the claim that the
// cells bear on has one afterwards, and they are made again only for other results.
func TestCards(t *testing.T) {
	d := newRunDir(t)
	cells := []results.Cell{perplexity("transformer-xl", 1), perplexity("infini-linear", 1), perplexity("infini-linear", 2)}
	plan := results.Plan{Cells: cells}
	for range cells {
		plan.Sizes = append(plan.Sizes, size("a"))
	}
	d.object("plan.json", 0, plan)
	w := d.watch()
	made := 0
	w.Ledger = func() (*results.Ledger, error) { made++; return &results.Ledger{}, nil }
	html, first, err := w.Cards()
	if err != nil || strings.Count(html, `class="card `) < 6 || strings.Count(html, "<p>no result yet</p>") < 6 {
		t.Fatalf("%v: %s", err, html)
	}
	d.measured(cells[0], 1, 12)
	d.measured(cells[1], 2, 10)
	w.cards.took = 0
	html, second, err := w.Cards()
	card := html[:strings.Index(html, "</li>")]
	if err != nil || second == first || !strings.Contains(card, "Better than both baselines") || strings.Contains(card, "no result yet") {
		t.Errorf("%v, %s after %s: %s", err, second, first, card)
	}
	if !strings.Contains(card, "novel: ÷ Transf.-XL 0.8333") { // 10 / 12
		t.Errorf("no ratio in %s", card)
	}
	w.cards.html = "kept"
	if html, version, err := w.Cards(); html != "kept" || version != second || err != nil {
		t.Errorf("%v: the same results give %q, %s", err, html, version)
	}
	w.cards.took = 1 << 40
	d.measured(cells[2], 3, 10)
	if html, version, _ := w.Cards(); html != "kept" || version != second {
		t.Errorf("a new result at once made cards again that take long: %q, %s", html, version)
	}
	if made != 1 {
		t.Errorf("the ledger was made %d times", made)
	}
	if w.State().Results == second {
		t.Error("the state does not say that there is a newer result")
	}
}
