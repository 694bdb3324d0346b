package main

import (
	"fmt"
	"testing"

	"github.com/dustin/go-humanize"

	"infinibench/internal/results"
)

// The page on passkeys from a pretrained model has the numbers of the checks for the digits
// and of the answers beside it: a check is a line of a training log with a share of the digits.
func TestPublishedPasskeys(t *testing.T) {
	const dir = "docs/results/passkey-pretrained/"
	rows := map[string][]string{}
	for _, row := range tableRows(readPage(t, dir+"README.md")) {
		rows[row[0]] = row[1:]
	}
	same := func(name string, want ...string) {
		t.Helper()
		if got := fmt.Sprint(rows[name]); got != fmt.Sprint(want) {
			t.Errorf("%s: the page has %s, the files %s", name, got, fmt.Sprint(want))
		}
	}
	for name, file := range map[string]string{"weights of the folder": "infini-linear", "random weights": "scratch"} {
		most, found, last := 0.0, "not found", 0
		for _, c := range unpacked[results.LogLine](t, dir+file+".checks.jsonl.gz") {
			most, last = max(most, c.Digits), c.Step-1
			if c.Digits >= 0.9 && found == "not found" {
				found = fmt.Sprint(last)
			}
		}
		same(name, found, fmt.Sprint(last), fmt.Sprintf("%.2f", most))
	}
	type cell struct {
		length          int
		stage, position string
	}
	right, asked := map[cell]int{}, map[cell]int{}
	for _, stage := range []string{results.StagePaper, results.StageRecipe} {
		for _, a := range unpacked[results.PasskeyAnswer](t, dir+"infini-linear.samples-"+stage+".jsonl.gz") {
			if a.Kind != "grid" {
				continue
			}
			at := cell{a.Length, stage, a.Position}
			asked[at] += len(a.Right)
			for _, ok := range a.Right {
				if ok {
					right[at]++
				}
			}
		}
	}
	for _, length := range []int{32_850, 131_100, 262_200, 524_400, 1_048_650} {
		var want []string
		for _, stage := range []string{results.StageRecipe, results.StagePaper} {
			for _, position := range []string{"start", "middle", "end"} {
				at := cell{length, stage, position}
				if asked[at] != 32 { // eight keys of four digits
					t.Errorf("%v: %d digits asked for, want 32", at, asked[at])
				}
				want = append(want, fmt.Sprint(right[at]))
			}
		}
		same(humanize.Comma(int64(length)), want...)
	}
}
