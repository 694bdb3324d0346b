package live

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"infinibench/internal/browser"
	"infinibench/internal/results"
)

// until waits for a condition that the page reaches within a few polls.
func until(t *testing.T, ctx context.Context, js string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](js)); err != nil {
		t.Fatalf("never: %s: %v; the page says %q", js, err, browser.Ask[string](t, ctx, `document.body.innerText`))
	}
}

// TestLiveInBrowser opens the page as a reader does during the run. With
// SCREENSHOTS set to a folder it leaves pictures there.
func TestLiveInBrowser(t *testing.T) {
	for _, look := range []struct {
		font   browser.Font
		width  int64
		scheme string
	}{{browser.DejaVu, 390, "dark"}, {browser.Liberation, 1280, "light"}} {
		parent := browser.Start(t, look.font)
		t.Run(fmt.Sprintf("%s/%d", look.scheme, look.width), func(t *testing.T) {
			d := halfway(t)
			server := httptest.NewServer(handler(t, d))
			t.Cleanup(server.Close)
			ctx, faults := browser.Visit(t, parent, server.URL+"/", server.URL+"/", look.width, look.scheme)
			until(t, ctx, `document.querySelectorAll("#all tbody tr").length === 4 && document.querySelectorAll("#cards .card").length > 5`)
			for js, want := range map[string]string{
				`document.getElementById("numbers").textContent.split(", until")[0]`: "1 of 4 cells done · 1 under way · 40 % of the tokens · about 22 s left",
				`document.getElementById("about-left").textContent`:                  "At the speed of the last steps, without 1 cell that writes nothing on the way.",
				`document.title`: "40 % · Run of mine",
				`document.getElementById("so-far").textContent`:                                                                      "From the 1 cell of 4 that is done. Each verdict may change until the last is.",
				`[...new Set([...document.querySelectorAll("#cards .card")].map(c => c.querySelector("p").textContent))].join("/")`:  "no result yet",
				`[...document.querySelectorAll("#now tbody tr")].map(r => [...r.cells].map(c => c.textContent).join("|")).join("/")`: "Local only (control) perplexity, novel, 64 tokens, seed 1|training|" + thisProcess() + "|26 %|22 s|40 of 100|9.6|500|–|",
				`[...document.querySelectorAll("#all tbody tr")].map(r => r.cells[1].innerText).join("/")`:                           "done/training/waiting/waiting",
				`[...document.querySelectorAll("figure details tbody tr")].map(r => r.textContent).join("/")`:                        "Infini-Transformer (Linear)110099/Local only (control)1409.69.6",
				`[...document.querySelectorAll(".legend li")].map(l => l.textContent).join("/")`:                                     "Infini-Transformer (Linear)/Local only (control)",
			} {
				if got := browser.Ask[string](t, ctx, js); got != want {
					t.Errorf("%s:\n%q, want\n%q", js, got, want)
				}
			}
			if n := browser.Ask[int](t, ctx, `document.querySelectorAll(".live path").length`); n != 2 {
				t.Errorf("%d curves, want 2", n)
			}
			if over := browser.Ask[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("the page is %d pixels wider than the window", over)
			}
			if texts := browser.Cut(t, ctx, ".live"); len(texts) > 0 {
				t.Errorf("text outside its chart: %q", texts)
			}
			browser.Ask[bool](t, ctx, `document.documentElement.style.fontSize = "150%", true`)
			until(t, ctx, `document.querySelector(".live").getBoundingClientRect().height === 16 * 24 && [...document.querySelectorAll(".live")].every((c) => Math.abs(Math.max(...[...c.querySelectorAll("text")].map((x) => x.getBoundingClientRect().bottom)) - c.getBoundingClientRect().bottom) < 12)`)
			if texts := browser.Cut(t, ctx, ".live"); len(texts) > 0 {
				t.Errorf("text outside its chart when it is half as large again: %q", texts)
			}
			if dir := os.Getenv("SCREENSHOTS"); dir != "" {
				shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("live-%s-%d.png", look.scheme, look.width)), shot, 0o644); err != nil {
					t.Fatal(err)
				}
			}

			if look.width == 390 {
				if f := faults(); len(f) > 0 {
					t.Errorf("%q", f)
				}
				return // what follows does not depend on the look
			}
			// The run continues, the page follows it, and an open table stays open.
			browser.Ask[bool](t, ctx, `document.querySelector("details").open = true`)
			d.grow(perplexity("local-only", 1).Key()+"/metrics.jsonl", 30, steps(t, 41, 60, 0.2))
			until(t, ctx, `document.querySelector("#now td:nth-child(6)").textContent === "60 of 100"`)
			if !browser.Ask[bool](t, ctx, `document.querySelector("details").open && document.querySelector("figure tbody tr:last-child td:nth-child(3)").textContent === "60"`) {
				t.Error("the chart's table was closed, or does not go on")
			}
			// Its process has given no sign of life for longer than a lease.
			d.touch(perplexity("local-only", 1).Key()+"/.owner/T/beat", -300)
			until(t, ctx, `(document.querySelector("#now td.silent") || document.body).textContent.startsWith("`+thisProcess()+`, no sign of life for 5 min")`)
			d.object(perplexity("local-only", 1).Key()+"/result.json", 31, results.Result{Version: 1, Status: results.StatusFailed, Error: "disk full", ConfigHash: "b"})
			d.free(perplexity("local-only", 1).Key())
			until(t, ctx, `document.getElementById("status").textContent.startsWith("Not running.")`)
			if got := browser.Ask[string](t, ctx, `document.querySelector("#all tr:nth-child(2) .error").textContent + document.getElementById("now").hidden`); got != "disk fulltrue" {
				t.Errorf("%q", got)
			}
			if f := faults(); len(f) > 0 {
				t.Errorf("%q", f)
			}
			server.CloseClientConnections()
			server.Close()
			until(t, ctx, `document.getElementById("status").className === "lost"`)
		})
	}
}

// Labels with markup are shown as text.
func TestHostileLabels(t *testing.T) {
	parent := browser.Start(t, browser.DejaVu)
	labels := []string{
		`<b>bold</b>`, `</script><script>window.owned=1</script>`, `<img src=x onerror="window.owned=1">`, `"><svg onload=window.owned=1>`,
		"line\nbreak", "\u202egnp.exe", "🦊 __f__ ${1}", strings.Repeat("x", 5000),
	}
	d := newRunDir(t)
	plan := results.Plan{}
	for i, label := range labels {
		label = strings.ReplaceAll(label, "/", "\u2215") // they are part of the name of a directory
		label = label[:min(len(label), 80)]
		c := results.Cell{Experiment: "perplexity", Corpus: label, Model: label, Length: 4, Seed: 1}
		plan.Cells = append(plan.Cells, c)
		plan.Sizes = append(plan.Sizes, size("a"))
		d.config(c.Key(), 1, "a")
		d.put(c.Key()+"/metrics.jsonl", 2, steps(t, 1, 3, 1))
		d.object(c.Key()+"/result.json", 3, results.Result{Version: 1, Status: results.StatusFailed, Error: labels[i], ConfigHash: "a"})
	}
	d.object("plan.json", 0, plan)
	w := NewWatch(d.path, labels[1])
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	ctx, faults := browser.Visit(t, parent, server.URL+"/", server.URL+"/", 390, "light")
	until(t, ctx, `document.querySelectorAll("#all tbody tr").length === `+fmt.Sprint(len(labels)))
	if bad := browser.Ask[string](t, ctx, `[...document.querySelectorAll("b, img, td svg, th svg, h1 *")].map(e => e.outerHTML).join() + (window.owned || "")`); bad != "" {
		t.Errorf("a label became markup: %s", bad)
	}
	if got := browser.Ask[string](t, ctx, `document.querySelector("#all tbody th").textContent`); got != "<b>bold<\u2215b> perplexity, <b>bold<\u2215b>, 4 tokens, seed 1" {
		t.Errorf("the first text is %q", got)
	}
	if n := browser.Ask[int](t, ctx, `document.querySelectorAll("figure").length`); n != len(labels) {
		t.Errorf("%d charts, want %d", n, len(labels))
	}
	if over := browser.Ask[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		t.Errorf("the page is %d pixels wider than the window", over)
	}
	if f := faults(); len(f) > 0 {
		t.Errorf("%q", f)
	}
}
