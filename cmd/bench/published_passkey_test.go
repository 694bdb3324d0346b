package main

import (
	"fmt"
	"testing"

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
		checks := unpacked[results.LogLine](t, dir+file+".checks.jsonl.gz")
		last := checks[len(checks)-1]
		most, recent := 0.0, 0.0
		for i, c := range checks {
			most = max(most, c.Digits)
			if i >= len(checks)-20 {
				recent += c.Digits / 20
			}
		}
		same(name, fmt.Sprint(last.Step-1), fmt.Sprintf("%.1fM", float64(last.Tokens)/1e6), fmt.Sprintf("%.2f", recent), fmt.Sprintf("%.2f", most))
	}
	for name, stage := range map[string]string{"no training": results.StageZeroShot, "the paper's way, 400 steps": results.StagePaper} {
		right, asked := map[string]int{}, map[string]int{}
		for _, a := range unpacked[results.PasskeyAnswer](t, dir+"infini-linear.samples-"+stage+".jsonl.gz") {
			if a.Kind != "grid" {
				continue
			}
			asked[a.Position] += len(a.Right)
			for _, ok := range a.Right {
				if ok {
					right[a.Position]++
				}
			}
		}
		var want []string
		for _, position := range []string{"start", "middle", "end"} {
			want = append(want, fmt.Sprintf("%d of %d", right[position], asked[position]))
		}
		same(name, want...)
	}
}
