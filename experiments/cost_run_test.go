package experiments

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/results"
)

// costly is the smoke profile with little to train and three lengths to measure.
func costly(t *testing.T) *Profile {
	p := miniature(t)
	p.Perplexity[0].Models = []string{"local-only", "infini-delta"}
	p.Cost = results.CostSettings{Lengths: costLengths, ControlSeconds: 10, ControlMiB: 256}
	return p
}

func TestCostSettings(t *testing.T) {
	p := parseProfile(t, validProfile)
	cells, trained := p.Cells(), p.Hash(hashed)
	p.Cost = results.CostSettings{Lengths: []int{64, 128}, ControlSeconds: 1, ControlMiB: 1}
	if p.Hash(hashed) != trained {
		t.Error("measuring the cost makes other results anew")
	}
	want := []results.Cell{
		{Experiment: "cost", Model: "local-only", Length: 128}, {Experiment: "cost", Model: "infini-delta", Length: 128},
		{Experiment: "cost", Model: "infini-linear", Length: 128}, {Experiment: "cost", Model: "full-attention", Length: 128},
	}
	if diff := cmp.Diff(want, plain(p.Cells()[len(cells):])); diff != "" {
		t.Fatal(diff)
	}
	p.Perplexity[0].Models = append(p.Perplexity[0].Models, "full-attention") // is measured once
	if diff := cmp.Diff(want, plain(p.cellsOf("cost"))); diff != "" {
		t.Error(diff)
	}
	s := p.Settings(want[0])
	if s.Training.Batch != 1 || s.Training.CheckpointInterval != 1 || s.CorpusName != "novel" || s.Length != 128 || s.Seed != 0 {
		t.Errorf("settings %+v", s)
	}
	before := p.Hash(want[1])
	p.Cost.Lengths = []int{128}
	if p.Hash(want[1]) == before {
		t.Error("other lengths, the same hash")
	}
}

// Every model and the control has its cell. The result is reproducible byte for byte; the
// times are in a separate file.
func TestCostRun(t *testing.T) {
	p := costly(t)
	var results [2]map[string]string
	for i := range results {
		o := Options{Profile: p, Runs: t.TempDir(), Version: "test"}
		summary, err := Run(context.Background(), o)
		if err != nil || summary.Done != 5 {
			t.Fatalf("%+v, %v", summary, err)
		}
		results[i] = outcome(t, o.Directory())
		for _, model := range []string{"local-only", "infini-delta", "full-attention"} {
			checkCost(t, cellFiles(filepath.Join(o.Directory(), "cost-"+model+"-512")), model)
		}
		if summary, err = Run(context.Background(), o); err != nil || summary.Skipped != 5 {
			t.Errorf("again: %+v, %v", summary, err)
		}
	}
	if diff := cmp.Diff(results[0], results[1]); diff != "" {
		t.Errorf("two runs: %s", diff)
	}
}

func checkCost(t *testing.T, files cellFiles, model string) {
	t.Helper()
	var r results.Result
	var timing results.Timing
	for name, into := range map[string]any{"result.json": &r, "timing.json": &timing} {
		data, err := os.ReadFile(files.path(name))
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(files.checkpoint()); !os.IsNotExist(err) {
		t.Errorf("%s: a checkpoint (%v)", model, err)
	}
	if runtime.GOOS == "linux" && timing.OtherCores == nil {
		t.Error("nobody can say whether the machine was shared")
	}
	if r.Status != results.StatusDone || r.Scale.Segment != 32 || r.Scale.Parameters == 0 || !(timing.PeakFLOPS > 0) || len(timing.Lengths) != 3 {
		t.Fatalf("%s: result %+v, %+v", model, r, timing)
	}
	var bytes [2][]int64
	for i, point := range timing.Lengths {
		// d_key·(d_value+1)·H·l numbers of 4 bytes, 16·17·2·2·4; the others carry none.
		state := int64(0)
		if model == "infini-delta" {
			state = 4352
		}
		if point.Tokens != costLengths[i] || point.StateBytes != state {
			t.Errorf("%s: %+v", model, point)
		}
		for k, cost := range []*results.Cost{point.Evaluation, point.Training} {
			if cost == nil || !(cost.TokensPerSecond > 0) || !(cost.FLOPS > cost.TokensPerSecond) {
				t.Fatalf("%s at %d: %+v", model, point.Tokens, cost)
			}
			// A model in float32, and what it takes to train it: gradients and two moments.
			if least := []int64{4, 16}[k] * r.Scale.Parameters; cost.Bytes < least {
				t.Errorf("%s at %d: %d bytes in use, the numbers alone take %d", model, point.Tokens, cost.Bytes, least)
			}
			bytes[k] = append(bytes[k], cost.Bytes)
		}
	}
	// Evaluation takes the same at any length, but for attention over all of it.
	growth := float64(bytes[0][2]) / float64(bytes[0][0])
	if model == results.FullAttention && growth < 2 || model != results.FullAttention && math.Abs(growth-1) > 0.2 {
		t.Errorf("%s: evaluating 8 times the length takes %.2f times the memory", model, growth)
	}
}

var costLengths = []int{64, 128, 512} // of costly

// Where the control is not measured, its cost is predicted.
func TestCostOfControlIsLimited(t *testing.T) {
	for _, limit := range []results.CostSettings{
		{Lengths: costLengths, ControlSeconds: 1e-9, ControlMiB: 256},
		{Lengths: costLengths, ControlSeconds: 10, ControlMiB: 0},
	} {
		p := costly(t)
		p.Cost = limit
		cells := p.cellsOf("cost")
		ticks := 0
		points, err := costPoints(t.Context(), nil, cells[len(cells)-1].Settings, 7, func(n int) { ticks += n })
		if err != nil || len(points) != 3 || ticks != 2*2*64 {
			t.Fatalf("%+v, %v, counted %d tokens", points, err, ticks)
		}
		for i, point := range points {
			measured := point.Evaluation != nil && point.Training != nil
			if point.Tokens != costLengths[i] || measured != (i == 0) || measured == (point.WouldTakeSeconds > 0 && point.WouldTakeBytes > 0) {
				t.Errorf("%+v: %+v", limit, point)
			}
		}
	}
}

// With the sizes of TestFLOPs a token of 12 costs 1680+128 = 1808 operations, three
// times that in training. At 1808 and 6·5424 operations a second, 12 tokens take 12 and
// 2 seconds. Memory: after one point by the square, 9 times; after two, which grew by
// 2 over 2 times the length, by 3.
func TestPredict(t *testing.T) {
	s := results.CellSettings{ModelID: results.FullAttention, Model: results.ModelSettings{Layers: 1, Heads: 2, HeadSize: 4, FFN: 32, Segment: 4}}
	at := func(tokens int, bytes int64) results.CostPoint {
		return results.CostPoint{Tokens: tokens, Evaluation: &results.Cost{FLOPS: 1808, Bytes: bytes - 1}, Training: &results.Cost{FLOPS: 6 * 5424, Bytes: bytes}}
	}
	for _, test := range []struct {
		points []results.CostPoint
		bytes  int64
	}{{[]results.CostPoint{at(4, 100)}, 900}, {[]results.CostPoint{at(2, 50), at(4, 100)}, 300}} {
		got, err := predict(nil, s, 5, test.points, 12)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.WouldTakeSeconds-14) > 1e-12 || math.Abs(float64(got.WouldTakeBytes-test.bytes)) > 1 || got.Tokens != 12 {
			t.Errorf("%d points: %+v, want 14 s and %d bytes", len(test.points), got, test.bytes)
		}
	}
}

// Cost is measured when nothing else runs: after every other cell has ended.
func TestCostRunsAlone(t *testing.T) {
	running, failed := map[results.Cell]bool{}, false
	o := Options{Profile: costly(t), Runs: t.TempDir()}
	o.Profile.Cost.Lengths = costLengths[:1]
	o.Observe = func(e Event) {
		switch e.Kind {
		case Started:
			running[e.Cell] = true
			failed = failed || len(running) > 1 && (e.Cell.Experiment == "cost")
		case Done:
			delete(running, e.Cell)
		}
	}
	if _, err := Run(context.Background(), o); err != nil || failed {
		t.Errorf("something else ran beside the cost (%v)", err)
	}
}

// An interruption leaves no result; the next run measures again.
func TestCostIsInterrupted(t *testing.T) {
	o := Options{Profile: costly(t), Runs: t.TempDir()}
	o.Profile.Cost.Lengths = costLengths[:1]
	ctx, cancel := context.WithCancel(context.Background())
	o.Observe = func(e Event) {
		if e.Kind == Progress && e.Phase == "measure" {
			cancel()
		}
	}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	found, _ := filepath.Glob(filepath.Join(o.Directory(), "cost-*", "result.json"))
	if len(found) != 0 {
		t.Errorf("results of an interrupted run: %v", found)
	}
	if summary, err := Run(context.Background(), o); err != nil || summary.Done != 3 || summary.Skipped != 2 {
		t.Errorf("went on with %+v, %v", summary, err)
	}
}

// The plan counts the tokens of the models and, for the control, its limits.
func TestPlanOfCost(t *testing.T) {
	o := Options{Profile: costly(t), Runs: t.TempDir()}
	plan, err := Plan(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(plan, func(e Estimate) bool { return e.Cell.Key() == "cost-infini-delta-512" })
	if p := plan[i]; p.TrainTokens != 2*704 || p.EvaluateTokens != 2*704 || !(p.Seconds > 0) || p.Bytes <= 0 {
		t.Errorf("a model: %+v", p)
	}
	last := plan[len(plan)-1]
	if !strings.HasPrefix(last.Cell.Key(), "cost-full-attention") || last.Bytes != 256<<20 || math.Abs(last.Seconds-4*10) > 1e-9 {
		t.Errorf("the control: %+v", last)
	}
}
