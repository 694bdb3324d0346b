package reports

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"infinibench/internal/browser"
)

func comparePageOf(t *testing.T, names []string, runs ...*Run) string {
	t.Helper()
	s, err := NewSideBySide(names, runs)
	if err != nil {
		t.Fatal(err)
	}
	html, err := s.Page(runs)
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

// changed is tinyRun with one seed less, and other perplexities of one model.
func changed() *Run {
	run := tinyRun()
	var kept []Record
	for _, r := range run.Records {
		if r.Result.Cell.Model == "rmt" && r.Result.Cell.Seed == 3 {
			continue
		}
		if p := r.Result.Perplexity; p != nil && r.Result.Cell.Model == "memorizing" {
			q := *p
			q.Intact.TokenPPL *= 0.5
			r.Result.Perplexity = &q
		}
		kept = append(kept, r)
	}
	run.Records = kept
	return run
}

// By hand: half the perplexity of the Memorizing Transformer doubles the ratio to it. Each
// part of a claim has a mark for each run, and the seed that one run lacks is named.
func TestComparePage(t *testing.T) {
	html := comparePageOf(t, []string{"runs/a", "runs/b"}, tinyRun(), changed())
	card := html[strings.Index(html, "<strong>Better than both baselines"):]
	card = card[:strings.Index(card, "</li>")]
	if a, b := strings.Count(card, "<circle"), strings.Count(card, `class="ours other"`); a != 4 || b != 4 {
		t.Errorf("%d and %d marks, want 4 of each run: %s", a, b, card)
	}
	ratio := regexp.MustCompile(`([AB]): novel: ÷ Memorizing ([0-9.]+)`).FindAllStringSubmatch(card, -1)
	var x, y float64
	if len(ratio) == 2 {
		fmt.Sscan(ratio[0][2], &x)
		fmt.Sscan(ratio[1][2], &y)
	}
	if x < 0.5 || y < 1.999*x || y > 2.001*x {
		t.Errorf("the ratios are %q, want the second twice the first", ratio)
	}
	for _, want := range []string{
		"<h1>Infini-attention: runs/a and runs/b</h1>", `<b class="letter">B</b> <span class="verdict`, "runs/a: 1 seed (3)", "Token perplexity: lower is better", "<caption>Runs",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(html, `<li class="card`); n != len(claimsOf(t, tinyRun())) {
		t.Errorf("%d cards", n)
	}
	if !strings.Contains(html, "default-src 'none'") || strings.Contains(html, "<script") || strings.Contains(html, "src=") {
		t.Error("the page needs more than itself")
	}
	for _, m := range inPage.FindAllStringSubmatch(html, -1) {
		if !strings.Contains(html, ` id="`+m[1]+`"`) {
			t.Errorf("%s leads nowhere", m[0])
		}
	}
}

// Three runs have a mark each; names are text.
func TestComparePageOfMore(t *testing.T) {
	html := comparePageOf(t, []string{`<img src=x>`, "b", "c"}, tinyRun(), tinyRun(), tinyRun())
	if strings.Contains(html, "<img") || !strings.Contains(html, "3 runs side by side") || !strings.Contains(html, `<b class="letter">C</b>`) {
		t.Errorf("%.1500s", html)
	}
	if !strings.Contains(html, "0 better, 0 worse") {
		t.Error("equal runs differ")
	}
}

// The page fits phones and screens, in both colour schemes, and asks for nothing.
func TestComparePageInBrowser(t *testing.T) {
	html := comparePageOf(t, []string{"runs/before", "runs/after"}, tinyRun(), changed())
	parent := browser.Start(t, browser.DejaVu)
	for _, look := range []look{{390, 100, "dark"}, {1280, 100, "light"}} {
		ctx, faults := visit(t, parent, []byte(html), look.width, look.scheme)
		if over := browser.Ask[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			t.Errorf("%d: the page is %d pixels wider than the window", look.width, over)
		}
		if at := browser.Ask[int](t, ctx, `Math.round(document.querySelector(".card").getBoundingClientRect().top)`); at > 400 {
			t.Errorf("%d: the first card is at %d pixels", look.width, at)
		}
		if dir := os.Getenv("SCREENSHOTS"); dir != "" {
			shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("compare-%s-%d.png", look.scheme, look.width)), shot, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if f := faults(); len(f) > 0 {
			t.Errorf("%q", f)
		}
	}
}

// The values of a part are below one another, run by run, and a part that one run lacks has
// the other's alone.
func TestNumberedRuns(t *testing.T) {
	e := func(who string, v float64) evidence {
		return evidence{who: who, number: dialPoint{Interval{v, v, v, 1}, 1}}
	}
	var got []string
	for _, r := range numbered([][]evidence{{e("x", 1), e("y", 2)}, {e("y", 3), e("z", 4)}}) {
		got = append(got, fmt.Sprint(r.who, r.run, r.number.ours.Mean))
	}
	if want := "x0 1,y0 2,y1 3,z1 4"; strings.Join(got, ",") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
