package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"infinibench/baselines"
	"infinibench/experiments"
	"infinibench/internal/kernel"
	"infinibench/models"
)

// The sizes used by the PyTorch programs with which ours is compared; of the Llama family,
// by the number of weights that theirs prints: V·d + L·(2·d + H + 2·d·(H+K)·D + 3·d·f) + d.
func TestSpeedConfigs(t *testing.T) {
	want := []speedConfig{
		{"small", 256, 4, 4, 512, 8, 256, 0, 0},
		{"medium", 512, 6, 8, 512, 4, 4096, 0, 0},
		{"long", 512, 6, 8, 2048, 4, 4096, 0, 0},
		{"llama-15m", 288, 6, 6, 256, 4, 32000, 6, 768},
		{"smollm2-135m", 576, 30, 9, 512, 4, 49152, 3, 1536},
	}
	if diff := cmp.Diff(want, speedConfigs, cmp.AllowUnexported(speedConfig{})); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]int64{"llama-15m": 15191748, "smollm2-135m": 134515278} {
		c := speedConfigs[slices.IndexFunc(speedConfigs, func(c speedConfig) bool { return c.name == name })]
		var got int64
		for _, shape := range models.Shapes(c.sizes(), models.Infini{}) {
			got += int64(tensor.Shape(shape).TotalSize())
		}
		if got != want {
			t.Errorf("%s has %d weights, want %d", name, got, want)
		}
	}
}

// The first step is left out; the median of 3, 1 and 2 seconds is 2.
func TestTimeSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		durations := []time.Duration{100 * time.Second, 3 * time.Second, time.Second, 2 * time.Second}
		calls, reported := 0, 0
		seconds, err := timeSteps(t.Context(), fakeClock(), func() error {
			time.Sleep(durations[calls])
			calls++
			return nil
		}, func() { reported++ })
		if err != nil || seconds != 2 || calls != 4 || reported != 4 {
			t.Errorf("got %g s, %v after %d steps of which %d were reported, want 2 s after 4", seconds, err, calls, reported)
		}
	})
	failure := errors.New("loss is NaN")
	if _, err := timeSteps(t.Context(), fakeClock(), func() error { return failure }, func() {}); err != failure {
		t.Errorf("got %v, want the error of the step", err)
	}
}

var tinySpeed = speedConfig{name: "tiny", width: 8, layers: 1, heads: 2, segment: 4, segments: 3, vocabulary: 5}

func TestMeasureSpeed(t *testing.T) {
	tests := []struct {
		mode       string
		memory     models.Memory
		interval   int
		parameters int64
		flops      float64 // of a token; experiments.TestFLOPs has them by hand
	}{
		// Embedding 5·8; norms 3·8; a gate for each of 2 heads; W_qkv 24·8, W_o 8·8,
		// W_up 32·8, W_down 8·32.
		{"train", models.Infini{Delta: true}, 1, 40 + 24 + 2 + 192 + 64 + 256 + 256, 3 * 1920},
		{"train", models.Infini{}, 0, 834, 3 * 1840},
		{"eval", models.Infini{Delta: true}, 0, 834, 1920},
		{"eval", baselines.LocalOnly{}, 0, 832, 1680}, // no gates
		// u and v, 2·8, W_r 8·8, gate and scale of 2 heads; three segments share W_r·R.
		{"decode", models.Infini{}, 0, 834, 1840}, // of tokens in a whole segment
		{"train", baselines.Memorizing{Entries: 100}, 0, 832 + 16 + 64 + 4, 5296 + 3*96 + 2*256./3 + 2*100*8},
	}
	for _, test := range tests {
		env := &environment{ctx: t.Context(), stderr: new(bytes.Buffer)}
		got, err := measureSpeed(env, tinySpeed.timed(), test.mode, test.memory, test.interval)
		if err != nil {
			t.Fatal(err)
		}
		if got.TokensPerSecond <= 0 || got.PeakRSSMB < 0 {
			t.Errorf("%s: %g tokens per second, %g MB", test.mode, got.TokensPerSecond, got.PeakRSSMB)
		}
		if _, searches := test.memory.(baselines.Memorizing); (got.WithoutSearch > 0) != searches {
			t.Errorf("%s: %g tokens per second without the search", test.memory.Name(), got.WithoutSearch)
		}
		if got.FLOPS != test.flops*got.TokensPerSecond || !(got.PeakFLOPS > 0) || got.PeakShare != got.FLOPS/got.PeakFLOPS {
			t.Errorf("%s: %g operations a second, share %g of %g, at %g tokens a second", test.mode, got.FLOPS, got.PeakShare, got.PeakFLOPS, got.TokensPerSecond)
		}
		got.TokensPerSecond, got.WithoutSearch, got.PeakRSSMB, got.FLOPS, got.PeakFLOPS, got.PeakShare = 0, 0, 0, 0, 0, 0
		want := speedResult{
			Impl: "infinibench dev", Config: "tiny", Mode: test.mode, Threads: kernel.Threads(), Parameters: test.parameters,
			Interval: test.interval, Precision: "float32", Model: test.memory.Name(), BLAS: kernel.BLAS(),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A timed step must do the work: training moves every weight that the
// loss depends on, evaluation moves none.
func TestSpeedSteps(t *testing.T) {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment = 5, 1, 2, 4, 32, 4
	m, err := models.New(c, models.Infini{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	tokens := []int32{0, 1, 2, 3, 4, 3, 2, 1, 0, 2, 4, 1, 3}
	for _, step := range []struct {
		name  string
		run   func() error
		moves bool
	}{{"eval", evalStep(m, tokens), false}, {"decode", decodeStep(m, tokens), false}, {"train", trainStep(m, tokens, 1), true}} {
		before := map[string][]float32{}
		for _, p := range m.Params {
			before[p.Name] = slices.Clone(p.Data())
		}
		if err := step.run(); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params {
			if moved := !slices.Equal(before[p.Name], p.Data()); moved != step.moves {
				t.Errorf("%s: %s moved: %v, want %v", step.name, p.Name, moved, step.moves)
			}
		}
	}
}

// The line is compared with the PyTorch program's, whose fields come first.
func TestSpeedJSON(t *testing.T) {
	var out bytes.Buffer
	r := speedResult{Impl: "infinibench 1", Config: "small", Mode: "train", Threads: 2, Parameters: 834, TokensPerSecond: 1.5, PeakRSSMB: 2.5, Interval: 1, Model: "infini-delta", BLAS: "b"}
	if err := r.print(&environment{stdout: &out}, true); err != nil {
		t.Fatal(err)
	}
	if bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Errorf("%q is not one line", out.String())
	}
	var fields map[string]any
	if err := json.Unmarshal(out.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	want := []string{"impl", "config", "mode", "threads", "parameters", "tokens_per_second", "peak_rss_mb", "interval", "precision", "model", "blas", "flops", "peak_flops", "peak_share"}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(fields))); diff != "" {
		t.Error(diff)
	}
}

// TestFlatness compares the end of a stream with its point at 32,768 tokens, by hand
// arithmetic; nothing for a shorter stream, no memory where it is unknown.
func TestFlatness(t *testing.T) {
	point := func(tokens int, speed float64, rss int64) experiments.StreamPoint {
		return experiments.StreamPoint{Tokens: tokens, TokensPerSecond: speed, RSS: rss}
	}
	for _, c := range []struct {
		points []experiments.StreamPoint
		want   string
	}{
		{[]experiments.StreamPoint{point(1024, 5, 7), point(32768, 200, 1000), point(65536, 1, 1), point(131072, 190, 1010)},
			"\n131,072 tokens against 32,768: 0.950 times the speed, 1.010 times the resident memory"},
		{[]experiments.StreamPoint{point(32768, 200, 0), point(65536, 250, 0)}, "\n65,536 tokens against 32,768: 1.250 times the speed"},
		{[]experiments.StreamPoint{point(16384, 200, 9), point(32768, 250, 9)}, ""},
		{[]experiments.StreamPoint{point(1000, 200, 9), point(50000, 250, 9)}, ""},
	} {
		if got := flatness(c.points); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
