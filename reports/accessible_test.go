package reports

import (
	"regexp"
	"strings"
	"testing"
)

var (
	headings     = regexp.MustCompile(`<h([1-6])`)
	ids          = regexp.MustCompile(` id="([^"]*)"`)
	inPage       = regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`)
	pageSections = regexp.MustCompile(`<section [^>]*>`)
	chartBox     = regexp.MustCompile(`<div class="chart" [^>]*>`)
	tableText    = regexp.MustCompile(`(?s)<table>.*?</table>`)
)

// The page must be usable without a mouse and without sight: it has landmarks, heading levels
// without gaps, names for all focusable elements, and the numbers of every chart.
func TestPageIsAccessible(t *testing.T) {
	for name, run := range map[string]*Run{"plain": fixture(), "hostile": hostileRun(), "passkey": withPasskey(), "booksum": withBooksum(), "adapt": withAdapt(), "recall": withRecall()} {
		html := string(mustPage(t, run, &library{js: "/* library */", notice: "Its notice."}))
		for _, landmark := range []string{`<html lang="en">`, `<header>`, `<nav aria-label="Sections">`, `<main>`, `<footer>`, `<a class="skip" href="#summary">`, `name="viewport"`} {
			if strings.Count(html, landmark) != 1 {
				t.Errorf("%s: %d of %s, want one", name, strings.Count(html, landmark), landmark)
			}
		}
		last := byte('0')
		for _, h := range headings.FindAllStringSubmatch(html, -1) {
			if h[1][0] > last+1 {
				t.Errorf("%s: a heading h%s follows h%c", name, h[1], last)
			}
			last = h[1][0]
		}
		known := map[string]bool{}
		for _, id := range ids.FindAllStringSubmatch(html, -1) {
			if known[id[1]] {
				t.Errorf("%s: the id %s stands there twice", name, id[1])
			}
			known[id[1]] = true
		}
		for _, m := range inPage.FindAllStringSubmatch(html, -1) {
			if !known[m[1]] {
				t.Errorf("%s: %s leads nowhere", name, m[0])
			}
		}
		for _, s := range pageSections.FindAllString(html, -1) {
			if !strings.Contains(s, "aria-labelledby=") {
				t.Errorf("%s: %s has no name", name, s)
			}
		}
		boxes := chartBox.FindAllString(html, -1)
		for _, box := range boxes {
			if !strings.Contains(box, `role="img"`) || !strings.Contains(box, `aria-label="`) {
				t.Errorf("%s: %s has no description for a screen reader", name, box)
			}
		}
		if n := strings.Count(html, "<summary>Numbers of this chart<span"); n != len(boxes)-strings.Count(html, `<figure class="picture"`) { // pictures repeat a chart of a section
			t.Errorf("%s: %d charts, %d tables of their numbers", name, len(boxes), n)
		}
		for _, table := range tableText.FindAllString(html, -1) {
			if !strings.Contains(table, "<caption>") || !strings.Contains(table, `<th scope="col"`) || strings.Contains(table, "<tbody>\n<tr>") && !strings.Contains(table, `<th scope="row"`) {
				t.Errorf("%s: a table without caption or heads: %.200s", name, table)
			}
		}
	}
}

// The whole file has at most 3 MB, of which the chart library takes one.
func TestPageSize(t *testing.T) {
	lib := embedded()
	if lib == nil {
		lib = &library{js: strings.Repeat(" ", 1_040_000)}
	}
	for name, run := range map[string]*Run{"plain": fixture(), "passkey": withPasskey(), "booksum": withBooksum(), "adapt": withAdapt(), "recall": withRecall()} {
		size := len(mustPage(t, run, lib))
		t.Logf("%s: %d bytes", name, size)
		if size > 3_000_000 {
			t.Errorf("%s: %d bytes, want at most 3,000,000", name, size)
		}
	}
}

// Every experiment's section has a summary, a table and its provenance.
func TestSectionsAreComplete(t *testing.T) {
	cut := regexp.MustCompile(`(?s)<section id="([^"]*)".*?</section>`)
	seen := map[string]bool{}
	for _, run := range []*Run{withPasskey(), withBooksum(), withAdapt(), withRecall()} {
		for _, m := range cut.FindAllStringSubmatch(string(mustPage(t, run, &library{js: "/* library */"})), -1) {
			id, text := m[1], m[0]
			kind, _, _ := strings.Cut(id, "-")
			switch kind {
			case "corpus", "passkey", "booksum", "recall", "memory", "cost":
			default:
				continue
			}
			seen[kind] = true
			for what, want := range map[string]string{"a reading": "<p>", "a table": "<table>", "a chart": `class="chart"`, "its command": "Made by <code>"} {
				if !strings.Contains(text, want) {
					t.Errorf("the section %s lacks %s", id, what)
				}
			}
		}
	}
	if len(seen) != 6 {
		t.Errorf("only %v", seen)
	}
}
