package experiments

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/baselines"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// everySetting has a distinct value in each field.
var everySetting = results.BaselineSettings{
	TransformerXL: results.TransformerXLSettings{Cache: 16, EvaluationCache: 40, T5: true},
	Memorizing:    results.MemorizingSettings{Entries: 48, K: 3},
	RMT:           results.RMTSettings{Tokens: 5},
	Compressive:   results.CompressiveSettings{Slots: 24, Rate: 4},
}

// Each cell holds only its own model's settings; the Memorizing Transformer's include its
// local part.
func TestBaselineSettings(t *testing.T) {
	xl := baselines.TransformerXL{Cache: 16, T5: true}
	for _, test := range []struct {
		model  string
		config string // as in config.yaml
		memory models.Memory
	}{
		{"local-only", "{}", baselines.LocalOnly{}},
		{"transformer-xl", "transformer-xl:\n  cache: 16\n  evaluation_cache: 40\n  t5: true", xl},
		{"memorizing", "transformer-xl:\n  cache: 16\n  evaluation_cache: 40\n  t5: true\nmemorizing:\n  entries: 48\n  k: 3", baselines.Memorizing{TransformerXL: xl, Entries: 48, K: 3}},
		{"rmt", "rmt:\n  tokens: 5", baselines.Recurrent{Tokens: 5}},
		{"compressive", "compressive:\n  slots: 24\n  rate: 4", baselines.Compressive{Slots: 24, Rate: 4}},
		{"infini-linear", "{}", models.Infini{}},
		{"infini-delta", "{}", models.Infini{Delta: true}},
	} {
		if got := strings.TrimSpace(marshalBaselines(baselinesFor(everySetting, test.model))); got != test.config {
			t.Errorf("%s is made with\n%s\nwant\n%s", test.model, got, test.config)
		}
		memory, err := NewMemory(test.model, baselinesFor(everySetting, test.model))
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(test.memory, memory); diff != "" {
			t.Errorf("%s: %s", test.model, diff)
		}
	}
}

// A cell's settings are in its result, and the model that its checkpoint holds is the one
// that was evaluated: Transformer-XL's cache, 2 layers of 40 tokens' keys and values of
// width 32, and of 48 tokens in one layer.
func TestCheckpointKeepsBaseline(t *testing.T) {
	p := miniature(t)
	p.Perplexity[0].Models = []string{"memorizing"}
	o := Options{Profile: p, Runs: t.TempDir()}
	if summary, err := Run(context.Background(), o); err != nil || summary.Failed > 0 {
		t.Fatalf("%+v, %v", summary, err)
	}
	c := p.Cells()[0]
	files := cellFiles(filepath.Join(o.Directory(), c.Key()))
	result, found := files.result(hashOf(c.Settings))
	if want := int64(2 * 32 * (2*40 + 48)); !found || result.Footprint.Entries != want || result.Settings.Baselines != p.Baselines {
		t.Errorf("result %t carries %d numbers, want %d, and has the settings %+v", found, result.Footprint.Entries, want, result.Settings.Baselines)
	}
	m, _, err := LoadModel(files.checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	want := baselines.Memorizing{TransformerXL: baselines.TransformerXL{Cache: 40, T5: true}, Entries: 48, K: 3}
	if diff := cmp.Diff(models.Memory(want), m.Memory); diff != "" {
		t.Error(diff)
	}
	dir := t.TempDir()
	if err := train.SaveModel(dir, m, map[string]string{savedBaselines: "memorizing: {k: 0}"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LoadModel(dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "model.safetensors")) ||
		!strings.HasSuffix(err.Error(), "memorizing.k: got 0; allowed: a whole number, 1 to 65536") {
		t.Errorf("settings out of bounds: %v", err)
	}
}

// The training log has the compression loss of a model that has one.
func TestLogHasMemorysLoss(t *testing.T) {
	p := miniature(t)
	p.Perplexity[0].Models = []string{"compressive", "local-only"}
	o := Options{Profile: p, Runs: t.TempDir()}
	if summary, err := Run(context.Background(), o); err != nil || summary.Failed > 0 {
		t.Fatalf("%+v, %v", summary, err)
	}
	for _, c := range p.cellsOf("perplexity") {
		log, err := results.ReadLog[results.LogLine](filepath.Join(o.Directory(), c.Key(), "metrics.jsonl"))
		if err != nil || len(log) != p.Training.Steps {
			t.Fatalf("%d lines, %v", len(log), err)
		}
		for _, l := range log {
			if (l.Auxiliary > 0) != (c.Model == "compressive") {
				t.Errorf("%s, step %d: the memory's own loss is %g", c.Model, l.Step, l.Auxiliary)
			}
		}
	}
}

// TestCurriculum: a curriculum of lengths belongs to one model; the settings of a cell keep
// only its own.
func TestCurriculum(t *testing.T) {
	all := results.BaselineSettings{RMT: results.RMTSettings{Curriculum: 0.5}, FullAttention: results.FullAttentionSettings{Curriculum: 0.25}}
	for model, want := range map[string]float64{"rmt": 0.5, "full-attention": 0.25, "local-only": 0, "infini-delta": 0, "transformer-xl": 0} {
		if got := baselinesFor(all, model).Curriculum(); got != want {
			t.Errorf("%s: %g, want %g", model, got, want)
		}
	}
}
