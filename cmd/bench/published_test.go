package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/results"
	"infinibench/reports"
)

// The tables beside published result files have the numbers that the report computes from
// them today, and the page that presents them has the tables' numbers: each row of its table
// in the order of the row in the report, and every number with a decimal point in its text.
func TestPublishedResults(t *testing.T) {
	for _, test := range []struct {
		folder  string
		table   string // that the page sums up
		columns int    // that name a row, in both
	}{
		{"adapt", "adapt-pg19", 2},
	} {
		t.Run(test.folder, func(t *testing.T) {
			dir := "docs/results/" + test.folder
			report := publishedReport(t, filepath.Join("../..", dir))
			committed, err := filepath.Glob(filepath.Join("../..", dir, "*.md"))
			if err != nil {
				t.Fatal(err)
			}
			var numbers []string
			for _, path := range committed {
				name := filepath.Base(path)
				if name == "README.md" {
					continue
				}
				today, err := os.ReadFile(filepath.Join(report, "tables", name))
				if err != nil {
					t.Fatal(err)
				}
				got, want := tableRows(readPage(t, dir+"/"+name)), tableRows(string(today))
				if len(got) != len(want) {
					t.Fatalf("%s has %d rows, the report %d", name, len(got), len(want))
				}
				for i, row := range got {
					have := decimals(strings.Join(row, " "))
					if of := decimals(strings.Join(want[i], " ")); !slices.Equal(have, of) {
						t.Errorf("%s, row %d: %q, in the report %q", name, i+1, have, of)
					}
					numbers = append(numbers, have...)
				}
			}
			page := readPage(t, dir+"/README.md")
			key := func(row []string) string { return strings.Join(row[:test.columns], ", ") }
			rows := tableRows(readPage(t, dir+"/"+test.table+".md"))
			shown := 0
			for _, row := range tableRows(page) {
				i := slices.IndexFunc(rows, func(r []string) bool { return key(r) == key(row) })
				if i >= 0 {
					shown++
					wantNumbers(t, strings.Join(row[test.columns:], " "), strings.Join(rows[i][test.columns:], " "))
				}
			}
			if shown < 5 {
				t.Errorf("%d rows of the page's tables are rows of %s", shown, test.table)
			}
			for _, n := range decimals(page) {
				_, places, _ := strings.Cut(n, ".")
				if !slices.ContainsFunc(numbers, func(x string) bool {
					return math.Abs(number(t, x)-number(t, n)) < 0.501*math.Pow(10, -float64(len(places)))
				}) {
					t.Errorf("the page says %s, which is in no table", n)
				}
			}
		})
	}
}

// publishedReport writes the report on the result files of a folder.
func publishedReport(t *testing.T, dir string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.result.json.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no results in %s (%v)", dir, err)
	}
	run := t.TempDir()
	profile := ""
	for _, path := range paths {
		text := unpack(t, path)
		var r results.Result
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		profile = r.Profile
		cell := filepath.Join(run, profile, r.Cell.Key())
		if err := os.MkdirAll(cell, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cell, "result.json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := reports.Load(filepath.Join(run, profile))
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Records) != len(paths) {
		t.Fatalf("%d of %d results can be read: %v", len(loaded.Records), len(paths), loaded.Warnings)
	}
	document, err := reports.New(loaded)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(run, "report")
	if _, err := document.Write(out); err != nil {
		t.Fatal(err)
	}
	return out
}

// unpack reads a compressed file.
func unpack(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// unpacked reads the lines of a compressed file of the documentation.
func unpacked[T any](t *testing.T, name string) []T {
	t.Helper()
	var all []T
	for line := range strings.Lines(string(unpack(t, filepath.Join("../..", name)))) {
		var x T
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, x)
	}
	if len(all) == 0 {
		t.Fatalf("%s is empty", name)
	}
	return all
}

// decimals are the numbers with a decimal point in a text without its code.
func decimals(text string) []string {
	text = regexp.MustCompile("(?s)```.*?```|`[^`]*`|\\]\\([^)]*\\)").ReplaceAllString(text, "")
	return regexp.MustCompile(`\b\d[\d,]*\.\d+`).FindAllString(text, -1)
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	var x float64
	if _, err := fmt.Sscan(strings.ReplaceAll(s, ",", ""), &x); err != nil {
		t.Fatalf("%q is no number: %v", s, err)
	}
	return x
}

// modelIDs are the ids, in result files, of the models that the pages name.
var modelIDs = map[string]string{
	"Transformer-XL": "transformer-xl", "Memorizing Transformer": "memorizing", "Compressive Transformer": "compressive",
	"Recurrent Memory Transformer": "rmt", "Local only (control)": "local-only", "Full attention (control)": "full-attention",
	"Infini-Transformer (Linear)": "infini-linear", "Infini-Transformer (Linear + Delta)": "infini-delta",
}

// The table of models in docs/results/books has the geometric means over the three seeds of its
// result files, and their ratios to local-only's, seed by seed; the table of ratios has those
// of the pairs that it names, and the last table the ratios to the emptied models. For each
// model and text there is a trained model that is small enough for a repository.
func TestPublishedBooks(t *testing.T) {
	const dir = "docs/results/books"
	corpora := []string{"pg19", "arxiv-math"}
	perplexities := map[string][]float64{} // of a corpus and a model, by seed
	emptied := map[string][]float64{}
	for _, corpus := range corpora {
		for _, model := range modelIDs {
			for seed := 1; seed <= 3; seed++ {
				text, err := os.ReadFile(filepath.Join("../..", dir, "runs", fmt.Sprintf("perplexity-%s-%s-2048-seed%d/result.json", corpus, model, seed)))
				if err != nil {
					t.Fatal(err)
				}
				var r results.Result
				if err := json.Unmarshal(text, &r); err != nil {
					t.Fatal(err)
				}
				perplexities[corpus+model] = append(perplexities[corpus+model], math.Exp(r.Perplexity.Intact.NLL/float64(r.Perplexity.Intact.Tokens)))
				if zeroed := r.Perplexity.Zeroed; zeroed != nil {
					emptied[corpus+model] = append(emptied[corpus+model], math.Exp(zeroed.NLL/float64(zeroed.Tokens)))
				}
			}
			weights, err := os.Stat(filepath.Join("../..", dir, "runs/perplexity-"+corpus+"-"+model+"-2048-seed1/checkpoint/model.safetensors"))
			if err != nil || weights.Size() > 4<<20 {
				t.Errorf("the model %s of %s: %v, %v", model, corpus, weights, err)
			}
		}
	}
	ratio := func(of, over []float64) string {
		var ratios []float64
		for i, p := range of {
			ratios = append(ratios, p/over[i])
		}
		e := estimateOf(ratios)
		return fmt.Sprintf("%.3f [%.3f, %.3f]", e.mean, e.low, e.high)
	}
	models, pairs := 0, 0
	page, worth, found := strings.Cut(readPage(t, dir+"/README.md"), "\n## What the memory is worth\n")
	if !found {
		t.Fatal("no section on what the memory is worth")
	}
	memories := 0
	for _, row := range tableRows(worth) {
		if model := modelIDs[row[0]]; model != "" {
			memories++
			var want []string
			for _, corpus := range corpora {
				want = append(want, ratio(perplexities[corpus+model], emptied[corpus+model]))
			}
			for _, corpus := range corpora {
				want = append(want, ratio(emptied[corpus+model], perplexities[corpus+"local-only"]))
			}
			if !slices.Equal(row[1:], want) {
				t.Errorf("%s: %q, in the results %q", row[0], row[1:], want)
			}
		}
	}
	if memories != len(modelIDs)-1 { // local-only has none
		t.Errorf("%d memories", memories)
	}
	for _, row := range tableRows(page) {
		model, base := modelIDs[row[0]], "local-only"
		var want []string
		if model != "" {
			models++
			for _, corpus := range corpora {
				want = append(want, fmt.Sprintf("%.2f", estimateOf(perplexities[corpus+model]).mean))
			}
		} else if this, other, found := strings.Cut(row[0], " ÷ "); found {
			pairs++
			long := map[string]string{"Linear": "infini-linear", "Linear + Delta": "infini-delta", "local only": "local-only", "full attention": "full-attention"}
			for name, m := range modelIDs {
				long[name] = m
			}
			if model, base = long[this], long[other]; model == "" || base == "" {
				t.Errorf("%s is no pair of models", row[0])
				continue
			}
		} else {
			continue
		}
		for _, corpus := range corpora {
			if model == base {
				want = append(want, "–")
			} else {
				want = append(want, ratio(perplexities[corpus+model], perplexities[corpus+base]))
			}
		}
		if got := row[1 : 1+len(want)]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, in the results %q", row[0], got, want)
		}
	}
	if models != len(modelIDs) || pairs < 4 {
		t.Errorf("%d models and %d pairs", models, pairs)
	}
}
