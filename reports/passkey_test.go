package reports

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"infinibench/datasets/passkey"
	"infinibench/internal/metrics"
	"infinibench/internal/results"
)

// shareOf is a share of n keys with its Wilson interval, which has a test of its own.
func shareOf(p float64, n int) results.Share {
	low, high := metrics.Wilson(p, n)
	return results.Share{Value: p, Low: low, High: high}
}

func keyScore(length int, position string, writes, n int, p float64) results.PasskeyScore {
	zeroed := shareOf(0.125, n)
	return results.PasskeyScore{Length: length, Position: position, Writes: writes, Samples: n, Tokens: shareOf(p, n), Exact: shareOf(p/2, n), Zeroed: &zeroed}
}

// madeUpKeys is a made-up cell: before our recipe nothing is read of one key, by the
// recipe all of 74 but half at the start of the longest prompt, where Linear + Delta
// reads all. The local-only control reads an eighth, and all at the end.
func madeUpKeys(model string) Record {
	cell := results.Cell{Experiment: "passkey", Corpus: "novel", Model: model, Length: 1_048_600, Seed: 1}
	p := &results.Passkey{Task: results.PasskeyTask{Tokenizer: "word-253", Filler: "sentences", Period: 24, Digits: 4, Chance: 0.1, Samples: 74}}
	for _, stage := range results.PasskeyStages {
		s := results.PasskeyStage{Stage: stage, Steps: 400, TrainTokens: 64_000, Gates: [][]float64{{0.25, 0.75}}}
		n := 1
		if stage == results.StageRecipe {
			n = 74
		}
		for _, length := range []int{32_800, 1_048_600} {
			for k, position := range keyPositions {
				value := 0.
				switch {
				case stage != results.StageRecipe:
				case position == "end":
					value = 1
				case model == localOnly:
					value = 0.125
				case model == infiniLin && length > 1e6 && position == "start":
					value = 0.5
				default:
					value = 1
				}
				score := keyScore(length, position, (2-k)*length/80, n, value)
				if model == localOnly {
					score.Zeroed = nil
				}
				s.Grid = append(s.Grid, score)
				s.Examples = append(s.Examples, madeUpExample(stage, score))
			}
		}
		for writes := 0; writes <= 1024; writes = 4*writes + 1 {
			s.Writes = append(s.Writes, keyScore(80+40*writes, "start", writes, n, s.Grid[0].Tokens.Value))
		}
		last := keyScore(80, "end", 0, n, s.Grid[2].Tokens.Value)
		s.LastSegment = &last
		p.Stages = append(p.Stages, s)
	}
	return Record{Key: cell.Key(), Result: results.Result{
		Version: 1, Profile: "quick", Cell: cell, ConfigHash: "0f3c", Status: results.StatusDone, Protocol: "passkey/sentences/word-253/v1",
		Scale:   results.Scale{Parameters: 115_000, Layers: 2, DModel: 64, Heads: 4, Segment: 40, TrainLength: 160, Batch: 16, Steps: 400},
		Passkey: p, Environment: results.Environment{Version: "v0.1.0", Go: "go1.26.0", OS: "linux/amd64", CPU: "A processor", BLAS: "OpenBLAS 0.3.21", Threads: 2},
		Settings: results.CellSettings{ExperimentSettings: results.ExperimentSettings{Passkey: results.PasskeySettings{
			Language: results.PasskeyTraining{Segments: 4}, Paper: results.PasskeyTraining{Segments: 5},
			Recipe: results.RecipeSettings{Training: results.PasskeyTraining{Segments: 4}},
		}}},
	}}
}

func madeUpExample(stage string, s results.PasskeyScore) results.PasskeyExample {
	e := results.PasskeyExample{Answer: results.PasskeyAnswer{
		Stage: stage, Kind: "grid", Length: s.Length, Position: s.Position, Key: 9017, Writes: s.Writes, Needle: passkey.Span{First: 100, Last: 120},
		Hash:   "7f5093760810fcd067d880363c472d9ededefce1b2e2cc50ddefe0f16bf494ee",
		Output: []results.PasskeyToken{{Text: "9"}, {Text: "0"}, {Text: "2"}, {Text: "7"}}, Right: []bool{true, true, false, true},
		Probability: []float64{0.9, 0.8, 0.0625, 0.7}, Zeroed: []bool{false, false, true, false},
	}}
	fill := func(text string, n int) (tokens []results.PasskeyToken) {
		for range n {
			tokens = append(tokens, results.PasskeyToken{ID: 7, Text: text})
		}
		return tokens
	}
	e.Before, e.Needle, e.After, e.Asked = fill("before", 50), fill("needle", 21), fill("after", 50), fill("asked", 10)
	return e
}

// withPasskey is the made-up run with four models in passkey retrieval, and a fifth that
// failed.
func withPasskey() *Run {
	run := fixture()
	for _, model := range []string{infiniDelta, infiniLin, localOnly, "rmt"} {
		run.Records = append(run.Records, madeUpKeys(model))
	}
	failed := madeUpKeys("memorizing")
	failed.Result.Status, failed.Result.Passkey, failed.Result.Error = results.StatusFailed, nil, "out of memory"
	run.Records = append(run.Records, failed)
	return run
}

func keysOf(t *testing.T, run *Run) *passkeyTable {
	t.Helper()
	all := passkeyTables(run)
	if len(all) != 1 {
		t.Fatalf("%d retrievals, want 1", len(all))
	}
	return all[0]
}

// Wilson's lower bounds by hand: 74 of 74 is 74/(74+1.96²) = 0.951; half of 74 is
// 0.5 - 1.96·√(0.25/74 + 1.96²/(4·74²))/(1 + 1.96²/74) = 0.389. The paper's columns for
// 32K and 1M come from its Table 3.
func TestPasskeyTable(t *testing.T) {
	tables := keysOf(t, withPasskey()).tables("novel")
	var names []string
	for _, table := range tables {
		names = append(names, table.Name)
	}
	if got := strings.Join(names, " "); got != "passkey-novel passkey-controls-novel passkey-paper-novel passkey-scores-novel" {
		t.Fatalf("tables %s", got)
	}
	var got []string
	for _, row := range tables[0].Rows {
		got = append(got, strings.Join(row, "|"))
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"Infini-Transformer (Linear)|zero-shot|paper|–|–|14|13|98|8|6|98|1B parameters",
		"Infini-Transformer (Linear)|zero-shot|ours|no fair trial|1|0 (≥0)|0 (≥0)|0 (≥0)|0 (≥0)|0 (≥0)|0 (≥0)|reduced scale: 115K of 1B parameters; 400 steps of 160 tokens (paper: 30K of 4K)",
		"Infini-Transformer (Linear)|fine-tuned as in the paper|paper|–|–|100|100|100|96|94|100|1B parameters",
		"Infini-Transformer (Linear)|our recipe|ours|direction holds|74|100 (≥95)|100 (≥95)|100 (≥95)|50 (≥38)|100 (≥95)|100 (≥95)|reduced scale: 115K of 1B parameters; 400 steps of 160 tokens",
		"Local only (control)|our recipe|ours|no claim|74|13 (≥6)|13 (≥6)|100 (≥95)|13 (≥6)|13 (≥6)|100 (≥95)|reduced scale: 115K of 1B parameters; 400 steps of 160 tokens",
		"Memorizing Transformer|our recipe|ours|no claim|–|–|–|–|–|–|–|failed",
		"A guess|–|chance|–|–|10|10|10|10|10|10|exact: a digit is one of ten",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("not once %s in\n%s", want, text)
		}
	}
	// From memory: (1 + 1 + 0.5 + 1)/4; half of that in whole keys.
	want := "Infini-Transformer (Linear)|our recipe|74|88|50|100|44|13|13|100|95 to 100|reduced scale"
	found := false
	for _, row := range tables[1].Rows {
		found = found || strings.Join(row, "|") == want
	}
	if !found {
		t.Errorf("no control row %s in %v", want, tables[1].Rows)
	}
	// Four models, three stages: six cells, as many numbers of writes, one segment.
	if rows := tables[3].Rows; len(rows) != 4*3*(6+6+1) {
		t.Errorf("%d scores", len(rows))
	}
}

// The verdicts follow from the intervals alone.
func TestPasskeyVerdicts(t *testing.T) {
	row := func(stage string, n int, start, end float64) *keyRow {
		s := &results.PasskeyStage{Stage: stage, Grid: []results.PasskeyScore{keyScore(32_800, "start", 800, n, start), keyScore(32_800, "end", 0, n, end)}}
		record := &Record{}
		record.Result.Passkey = &results.Passkey{Stages: []results.PasskeyStage{*s}}
		return &keyRow{model: infiniLin, stage: stage, scored: s, record: record}
	}
	other := row(results.StageRecipe, 74, 1, 1)
	other.model = "rmt"
	onlyOwn := row(results.StageRecipe, 74, 1, 1)
	onlyOwn.scored.Grid = onlyOwn.scored.Grid[1:]
	for _, c := range []struct {
		name string
		row  *keyRow
		want Verdict
	}{
		{"zero-shot as in the paper", row(results.StageZeroShot, 74, 0.125, 1), DirectionHolds},
		{"zero-shot, one key", row(results.StageZeroShot, 1, 0, 1), NoFairTrial},
		{"zero-shot, nothing is read", row(results.StageZeroShot, 74, 0, 0), NoFairTrial},
		{"zero-shot, all is read", row(results.StageZeroShot, 74, 1, 1), NotReproduced},
		{"fine-tuned, all is read", row(results.StagePaper, 4, 1, 1), DirectionHolds},
		{"fine-tuned, half is read", row(results.StagePaper, 74, 0.5, 1), DirectionHolds},
		{"fine-tuned, chance", row(results.StagePaper, 74, 0.125, 1), NotReproduced},
		{"fine-tuned, half of two keys", row(results.StagePaper, 2, 0.5, 1), NoFairTrial},
		{"fine-tuned, one of eight keys", row(results.StagePaper, 8, 0.125, 1), NotReproduced}, // up to 47 %, where the paper has 100
		{"fine-tuned, not even the question's own segment", row(results.StagePaper, 8, 0.125, 0.125), NoFairTrial},
		{"the recipe", row(results.StageRecipe, 4, 0.75, 0), DirectionHolds},
		{"one key is right", row(results.StageRecipe, 1, 1, 1), DirectionHolds}, // from 21 %
		{"only the question's segment", onlyOwn, Undecided},
		{"another model", other, NoClaim},
		{"nothing ran", &keyRow{model: infiniLin, stage: results.StagePaper}, NotAttempted},
		{"failed", &keyRow{model: infiniLin, stage: results.StagePaper, failed: &Record{}}, Undecided},
	} {
		if c.row.judge(0.1); c.row.verdict != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, c.row.verdict, c.row.why, c.want)
		}
	}
	// Between chance and the paper's lowest nothing is decided: up to 96 % of five keys'
	// digits, where the paper has 94.
	undecided := row(results.StagePaper, 5, 0.5, 1)
	undecided.scored.Grid[0].Length, undecided.scored.Grid[0].Position = 1_048_600, "middle"
	undecided.scored.Grid[0].Tokens = results.Share{Value: 0.5, Low: 0.05, High: 0.96}
	if undecided.judge(0.1); undecided.verdict != Undecided {
		t.Errorf("%s (%s), want undecided", undecided.verdict, undecided.why)
	}
}

// The paper's values, against the notes on it.
func TestPaperPasskey(t *testing.T) {
	raw, err := os.ReadFile("../../shared/design/paper.md")
	if err != nil {
		t.Skip("no ../shared/design/paper.md to compare with")
	}
	for _, c := range []struct{ line, stage, model string }{
		{"zero-shot Linear", results.StageZeroShot, infiniLin}, {"zero-shot Linear+Delta", results.StageZeroShot, infiniDelta},
		{"FT 400 steps, Linear", results.StagePaper, infiniLin}, {"FT 400 steps, Linear+Delta", results.StagePaper, infiniDelta},
	} {
		m := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(c.line) + ` \|(.*)\|$`).FindSubmatch(raw)
		if m == nil {
			t.Fatalf("no line %s", c.line)
		}
		for i, cell := range strings.Split(string(m[1]), "|") {
			for k, text := range strings.Split(strings.TrimSpace(cell), "/") {
				if v, err := strconv.ParseFloat(text, 64); err != nil || paperPasskey[c.stage][c.model][i][k] != v {
					t.Errorf("%s, %d, %s: %v, want %s", c.line, paperPasskeyLengths[i], keyPositions[k], paperPasskey[c.stage][c.model][i][k], text)
				}
			}
		}
	}
	for length, want := range map[int]int{32_000: 0, 32_800: 0, 1_000_000: 4, 1_048_600: 4, 65_536: -1, 16_384: -1, 1280: -1} {
		if got := paperPasskeyLength(length); got != want {
			t.Errorf("%d tokens stand for length %d, want %d", length, got, want)
		}
	}
}

func TestPasskeyCharts(t *testing.T) {
	all, err := keysOf(t, withPasskey()).charts("novel")
	if err != nil || len(all) != 4+3 { // a map for each model, writes after each training
		t.Fatalf("%d charts, %v", len(all), err)
	}
	var option struct {
		XAxis, YAxis []struct {
			Type     string
			Data     []string
			Min, Max float64
		}
		Series []struct {
			Name string
			Data []struct {
				Name  string
				Value []float64
			}
		}
	}
	if err := json.Unmarshal([]byte(all[0].Option), &option); err != nil { // Linear, the first of the paper's models
		t.Fatal(err)
	}
	points := option.Series[0].Data
	if len(points) != 3*3*2 || len(option.YAxis[0].Data) != 9 || strings.Join(option.XAxis[0].Data, " ") != "32K 1M" {
		t.Fatalf("%d points, axes %+v %+v", len(points), option.XAxis, option.YAxis)
	}
	const want = "our recipe, start of 1,048,600 tokens: 50 [38, 62] %, n = 74"
	if p := points[13]; p.Name != want || fmt.Sprint(p.Value) != "[1 6 50]" {
		t.Errorf("%+v, want %s", p, want)
	}
	if err := json.Unmarshal([]byte(all[6].Option), &option); err != nil {
		t.Fatal(err)
	}
	if x := option.XAxis[0]; x.Type != "log" || x.Min != 1 || x.Max != 341 || len(option.Series) != 5 {
		t.Errorf("%d lines over %+v", len(option.Series), x)
	}
	if got := option.Series[3]; got.Name != "Linear + Delta" || len(got.Data) != 5 {
		t.Errorf("%+v", got)
	}
	// Without a write between key and question there is a row and no point.
	if row := all[6].Data.Rows[0]; row[0] != "0" || len(all[6].Data.Rows) != 6 {
		t.Errorf("%v", all[6].Data.Rows)
	}
}

func TestPasskeySamples(t *testing.T) {
	html := string(mustPage(t, withPasskey(), &library{js: "/* library */"}))
	for _, want := range []string{
		`<section id="passkey-novel"`, `<a href="#passkey-novel">Passkey retrieval</a>`, `<mark>needle needle`, "✗ wrong", "✓ right", "0.062",
		"72 of 72 kept samples", "layer 1: 0.25 0.75", "1,048,600 tokens, key 9017 at the start, memory written 26,215 times since: 3 of 4 digits right",
		"prompt <code>7f5093760810fcd0</code>", "Verdicts on the rows of the paper’s Table 3: 2 direction holds, 4 no fair trial.",
	} {
		if !strings.Contains(strings.ReplaceAll(html, "&#39;", "’"), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(html, "Table 3: passkey retrieval at 32K to 1M tokens") {
		t.Error("passkey retrieval is said not to be attempted")
	}
	if html := string(mustPage(t, fixture(), &library{js: "/* library */"})); strings.Contains(html, `id="passkey`) {
		t.Error("a page without passkeys speaks of them")
	}
}

// Results of any size, with any tokens, leave the page small and inert.
func TestPasskeyPageIsBounded(t *testing.T) {
	run := withPasskey()
	for i := range run.Records {
		if p := run.Records[i].Result.Passkey; p != nil {
			p.Task.Filler, p.Task.Tokenizer = hostileLabels[0], hostileLabels[7]
			for k := range p.Stages {
				s := &p.Stages[k]
				for n := range 200 {
					e := s.Examples[0]
					e.Answer.Hash, e.Answer.Output = hostileLabels[n%len(hostileLabels)], []results.PasskeyToken{{Text: hostileLabels[n%len(hostileLabels)]}}
					e.Before, e.Needle = nil, nil
					for m := range 1000 {
						e.Before = append(e.Before, results.PasskeyToken{Text: hostileLabels[m%len(hostileLabels)]})
						e.Needle = append(e.Needle, results.PasskeyToken{Text: hostileLabels[(m+n)%len(hostileLabels)]})
					}
					s.Examples = append([]results.PasskeyExample{e}, s.Examples...)
				}
				s.Gates = make([][]float64, 10_000)
				for l := range s.Gates {
					s.Gates[l] = []float64{0.5}
				}
			}
		}
	}
	wantSmallAndInert(t, run)
}

func TestPasskeyTerminal(t *testing.T) {
	text := printed(t, withPasskey())
	for _, want := range []string{
		"passkey, ours",
		"50 [38, 62]",
		"passkey: lowest % of digits to 1,048,600 tokens",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestPasskeyResults(t *testing.T) {
	const score = `{"length":8,"position":"start","writes":1,"samples":1,"tokens":{"value":1,"low":0.2,"high":1},"exact":{"value":1,"low":0.2,"high":1}}`
	for _, c := range []struct{ name, passkey, problem string }{
		{"a score", `{"stages":[{"stage":"recipe","grid":[` + score + `]}]}`, ""},
		{"no stage", `{}`, "there is no passkey"},
		{"an unknown stage", `{"stages":[{"stage":"x"}]}`, `passkey.stages[0].stage "x"`},
		{"a stage twice", `{"stages":[{"stage":"recipe"},{"stage":"recipe"}]}`, `passkey.stages[1].stage "recipe"`},
		{"a share above 1", `{"stages":[{"stage":"recipe","writes":[` + strings.Replace(score, `"value":1`, `"value":1e300`, 1) + `]}]}`, "shares of 1"},
		{"no sample", `{"stages":[{"stage":"recipe","grid":[` + strings.Replace(score, `"samples":1`, `"samples":0`, 1) + `]}]}`, "positive sizes"},
		{"an unknown position", `{"stages":[{"stage":"recipe","last_segment":` + strings.Replace(score, "start", "left", 1) + `}]}`, "known position"},
		{"chance", `{"task":{"chance":-1},"stages":[{"stage":"recipe"}]}`, "passkey.task.chance -1"},
	} {
		_, err := parseResult(sealed(`{"version":1,"status":"done","cell":{"experiment":"passkey"},"passkey":` + c.passkey + `}`))
		if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
