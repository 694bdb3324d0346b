package reports

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/snapshot"
	"infinibench/reports/table"
)

// skeleton maps each part of the page to its placeholder line. Tables and charts get one
// line each: tables.md and the test below check their content.
var skeleton = []struct {
	part *regexp.Regexp
	line string
}{
	{regexp.MustCompile(`(?s)<noscript>.*?</noscript>\n?`), ""},
	{regexp.MustCompile(`(?s)<(style|script)[ >].*?</(style|script)>\n?`), ""},
	{regexp.MustCompile(`(?s)<figure(?: data-group="[^"]*")?>\n<figcaption>(.*?)</figcaption>.*?<div class="chart" id="([^"]*)".*?</figure>`), "[$2] $1"},
	{regexp.MustCompile(`(?s)<div class="scroll"[^>]*>\n<table>\n<caption>(.*?)(<span>.*?)?</caption>.*?</table>\n</div>`), "[table] $1"},
	{regexp.MustCompile(`(?s)<ul class="notes">.*?</ul>\n?`), ""},
	{regexp.MustCompile(`(?s)<pre>.*?</pre>\n?`), ""},
	{regexp.MustCompile(`(?m)^\s*\n`), ""},
}

// The structure of the page and its sentences, as reviewed by a person.
func TestPageSkeleton(t *testing.T) {
	page := mustPage(t, fixture(), &library{"/* the chart library */", "Its notice."})
	for _, s := range skeleton {
		page = s.part.ReplaceAll(page, []byte(s.line))
	}
	snapshot.Check(t, "testdata/page.html", page)
}

var (
	pageTable = regexp.MustCompile(`(?s)<table>\n<caption>(.*?)(?:<span>.*?</span>)?</caption>\n<thead>(.*?)</thead>\n<tbody>\n(.*?)</tbody>`)
	pageCell  = regexp.MustCompile(`(?s)<t[hd][^>]*>(.*?)</t[hd]>`)
	pageGloss = regexp.MustCompile(`<span class="gloss">.*?</span>`)
	pageTag   = regexp.MustCompile(`<[^>]*>`)
)

// Every cell of every table, and every number of every chart, is on the page as it is in
// the files.
func TestPageShowsTheTables(t *testing.T) {
	run := everything()
	d, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]*table.Table{} // by title; several corpora have tables of one title
	for _, tbl := range d.tables() {
		want[tbl.Title] = append(want[tbl.Title], tbl)
	}
	for _, c := range d.charts() {
		want[c.Data.Title] = append(want[c.Data.Title], c.Data)
	}
	cells := 0
	page := string(mustPage(t, run, nil))
	plain := html.UnescapeString(pageTag.ReplaceAllString(pageGloss.ReplaceAllString(page, ""), ""))
	for _, found := range pageTable.FindAllStringSubmatch(page, -1) {
		title := html.UnescapeString(found[1])
		if len(want[title]) == 0 {
			t.Errorf("the page shows a table that is in no file, or shows one twice: %s", title)
			continue
		}
		tbl := want[title][0]
		want[title] = want[title][1:]
		// What is said once above the table is there; the browser's test puts it back.
		on := shown(tbl)
		for _, s := range on.Shared {
			if !strings.Contains(plain, s.Text) {
				t.Errorf("%s: the page does not say %q above the table", title, s.Text)
			}
		}
		var columns []string
		for k, c := range tbl.Columns {
			if !on.Hidden(k) {
				columns = append(columns, c.Title)
			}
		}
		if got := cellsOf(found[2]); !slices.Equal(got, columns) {
			t.Errorf("%s: the columns are %q, want %q", title, got, columns)
		}
		lines := strings.SplitAfter(found[3], "\n")
		lines = lines[:len(lines)-1]
		if len(lines) != len(tbl.Rows) {
			t.Errorf("%s: %d rows on the page, want %d", title, len(lines), len(tbl.Rows))
			continue
		}
		for i, line := range lines {
			row, want := cellsOf(line), []string(nil)
			for k, text := range tbl.Rows[i] {
				if !on.Hidden(k) {
					want = append(want, on.Cell(k, text))
				}
			}
			if cells += len(row); !slices.Equal(row, want) {
				t.Errorf("%s, row %d: %q on the page, want %q", title, i, row, want)
			}
		}
	}
	for title, left := range want {
		if len(left) > 0 && title != "Every score of passkey retrieval" { // for files alone
			t.Errorf("the page lacks %s", title)
		}
	}
	if cells < 3000 {
		t.Errorf("only %d cells were compared", cells)
	}
}

// cellsOf are the texts of the cells of a row.
func cellsOf(row string) (texts []string) {
	for _, cell := range pageCell.FindAllStringSubmatch(row, -1) {
		texts = append(texts, html.UnescapeString(pageTag.ReplaceAllString(cell[1], "")))
	}
	return texts
}
