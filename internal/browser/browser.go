// Package browser starts a headless Chromium for tests with the test's own fonts, so that
// results do not depend on the fonts installed on a machine.
package browser

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"github.com/chromedp/chromedp"
)

// Font is the only font a browser has.
type Font struct {
	Name string // of the family
	data []byte // TrueType
	em   int    // units in one em, from the font's table head
	m    int    // units that "m" is wide, from its table hmtx
}

// The common defaults lie between these two: Liberation Sans is as wide as Arial and
// Helvetica, DejaVu Sans as wide as Verdana and wider than Segoe UI, Noto Sans and
// San Francisco.
var (
	Liberation = Font{"Liberation Sans", liberationsansregular.TTF, 2048, 1706}
	DejaVu     = Font{"DejaVu Sans", dejavusans.TTF, 2048, 1995}
)

// settings makes fontconfig return the font for every request.
const settings = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>%s</dir>
<cachedir>%[1]s</cachedir>
<match target="pattern"><edit name="family" mode="assign" binding="same"><string>%[2]s</string></edit></match>
</fontconfig>
`

// Start starts a headless Chromium that has only the given font: $CHROME, or the first
// found on the PATH. Without one the test is skipped, unless
// INFINIBENCH_REQUIRE_BROWSER=1. Only Linux lets a program choose the fonts; elsewhere
// the browser keeps its own.
func Start(t *testing.T, font Font) context.Context {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("INFINIBENCH_REQUIRE_BROWSER") == "1" {
		missing = t.Fatalf
	}
	path := os.Getenv("CHROME")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	if path == "" {
		missing("no browser: install chromium or set CHROME to its path")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "fonts.conf")
	for name, raw := range map[string][]byte{filepath.Join(dir, "font.ttf"): font.data, config: fmt.Appendf(nil, settings, dir, font.Name)} {
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Env("FONTCONFIG_FILE="+config))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses its sandbox to root
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		missing("the browser %s does not start: %v", path, err)
	}
	if runtime.GOOS != "linux" {
		return ctx
	}
	const wide = `(() => { const pen = document.createElement("canvas").getContext("2d"); pen.font = "1000px sans-serif"; return pen.measureText("m").width; })()`
	got, err := chromedp.Run(ctx, chromedp.Evaluate[float64](wide))
	if want := 1000 * float64(font.m) / float64(font.em); err != nil || math.Abs(got-want) > 1 {
		t.Fatalf("an m of 1000 pixels is %v wide, want %v as in %s: %v", got, want, font.Name, err)
	}
	return ctx
}

// Ask evaluates a JavaScript expression in the page.
func Ask[T any](t *testing.T, ctx context.Context, js string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js))
	if err != nil {
		t.Fatalf("%s: %v", js, err)
	}
	return v
}

// Cut lists the texts of drawings that leave the drawing and would be cut off, and says
// so when there is no text to look at, as a browser without a font has none. The
// selector matches the drawings.
func Cut(t *testing.T, ctx context.Context, selector string) []string {
	t.Helper()
	return Ask[[]string](t, ctx, fmt.Sprintf(`[...document.querySelectorAll(%q)].flatMap((drawing, i) => {
		const box = drawing.getBoundingClientRect(), texts = [...drawing.querySelectorAll("text")];
		const name = (drawing.id || i) + ": ";
		if (!texts.some((text) => text.getBoundingClientRect().width > 0)) return [name + "no text can be seen"];
		return texts.filter((text) => {
			const r = text.getBoundingClientRect();
			return r.left < box.left - 1 || r.right > box.right + 1 || r.bottom > box.bottom + 1 || r.top < box.top - 1;
		}).map((text) => name + text.textContent);
	})`, selector))
}
