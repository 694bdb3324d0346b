//go:build long

package experiments

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"infinibench/internal/results"
	"infinibench/internal/seal"
	"infinibench/reports"
	"infinibench/reports/live"
)

// many returns a profile of trivial cells: two models, 100 seeds and `lengths` lengths.
func many(t *testing.T, lengths int) *Profile {
	t.Helper()
	p := speck(t)
	p.Name, p.Training.Steps, p.Training.WarmupSteps, p.SaveEvery = "many", 1, 1, 1000
	p.Seeds = nil
	for seed := range uint64(100) {
		p.Seeds = append(p.Seeds, seed+1)
	}
	p.Perplexity = nil
	for i := range lengths {
		p.Perplexity = append(p.Perplexity, results.PerplexitySettings{Corpus: "novel", Models: []string{"local-only", "infini-delta"}, Length: 16 + 8*i})
	}
	novel := p.Corpora["novel"]
	novel.Documents, novel.DocumentTokens = 1, 40
	p.Corpora["novel"] = novel
	return p
}

// TestManyCells measures the time to plan, inspect and report on thousands of cells.
// The first cell is run; the others are copies with their own settings.
func TestManyCells(t *testing.T) {
	for _, lengths := range []int{5, 50} {
		o := Options{Profile: many(t, lengths), Runs: shm(t), Version: "test"}
		names := o.Profile.Names()
		o.Cells = names[:2]
		if s, err := Run(t.Context(), o); err != nil || s.Done != 2 {
			t.Fatal(s, err)
		}
		first := cellFiles(filepath.Join(o.Directory(), names[0]))
		data, err := os.ReadFile(first.path("result.json"))
		if err != nil {
			t.Fatal(err)
		}
		var result results.Result
		if err := seal.Unmarshal(data, &result); err != nil {
			t.Fatal(err)
		}
		for _, c := range o.Profile.Cells()[2:] {
			files := cellFiles(filepath.Join(o.Directory(), c.Key()))
			if err := os.CopyFS(string(files), os.DirFS(string(first))); err != nil {
				t.Fatal(err)
			}
			result.Cell, result.Settings, result.ConfigHash = c.Cell, c.Settings, hashOf(c.Settings)
			text, err := seal.Indent(result)
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range map[string][]byte{"result.json": text, "config.yaml": results.SealedConfig(configOf(c.Settings))} {
				if err := os.WriteFile(files.path(name), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		took := func(what string, work func() error) {
			t.Helper()
			start := time.Now()
			if err := work(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			t.Logf("%6d cells: %s took %.1f s", len(names), what, time.Since(start).Seconds())
		}
		took("plan", func() error {
			plan, err := Plan(t.Context(), o)
			for _, e := range plan {
				if !e.Done {
					t.Fatalf("%s is not done", e.Cell.Key())
				}
			}
			return err
		})
		took("a run with nothing to do", func() error {
			o.Cells = nil
			s, err := Run(t.Context(), o)
			if s.Skipped != len(names) {
				t.Errorf("%+v", s)
			}
			return err
		})
		took("status", func() error {
			if s := live.NewWatch(o.Directory(), "many").State(); s.Done != len(names) {
				t.Errorf("%d done; %q", s.Done, s.Warnings)
			}
			return nil
		})
		took("report", func() error {
			run, err := reports.Load(o.Directory())
			if err != nil {
				return err
			}
			document, err := reports.New(run)
			if err != nil {
				return err
			}
			_, err = document.Write(t.TempDir())
			return err
		})
	}
}
