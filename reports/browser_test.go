package reports

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"infinibench/internal/browser"
)

// visit opens an HTML text at a width and colour scheme, see browser.Visit.
func visit(t *testing.T, parent context.Context, html []byte, width int64, scheme string) (context.Context, func() []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	putFile(t, path, html)
	return browser.Visit(t, parent, (&url.URL{Scheme: "file", Path: path}).String(), "file:", width, scheme)
}

// needLibrary returns the built-in chart library or skips.
func needLibrary(t *testing.T) *library {
	t.Helper()
	lib := embedded()
	if lib == nil {
		if os.Getenv("INFINIBENCH_REQUIRE_BROWSER") == "1" {
			t.Fatal("reports/assets/echarts.min.js is missing: run make setup")
		}
		t.Skip("reports/assets/echarts.min.js is missing: run make setup")
	}
	return lib
}

// undrawn lists the charts without a drawing: fewer paths than a single series
// and its axes need.
const undrawn = `[...document.querySelectorAll(".chart")].filter(c => c.offsetParent && c.querySelectorAll("svg path").length < 5).map(c => c.id)`

// wantDrawn waits until the page has drawn its charts.
func wantDrawn(t *testing.T, ctx context.Context) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](undrawn+`.length == 0`)); err != nil {
		t.Errorf("not drawn: %q, %v", browser.Ask[[]string](t, ctx, undrawn), err)
	}
}

// firstWords counts the words of the first screen beside those in the charts.
const firstWords = `[...document.querySelectorAll("header h1, header p, .card .verdict, .card strong, .card > p, .key")].map(e => (e = e.cloneNode(true), e.querySelectorAll(".gloss").forEach(g => g.remove()), e).innerText.split(/\s+/).filter((w) => /\p{L}/u.test(w)).length).reduce((a, b) => a + b)`

// everything is a run with every kind of chart.
func everything() *Run { return everythingOn(fixture()) }

// everythingOn adds to a run what the fixture has beside perplexity.
func everythingOn(run *Run) *Run {
	plain := len(fixture().Records)
	for _, other := range []*Run{withPasskey(), withBooksum(), withAdapt(), withRecall()} {
		run.Records = append(run.Records, other.Records[plain:]...)
	}
	return run
}

// TestReportInBrowser opens the report as a reader does, in a wide and in a narrow font.
// With SCREENSHOTS set to a folder it leaves pictures there.
func TestReportInBrowser(t *testing.T) {
	lib := needLibrary(t)
	for _, open := range []struct {
		font  browser.Font
		looks []look
	}{
		{browser.DejaVu, []look{{390, 100, "light"}, {390, 150, "dark"}, {768, 150, "light"}, {1280, 100, "dark"}}},
		{browser.Liberation, []look{{390, 100, "dark"}, {1100, 100, "light"}}},
	} {
		parent := browser.Start(t, open.font)
		for name, run := range map[string]*Run{"everything": everything(), "hostile": hostileRun()} {
			html, err := pageOf(run, lib)
			if err != nil {
				t.Fatal(err)
			}
			for i, look := range open.looks {
				if name == "hostile" && i > 1 {
					continue // the narrow windows are the hardest for long labels
				}
				t.Run(fmt.Sprintf("%s/%s/%s/%d/%d%%", open.font.Name, name, look.scheme, look.width, look.text), func(t *testing.T) {
					look.read(t, parent, name, html)
				})
			}
		}
	}
}

// look is a reader's window size and browser settings.
type look struct {
	width, text int64 // of the window in pixels, of the text in percent
	scheme      string
}

func (l look) read(t *testing.T, parent context.Context, name string, html []byte) {
	// A browser whose text size is set to large begins with a larger font at the root.
	html = bytes.Replace(html, []byte("<html "), fmt.Appendf(nil, `<html style="font-size: %d%%" `, l.text), 1)
	ctx, faults := visit(t, parent, html, l.width, l.scheme)
	if n := browser.Ask[int](t, ctx, `document.querySelectorAll(".chart").length`); n < 16 {
		t.Errorf("%d charts, want at least 7 for each of two corpora, and 2 of cost", n)
	}
	wantDrawn(t, ctx)
	const folded = `[...document.querySelectorAll(".fold .chart")].length`
	if n := browser.Ask[int](t, ctx, folded); n < 4 {
		t.Errorf("%d charts in folds, want at least 4", n)
	}
	if words := browser.Ask[int](t, ctx, firstWords); name == "everything" && words > 150 {
		t.Errorf("%d words on the first screen, want at most 150", words)
	}
	if height := browser.Ask[int](t, ctx, `document.documentElement.scrollHeight`); name == "everything" && l.width >= 1280 {
		t.Logf("%.1f screens of 800 pixels", float64(height)/800)
	}
	// A chart in a fold is drawn when the fold is opened.
	browser.Ask[int](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true), 1`)
	wantDrawn(t, ctx)
	if texts := browser.Cut(t, ctx, ".chart"); len(texts) > 0 {
		t.Errorf("text outside its chart: %q", texts)
	}
	// What is shown at the pointer breaks into lines rather than leave the chart.
	const tip = `(() => {
		const box = document.querySelector(".chart[id^=chart-perplexity]"), chart = echarts.getInstanceByDom(box), data = chart.getOption().series[0].data;
		chart.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: data.length - 1 });
		const tip = [...box.children].find((e) => e.textContent.includes(" seed")), room = box.getBoundingClientRect(), r = tip.getBoundingClientRect();
		chart.dispatchAction({ type: "hideTip" });
		return Math.max(room.left - r.left, r.right - room.right);
	})()`
	if over := browser.Ask[float64](t, ctx, tip); over > 1 {
		t.Errorf("what is shown at the pointer leaves its chart by %v pixels", over)
	}
	if size := browser.Ask[float64](t, ctx, `parseFloat(getComputedStyle(document.querySelector(".chart svg text")).fontSize)`); l.text > 100 && size < 0.5625*16*float64(l.text)/100 {
		t.Errorf("the charts' letters have %v pixels, and do not follow the size of the text", size)
	}
	const open, drawn = `performance.getEntriesByType("navigation")[0].loadEventEnd`, `performance.getEntriesByName("drawn")[0].startTime`
	t.Logf("%d bytes, open in %.0f ms, all charts drawn in %.0f", len(html), browser.Ask[float64](t, ctx, open), browser.Ask[float64](t, ctx, drawn))
	if !browser.Ask[bool](t, ctx, `(() => { const s = document.querySelector(".skip"); s.focus(); const seen = s.getBoundingClientRect().left >= 0; s.blur(); return seen; })()`) {
		t.Error("the link that skips to the summary cannot be seen by who reaches it with the keyboard")
	}
	browser.Ask[int](t, ctx, `document.querySelectorAll("details.samples").forEach(d => d.open = true), 1`)
	if over := browser.Ask[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		const wide = `[...document.querySelectorAll("body *")].filter(e => !e.parentElement.closest(".scroll") && e.getBoundingClientRect().right > document.documentElement.clientWidth).map(e => e.tagName + ": " + e.textContent.slice(0, 40))`
		t.Errorf("the page is %d pixels wider than the window: %q", over, browser.Ask[[]string](t, ctx, wide))
	}
	if bold := browser.Ask[int](t, ctx, `document.querySelectorAll("td b, th b, td img, text b").length + (window.owned ? 1 : 0)`); bold > 0 {
		t.Error("a label became markup")
	}
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		browser.Ask[int](t, ctx, `document.querySelectorAll("details").forEach((d, i) => d.open = i == 0), 1`)
		shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		putFile(t, filepath.Join(dir, fmt.Sprintf("%s-%s-%d-%d.png", name, l.scheme, l.width, l.text)), shot)
	}
	if f := faults(); len(f) > 0 {
		t.Errorf("%q", f)
	}
}

// Switching the colour scheme and printing must redraw, not break.
func TestReportRedraws(t *testing.T) {
	lib := needLibrary(t)
	html, err := pageOf(fixture(), lib)
	if err != nil {
		t.Fatal(err)
	}
	ctx, faults := visit(t, browser.Start(t, browser.DejaVu), html, 1280, "light")
	const textColor = `document.querySelector(".chart svg text").getAttribute("fill")`
	light := browser.Ask[string](t, ctx, textColor)
	if err := chromedp.Do(ctx, browser.Media("", "dark")); err != nil {
		t.Fatal(err)
	}
	if dark, err := chromedp.Run(ctx, chromedp.Poll[string](textColor+` != "`+light+`" && `+textColor)); err != nil {
		t.Errorf("the charts keep %s after a change to dark: %v, %v", light, dark, err)
	}
	browser.Ask[bool](t, ctx, `window.dispatchEvent(new Event("beforeprint"))`)
	if print := browser.Ask[string](t, ctx, textColor); print != light {
		t.Errorf("printing draws text in %s, want the light page's %s", print, light)
	}
	if missing := browser.Ask[[]string](t, ctx, undrawn); len(missing) > 0 {
		t.Errorf("not drawn when printing begins: %q", missing)
	}
	if width := browser.Ask[int](t, ctx, `document.querySelector(".chart svg").clientWidth`); width != 205 {
		t.Errorf("printing draws %d pixels wide, want 205", width)
	}
	if err := chromedp.Do(ctx, browser.Media("print", "light")); err != nil {
		t.Fatal(err)
	}
	if shown := browser.Ask[int](t, ctx, `[...document.querySelectorAll("nav, .files, .skip, .detail, .fold:not(#cite *)")].filter(e => e.offsetParent).length`); shown > 0 {
		t.Errorf("%d things are printed that only a screen has use for", shown)
	}
	if err := chromedp.Do(ctx, browser.Media("", "dark")); err != nil {
		t.Fatal(err)
	}
	browser.Ask[bool](t, ctx, `window.dispatchEvent(new Event("afterprint"))`)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(500, 900)); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector(".chart svg").clientWidth < 500`)); err != nil {
		t.Errorf("the charts do not follow the window: %v", err)
	}
	wantDrawn(t, ctx)
	if f := faults(); len(f) > 0 {
		t.Errorf("%q", f)
	}
}

// The fault detection itself must detect the faults.
func TestVisitSeesFaults(t *testing.T) {
	ctx, faults := visit(t, browser.Start(t, browser.DejaVu), []byte(`<!DOCTYPE html><div class="chart" id="empty"></div>
		<img src="http://127.0.0.1:9/x.png"><script>console.error("oh"); throw new Error("ah")</script>`), 390, "light")
	if missing := browser.Ask[[]string](t, ctx, undrawn); len(missing) != 1 {
		t.Errorf("an empty chart passes: %q", missing)
	}
	all := strings.Join(faults(), "\n")
	for _, want := range []string{"request: http://127.0.0.1:9/x.png", "console: ", "exception: "} {
		if !strings.Contains(all, want) {
			t.Errorf("missing %q in %q", want, all)
		}
	}
}
