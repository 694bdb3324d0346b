package reports

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"infinibench/internal/results"
	"infinibench/internal/snapshot"
	"infinibench/reports/table"
)

func printed(t *testing.T, run *Run) string {
	t.Helper()
	var out bytes.Buffer
	if err := printReport(run, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTerminalGolden(t *testing.T) {
	snapshot.Check(t, "testdata/terminal.txt", []byte(printed(t, fixture())))
}

// A window of 100 columns must hold every line, also where one seed differs
// wildly from the others, a scale differs and a message is long.
func TestTerminalWidth(t *testing.T) {
	run := fixture()
	run.Records[0].Result.Perplexity.Intact.TokenPPL = 1234.5
	run.Records[5].Result.Scale.Steps = 7
	run.Records[17].Result.Error = strings.Repeat("a long message ", 19)
	run.Warnings = []string{strings.Repeat("a long warning ", 19)}
	for line := range strings.Lines(printed(t, run)) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > table.TerminalWidth {
			t.Errorf("%d columns, want at most %d: %q", n, table.TerminalWidth, line)
		}
	}
}

// Every table must note the stand-in data and the reduced scale, whatever else is left to
// the files.
func TestTerminalSaysScale(t *testing.T) {
	text := strings.Join(strings.Fields(printed(t, fixture())), " ")
	for want, times := range map[string]int{
		"stand-in: generated text in place of PG19, 6 test documents; reduced scale: 413K of ≈184M parameters":       2, // once more for the row that lacks a seed
		"stand-in: generated text in place of arXiv-math, 6 test documents; reduced scale: 413K of ≈184M parameters": 2, // once more for the failed seed
		"not attempted: Transformer-XL 11.88; Memorizing Transformer 11.37; Recurrent Memory Transformer 13.27":      1,
		"failed: perplexity-proof-infini-delta-1024-3: train: loss is NaN at step 412":                               1,
		"not run: 1 of 19 planned cells": 1,
	} {
		if got := strings.Count(text, want); got != times {
			t.Errorf("%q stands there %d times, want %d:\n%s", want, got, times, text)
		}
	}
}

// Nothing ran, or only one seed: no table of dashes, no invented interval.
func TestTerminalOfLittle(t *testing.T) {
	run := fixture()
	run.Records, run.Planned = run.Records[3:4], nil // novel, infini-linear, seed 1
	text := printed(t, run)
	if strings.Contains(text, "[1") || strings.Contains(text, "[2") || !strings.Contains(text, "no fair trial\n") {
		t.Errorf("one seed without a control:\n%s", text)
	}
	cell := run.Records[0].Result.Cell
	text = printed(t, &Run{Planned: []results.Cell{cell}})
	if !strings.Contains(text, "not run: 1 of 1 planned cells") || slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool {
		return strings.HasPrefix(strings.TrimSpace(line), "Linear ")
	}) {
		t.Errorf("nothing ran:\n%s", text)
	}
}
