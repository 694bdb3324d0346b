package reports

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"infinibench/internal/browser"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// tinyLike has the shape of a run of the profile tiny: every model, two texts, three seeds,
// and every other experiment.
func tinyLike() *Run {
	return everythingOn(fixtureOf(1, localOnly, "transformer-xl", "memorizing", "rmt", "compressive", infiniLin, infiniDelta))
}

// do runs steps in the page.
func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// until waits for a JavaScript expression to become true.
func until(t *testing.T, ctx context.Context, js string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](js)); err != nil {
		t.Errorf("never true: %s: %v", js, err)
	}
}

// shift is how far the page's parts moved by themselves since it was opened, as browsers
// measure it.
const shift = `new Promise((done) => {
	let sum = 0;
	new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value; }).observe({ type: "layout-shift", buffered: true });
	requestAnimationFrame(() => setTimeout(() => done(sum), 100));
})`

// TestPageInteraction drives the page as a reader does.
func TestPageInteraction(t *testing.T) {
	html := mustPage(t, tinyLike(), needLibrary(t))
	if len(html) > 3_000_000 {
		t.Errorf("%d bytes, want at most 3,000,000", len(html))
	}
	parent := browser.Start(t, browser.DejaVu)
	ctx, faults := visit(t, parent, html, 1280, "light")
	do(t, ctx, chromedp.EmulateViewport(1280, 800))
	wantDrawn(t, ctx)
	height := browser.Ask[float64](t, ctx, `document.documentElement.scrollHeight / 800`)
	words := browser.Ask[int](t, ctx, firstWords)
	t.Logf("%d words on the first screen, %d bytes, %.1f screens of 800 pixels, open in %.0f ms, drawn in %.0f", words, len(html), height,
		browser.Ask[float64](t, ctx, `performance.getEntriesByType("navigation")[0].loadEventEnd`), browser.Ask[float64](t, ctx, `performance.getEntriesByName("drawn")[0].startTime`))
	if words > 150 {
		t.Errorf("%d words on the first screen, want at most 150", words)
	}
	if height > 12 {
		t.Errorf("folded, the page is %.1f screens of 800 pixels high, want at most 12", height)
	}
	moved, err := chromedp.Run(ctx, chromedp.Evaluate[float64](shift, chromedp.EvalAwaitPromise))
	if err != nil || moved > 0.01 {
		t.Errorf("the page moved by %v while its charts were drawn: %v", moved, err)
	}

	t.Run("cards", func(t *testing.T) {
		do(t, ctx, chromedp.Click(`.card a[href="#memory"]`))
		until(t, ctx, `location.hash == "#memory" && Math.abs(document.getElementById("memory").getBoundingClientRect().top) < 60`)
	})
	t.Run("switches", func(t *testing.T) { switchModels(t, ctx) })
	t.Run("sorting", func(t *testing.T) { sortTable(t, ctx) })
	t.Run("copying", func(t *testing.T) { copyTable(t, ctx) })
	t.Run("deep links", func(t *testing.T) {
		const fold = `document.querySelector("[id^=chart-gates-novel]")`
		name := browser.Ask[string](t, ctx, fold+`.id`)
		browser.Ask[int](t, ctx, `document.querySelectorAll("details.fold").forEach((d) => d.open = false), location.hash = "`+name+`", 1`)
		until(t, ctx, fold+`.offsetParent && `+fold+`.querySelectorAll("svg path").length > 5`)
		until(t, ctx, `(() => { const r = `+fold+`.getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0; })()`)
	})
	t.Run("matrix", func(t *testing.T) {
		const cell = `document.querySelector(".matrix .ratio")`
		browser.Ask[int](t, ctx, cell+`.closest("details").open = true, `+cell+`.scrollIntoView({ block: "center" }), 1`)
		at := browser.Ask[[]float64](t, ctx, `(() => { const r = `+cell+`.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()`)
		do(t, ctx, chromedp.MouseEvent("mouseMoved", at[0], at[1]))
		until(t, ctx, `/÷ .*: 0\.\d+, 95 % over seeds .* 3 seeds/.test(document.querySelector(".detail").textContent)`)
	})
	t.Run("terms", func(t *testing.T) {
		const size = `document.querySelector("header dfn .gloss").getBoundingClientRect()`
		if seen := browser.Ask[float64](t, ctx, size+`.width`); seen > 1 {
			t.Errorf("an explanation is shown unasked, %v pixels wide", seen)
		}
		browser.Ask[int](t, ctx, `document.querySelector("header dfn").focus(), 1`)
		until(t, ctx, size+`.width > 100 && `+size+`.left >= 0 && `+size+`.right <= innerWidth`)
	})
	if f := faults(); len(f) > 0 {
		t.Errorf("%q", f)
	}
}

// switchModels leaves a model out of all charts with the mouse, also of those drawn later,
// and brings it back with the keyboard.
func switchModels(t *testing.T, ctx context.Context) {
	const marks = `echarts.getInstanceByDom(document.getElementById("chart-perplexity-novel")).getOption().series[0].data.length`
	const curves = `echarts.getInstanceByDom(document.getElementById("chart-position-novel")).getOption().series.length`
	before := browser.Ask[int](t, ctx, marks)
	const box = `.switches input[value="rmt"]`
	do(t, ctx, chromedp.Click(box))
	if after := browser.Ask[int](t, ctx, marks); after != before-2 { // intact and zeroed
		t.Errorf("%d marks without a model, %d with it", after, before)
	}
	if off := browser.Ask[int](t, ctx, `[...document.querySelectorAll(".legend .off")].filter((l) => l.textContent.includes("Recurrent")).length`); off == 0 {
		t.Error("the legends do not show that a model is left out")
	}
	browser.Ask[int](t, ctx, `document.getElementById("chart-position-novel").closest("details").open = true, 1`)
	until(t, ctx, `!!echarts.getInstanceByDom(document.getElementById("chart-position-novel"))`)
	without := browser.Ask[int](t, ctx, curves)
	do(t, ctx, chromedp.Focus(box), chromedp.KeyEvent(" "))
	if with := browser.Ask[int](t, ctx, curves); with != without+1 {
		t.Errorf("a chart drawn while a model was left out has %d series, and %d after its return", without, with)
	}
	if again := browser.Ask[int](t, ctx, marks); again != before {
		t.Errorf("%d marks after the model's return, want %d", again, before)
	}
	do(t, ctx, chromedp.KeyEvent(kb.Tab))
}

// sortTable sorts the perplexities up, down, and back.
func sortTable(t *testing.T, ctx context.Context) {
	const table = `document.querySelector("#table-perplexity-novel table")`
	const column = `[...` + table + `.tBodies[0].rows].map((r) => r.cells[2].textContent)`
	const head = `#table-perplexity-novel thead th:nth-child(3)`
	first := browser.Ask[[]string](t, ctx, column)
	want := map[string][]string{"ascending": slices.Clone(first), "descending": slices.Clone(first), "": first}
	number := func(s string) float64 {
		var x float64
		fmt.Sscan(s, &x)
		return x
	}
	for _, order := range []string{"ascending", "descending", ""} {
		slices.SortStableFunc(want[order], func(a, b string) int {
			switch {
			case order == "" || a == b:
				return 0
			case a == "–" || a != "–" && b != "–" && (number(a) > number(b)) == (order == "ascending"):
				return 1
			}
			return -1
		})
		do(t, ctx, chromedp.Click(head+" .sort"))
		got := browser.Ask[[]string](t, ctx, column)
		if !slices.Equal(got, want[order]) {
			t.Errorf("%q: %q, want %q", order, got, want[order])
		}
		if said := browser.Ask[string](t, ctx, `document.querySelector("`+head+`").getAttribute("aria-sort") || ""`); said != order {
			t.Errorf("aria-sort is %q, want %q", said, order)
		}
	}
	if slices.Equal(want["ascending"], first) {
		t.Error("the table is sorted already: nothing is tested")
	}
}

// copyTable copies a table with texts that are said once above it.
func copyTable(t *testing.T, ctx context.Context) {
	browser.Ask[int](t, ctx, `Object.defineProperty(navigator, "clipboard", { value: { writeText: (text) => { window.copied = text; return Promise.resolve(); } } }), 1`)
	d, err := New(tinyLike())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.tables(), func(of *table.Table) bool { return of.Name == "perplexity-novel" })
	of := d.tables()[i]
	if !strings.Contains(browser.Ask[string](t, ctx, `document.getElementById("table-perplexity-novel").previousElementSibling.textContent`), "stand-in: ") {
		t.Error("nothing is said above the table: the test does not see it put back")
	}
	browser.Ask[int](t, ctx, `document.querySelector('[data-table="table-perplexity-novel"][data-as="csv"]').click(), 1`)
	until(t, ctx, `!!window.copied && document.getElementById("status").textContent == "Copied."`)
	rows, err := csv.NewReader(strings.NewReader(browser.Ask[string](t, ctx, `copied`))).ReadAll()
	if err != nil || len(rows) != len(of.Rows)+1 {
		t.Fatalf("%d rows, want %d: %v", len(rows), len(of.Rows)+1, err)
	}
	for k, row := range rows[1:] {
		if !slices.Equal(row, of.Rows[k]) {
			t.Errorf("row %d: %q, want %q", k, row, of.Rows[k])
		}
	}
	browser.Ask[int](t, ctx, `window.copied = "", document.querySelector('[data-table="table-perplexity-novel"][data-as="markdown"]').click(), 1`)
	until(t, ctx, `/^\| Model \| Paper \|/.test(copied) && copied.includes("\n| --- |")`)
	browser.Ask[int](t, ctx, `window.copied = "", document.querySelector('[data-copy="bibtex"]').click(), 1`)
	until(t, ctx, `copied.startsWith("@misc{infinibench-")`)
}

// onA4 prints the page.
var onA4 = chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperSize{Width: 8.27, Height: 11.69}))

// printedPages counts the pages of a PDF.
var printedPages = regexp.MustCompile(`/Type\s*/Page[^s]`)

// The page prints on at most twelve sheets of A4, from light and from dark screens.
func TestPagePrints(t *testing.T) {
	html := mustPage(t, tinyLike(), needLibrary(t))
	ctx, faults := visit(t, browser.Start(t, browser.DejaVu), html, 1280, "dark")
	wantDrawn(t, ctx)
	pdf, err := chromedp.Run(ctx, onA4)
	if err != nil {
		t.Fatal(err)
	}
	n := len(printedPages.FindAll(pdf, -1))
	t.Logf("%d pages of A4, %d bytes", n, len(pdf))
	if n == 0 || n > 12 {
		t.Errorf("printed on %d pages, want at most 12", n)
	}
	if f := faults(); len(f) > 0 {
		t.Errorf("%q", f)
	}
}

// Without scripts every figure is there as a drawing for papers.
func TestPageWithoutScripts(t *testing.T) {
	html := mustPage(t, everything(), needLibrary(t))
	ctx, faults := visit(t, browser.Start(t, browser.DejaVu), []byte("<!DOCTYPE html>"), 1280, "light")
	path := filepath.Join(t.TempDir(), "report.html")
	putFile(t, path, html)
	do(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}), chromedp.Navigate("file://"+path))
	// Evaluate needs no scripts of the page.
	const figures = `[...document.querySelectorAll(".chart")].filter((c) => c.offsetParent)`
	if n := browser.Ask[int](t, ctx, figures+`.length`); n < 8 {
		t.Errorf("only %d figures", n)
	}
	if empty := browser.Ask[[]string](t, ctx, figures+`.filter((c) => !(c.querySelector("svg")?.getBoundingClientRect().height > 100) || c.innerText.includes("could not")).map((c) => c.id)`); len(empty) > 0 {
		t.Errorf("not drawn: %q", empty)
	}
	if n := browser.Ask[int](t, ctx, `[...document.querySelectorAll("button, .switches")].filter((b) => b.offsetParent).length`); n > 0 {
		t.Errorf("%d switches and buttons do nothing without scripts", n)
	}
	if f := faults(); len(f) > 0 {
		t.Errorf("%q", f)
	}
}

// Pages of runs of every size and state open without a fault, and are not wider than a
// phone.
func TestPagesOfOtherRuns(t *testing.T) {
	lib := needLibrary(t)
	one, failed, begun, many := fixture(), fixture(), fixture(), fixture()
	one.Records, one.Planned = one.Records[:1], nil
	for i := range failed.Records {
		r := &failed.Records[i].Result
		*r = results.Result{Version: 1, Profile: r.Profile, Cell: r.Cell, Status: results.StatusFailed, Error: "out of memory"}
	}
	begun.Records = begun.Records[:2]
	for seed := uint64(10); len(many.Records) < 300; seed++ {
		for _, record := range fixture().Records[:9] {
			record.Result.Cell.Seed += seed * 10
			record.Key = fmt.Sprintf("%s-%d", record.Key, seed)
			many.Records = append(many.Records, record)
		}
	}
	parent := browser.Start(t, browser.DejaVu)
	for _, c := range []struct {
		name string
		run  *Run
		want string // in the text of the page
	}{
		{"300 cells", many, "cells"}, {"one cell", one, "1 cell"}, {"failed", failed, "out of memory"}, {"under way", begun, "not run"},
		{"hostile", everythingOn(hostileRun()), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			html := mustPage(t, c.run, lib)
			ctx, faults := visit(t, parent, html, 390, "light")
			wantDrawn(t, ctx)
			if !bytes.Contains(html, []byte(c.want)) {
				t.Errorf("the page does not say %q", c.want)
			}
			if over := browser.Ask[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("the page is %d pixels wider than the window", over)
			}
			// Its first switch and all of its sorting work.
			browser.Ask[int](t, ctx, `document.querySelectorAll("details").forEach((d) => d.open = true), document.querySelector(".switches input")?.click(), document.querySelectorAll(".sort").forEach((b) => b.click()), 1`)
			if owned := browser.Ask[bool](t, ctx, `!!window.owned`); owned {
				t.Error("a label ran")
			}
			if f := faults(); len(f) > 0 {
				t.Errorf("%q", f)
			}
			t.Logf("%d bytes", len(html))
		})
	}
}

// contrasts lists the texts of the page whose contrast with what is behind them is below
// WCAG's AA: 4.5, or 3 for large letters. Colours are read as the browser has mixed them.
const contrasts = `(() => {
	const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
	const rgba = (color) => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = color; pen.fillRect(0, 0, 1, 1); return [...pen.getImageData(0, 0, 1, 1).data]; };
	const known = new Map(), read = (color) => known.get(color) ?? (known.set(color, rgba(color)), known.get(color));
	const luminance = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = read(getComputedStyle(e).backgroundColor); if (c[3] > 200) return c; } return [255, 255, 255]; };
	const bad = new Set();
	for (const e of document.querySelectorAll("body *:not(script):not(style):not(noscript)")) {
		if (!e.offsetParent || e.closest(".unseen, .gloss, .chart, .skip, .anchor, svg") || ![...e.childNodes].some((n) => n.nodeType == 3 && n.textContent.trim())) continue;
		const style = getComputedStyle(e), size = parseFloat(style.fontSize), least = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
		const [a, b] = [luminance(read(style.color)), luminance(behind(e))].sort((x, y) => y - x);
		if ((a + 0.05) / (b + 0.05) < least) bad.add(e.tagName + "." + e.className + " " + ((a + 0.05) / (b + 0.05)).toFixed(2) + ": " + e.textContent.slice(0, 30));
	}
	return [...bad].slice(0, 20);
})()`

func TestPageContrast(t *testing.T) {
	html := mustPage(t, tinyLike(), needLibrary(t))
	parent := browser.Start(t, browser.DejaVu)
	for _, scheme := range []string{"light", "dark"} {
		ctx, _ := visit(t, parent, html, 1280, scheme)
		browser.Ask[int](t, ctx, `document.querySelectorAll("details").forEach((d) => d.open = true), 1`)
		if bad := browser.Ask[[]string](t, ctx, contrasts); len(bad) > 0 {
			t.Errorf("%s: %q", scheme, bad)
		}
	}
	// The measure itself must see a fault.
	ctx, _ := visit(t, parent, []byte(`<!DOCTYPE html><body><p style="color: #999">grey`), 1280, "light")
	if bad := browser.Ask[[]string](t, ctx, contrasts); len(bad) != 1 {
		t.Errorf("grey on white passes: %q", bad)
	}
}

// TestPictures takes the pictures of docs/report.md into the folder SCREENSHOTS, of the page
// REPORT if that is set.
func TestPictures(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS names no folder")
	}
	html := mustPage(t, tinyLike(), needLibrary(t))
	if path := os.Getenv("REPORT"); path != "" {
		var err error
		if html, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	parent := browser.Start(t, browser.Liberation)
	for _, c := range []struct {
		name, scheme  string
		width, height int64
		script        string
	}{
		{"first", "light", 1280, 800, ""}, {"dark", "dark", 1280, 800, ""}, {"phone", "light", 390, 844, ""}, {"folded", "light", 1280, 0, ""},
		{"open", "light", 1280, 0, `document.querySelectorAll(".fold").forEach((d) => d.open = true)`}, {"phone-folded", "light", 390, 0, ""},
	} {
		if only := os.Getenv("PICTURES"); only != "" && !slices.Contains(strings.Fields(only), c.name) {
			continue
		}
		ctx, _ := visit(t, parent, html, c.width, c.scheme)
		do(t, ctx, chromedp.EmulateViewport(c.width, max(c.height, 800)))
		if c.script != "" {
			browser.Ask[int](t, ctx, c.script+", 1")
		}
		wantDrawn(t, ctx)
		if c.height == 0 {
			do(t, ctx, chromedp.EmulateViewport(c.width, min(browser.Ask[int64](t, ctx, `document.documentElement.scrollHeight`), 16000)))
			wantDrawn(t, ctx)
		}
		shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		putFile(t, filepath.Join(dir, c.name+".png"), shot)
	}
	ctx, _ := visit(t, parent, html, 1280, "light")
	wantDrawn(t, ctx)
	pdf, err := chromedp.Run(ctx, onA4)
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, filepath.Join(dir, "print.pdf"), pdf)
}
