package reports

import (
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	pageCode   = regexp.MustCompile(`(?s)<(style|script|noscript)[ >].*?</(style|script|noscript)>`)
	pageNumber = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?`)
)

// Every number that a reader of the page could see before its pictures, matrices and folds
// is still there. testdata/numbers.txt holds the 1,056 different numbers of the page that
// commit 228afab wrote of the same run, in the texts outside of scripts.
//
// One number was removed on purpose: "perplexity 13.5 % below the control's" was the headline of
// a verdict that has since become no fair trial; the page says 86.5 % of the control's.
func TestEveryNumberIsKept(t *testing.T) {
	raw, err := os.ReadFile("testdata/numbers.txt")
	if err != nil {
		t.Fatal(err)
	}
	run := fixtureOf(0.6, localOnly, infiniLin, infiniDelta)
	plain := len(run.Records)
	for _, other := range []*Run{withPasskey(), withBooksum(), withRecall()} {
		run.Records = append(run.Records, other.Records[plain:]...)
	}
	text := pageCode.ReplaceAllString(string(mustPage(t, run, &library{js: "/* the chart library */"})), "")
	now := map[string]bool{}
	for _, number := range pageNumber.FindAllString(html.UnescapeString(pageTag.ReplaceAllString(text, " ")), -1) {
		now[number] = true
	}
	before := strings.Fields(string(raw))
	if len(before) != 1056 {
		t.Errorf("%d numbers of before, want 1056", len(before))
	}
	var lost []string
	for _, number := range before {
		if !now[number] && number != "13.5" {
			lost = append(lost, number)
		}
	}
	if len(lost) > 0 {
		t.Errorf("%d numbers are no longer on the page: %q", len(lost), lost)
	}
}
