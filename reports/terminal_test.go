package reports

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"infinibench/internal/results"
	"infinibench/internal/snapshot"
	"infinibench/reports/table"
)

func printed(t *testing.T, run *Run) string {
	t.Helper()
	return shownOn(t, run, table.Screen{Width: 100})
}

func shownOn(t *testing.T, run *Run, screen table.Screen) string {
	t.Helper()
	d, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := d.Terminal(&out, screen); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// tinyRun has the models, texts and experiments of the profile tiny, with made-up numbers.
func tinyRun() *Run {
	run := &Run{Profile: "tiny", Ledger: paperLedger()}
	rng := rand.New(rand.NewPCG(3, 3))
	for _, corpus := range []struct {
		name          string
		full, limited float64
		helps         float64 // enough to close three quarters of the gap
	}{{"novel", 17.2, 21.9, 1}, {"proof", 9.4, 10.1, 1.65}} {
		add := func(model string, length int) {
			for seed := uint64(1); seed <= 3; seed++ {
				cell := results.Cell{Experiment: "perplexity", Corpus: corpus.name, Model: model, Length: length, Seed: seed}
				run.Records = append(run.Records, Record{Key: cell.Key(), Result: madeUp(cell, corpus.full, corpus.limited, corpus.helps, rng),
					Timing: &results.Timing{TrainSeconds: 20, EvalSeconds: 5}})
			}
		}
		for _, model := range []string{localOnly, "transformer-xl", "memorizing", "rmt", "compressive", infiniLin, infiniDelta} {
			add(model, 1024)
		}
		if corpus.name == "proof" {
			add(infiniLin, 3200)
			add(infiniDelta, 3200)
		}
	}
	for _, model := range []string{infiniDelta, infiniLin, localOnly} {
		run.Records = append(run.Records, madeUpKeys(model))
	}
	run.Records = append(run.Records, madeUpBooks(infiniDelta, 1, 0.4, 0.3), madeUpBooks(infiniLin, 1, 0.4, 0.2), madeUpBooks(localOnly, 1, 0.3, 0))
	run.Records = append(run.Records, madeUpAdapt(0.9, 1.01).Records...)
	return run
}

// screens are a wide terminal, the usual ones, a narrow one, and one without UTF-8.
var screens = map[string]table.Screen{"120": {Width: 120}, "100": {Width: 100}, "80": {Width: 80}, "60": {Width: 60}, "80-ascii": {Width: 80, ASCII: true}}

// The summary of the default profile fits one screen of any width, with room for the two
// lines that say where the report is, and two for each of two claims without a fair trial;
// every character is whole.
func TestTerminalGolden(t *testing.T) {
	for name, screen := range screens {
		text := shownOn(t, tinyRun(), screen)
		snapshot.Check(t, "testdata/terminal-"+name+".txt", []byte(text))
		if n := strings.Count(text, "\n"); n > 42 {
			t.Errorf("%s: %d lines, want at most 42", name, n)
		}
		wantFitting(t, text, screen)
	}
}

func wantFitting(t *testing.T, text string, screen table.Screen) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if n := table.Width(line); n > screen.Width && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("%d columns, want at most %d: %q", n, screen.Width, line)
		}
		if !utf8.ValidString(line) || strings.ContainsRune(line, utf8.RuneError) {
			t.Errorf("a broken character: %q", line)
		}
		if screen.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("not ASCII: %q", line)
		}
	}
}

// Every screen holds every line, also where one seed differs wildly from the others, messages
// are long, and texts have names of wide characters or of none that fit. Only a single word
// that is longer than the screen may break it.
func TestTerminalWidth(t *testing.T) {
	run := fixture()
	run.Records[0].Result.Perplexity.Intact.TokenPPL = 1234.5
	run.Records[5].Result.Scale.Steps = 7
	run.Records[17].Result.Error = strings.Repeat("a long message ", 19)
	run.Warnings = []string{strings.Repeat("a long warning ", 19)}
	for i := range run.Records[:3] {
		run.Records[i].Result.Cell.Corpus = strings.Repeat("長", 40)
	}
	for _, screen := range screens {
		wantFitting(t, shownOn(t, run, screen), screen)
	}
}

// Only a few of many problems are shown, and all are counted.
func TestTerminalProblems(t *testing.T) {
	run := fixture()
	for i := range run.Records {
		run.Records[i].Result.Status, run.Records[i].Result.Error = results.StatusFailed, "out of memory"
	}
	text := printed(t, run)
	if n := strings.Count(text, "out of memory"); n != 3 || !strings.Contains(text, fmt.Sprintf("failed: %d more, which the report lists\n", len(run.Records)-3)) {
		t.Errorf("%d failures are shown of %d:\n%s", n, len(run.Records), text)
	}
}

// The summary says what the texts and the scale are, once, and what is missing.
func TestTerminalSaysScale(t *testing.T) {
	text := strings.Join(strings.Fields(printed(t, fixture())), " ")
	for _, want := range []string{
		"413K of ≈184M parameters, stand-in text, 3 seeds",
		"failed: perplexity-proof-infini-delta-1024-3: train: loss is NaN at step 412",
		"not run: 1 of 19 planned cells",
		"10.71 [10.48, 10.94] n=2",
	} {
		if got := strings.Count(text, want); got != 1 {
			t.Errorf("%q is there %d times, want once:\n%s", want, got, text)
		}
	}
}

// Every verdict has a sign of its own, in Unicode and in ASCII, and its word beside it.
func TestTerminalSigns(t *testing.T) {
	seen := map[string]Verdict{}
	for verdict := range signs {
		for _, screen := range []table.Screen{{Width: 80}, {Width: 80, ASCII: true}} {
			text := verdictText(screen, verdict)
			sign, word, _ := strings.Cut(text, " ")
			if sign == "" || word != string(verdict) || screen.ASCII && len(sign) != 1 {
				t.Errorf("%q is shown as %q", verdict, text)
			}
			if other, twice := seen[sign]; twice && other != verdict {
				t.Errorf("%q and %q have the same sign", verdict, other)
			}
			seen[sign] = verdict
		}
	}
}

// Nothing ran, or only one seed: no table of dashes, no invented interval.
func TestTerminalOfLittle(t *testing.T) {
	run := fixture()
	run.Records, run.Planned = run.Records[3:4], nil // novel, infini-linear, seed 1
	text := printed(t, run)
	if strings.Contains(text, "[1") || strings.Contains(text, "[2") {
		t.Errorf("one seed without a control:\n%s", text)
	}
	cell := run.Records[0].Result.Cell
	text = printed(t, &Run{Planned: []results.Cell{cell}})
	if !strings.Contains(text, "not run: 1 of 1 planned cells") || strings.Contains(text, "Model") {
		t.Errorf("nothing ran:\n%s", text)
	}
}

// The columns of several sections are one table; a model of one section only keeps its place.
func TestScoresMerged(t *testing.T) {
	models := merged([]string{"Local only", "Linear", "Ideal"}, []score{{model: "Linear"}, {model: "Linear, for 100K"}, {model: "New"}})
	if got, want := strings.Join(models, "; "), "Local only; Linear; Linear, for 100K; New; Ideal"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
