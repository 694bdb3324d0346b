package reports

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"infinibench/datasets"
	"infinibench/experiments"
	"infinibench/internal/results"
	"infinibench/internal/seal"
	"infinibench/reports/table"
)

// fixture is a made-up run with realistic shapes: two generated corpora, three
// models, three seeds, of which one cell failed; the cost of the models and of the
// control; and one planned cell that did not run. Its numbers are invented.
func fixture() *Run { return fixtureOf(1, localOnly, infiniLin, infiniDelta) }

// fixtureOf is the fixture with other models, whose memory goes so far on the novel from one
// ideal to the other.
func fixtureOf(helps float64, models ...string) *Run {
	run := &Run{Profile: "quick", Ledger: paperLedger()}
	rng := rand.New(rand.NewPCG(7, 7))
	for _, corpus := range []struct {
		name          string
		full, limited float64 // ideal perplexities
		helps         float64 // how far the memory goes from one to the other
	}{{"novel", 17.2, 21.9, helps}, {"proof", 9.4, 10.1, 0.05}} {
		for _, model := range models {
			for seed := uint64(1); seed <= 3; seed++ {
				cell := results.Cell{Experiment: "perplexity", Corpus: corpus.name, Model: model, Length: 1024, Seed: seed}
				record := Record{Key: fmt.Sprintf("perplexity-%s-%s-1024-%d", corpus.name, model, seed)}
				if corpus.name == "proof" && model == infiniDelta && seed == 3 {
					record.Result = results.Result{
						Version: 1, Profile: "quick", Cell: cell, Status: results.StatusFailed,
						Error: "train: loss is NaN at step 412: lower the learning rate",
					}
				} else {
					record.Result = madeUp(cell, corpus.full, corpus.limited, corpus.helps, rng)
					record.Log = madeUpLog(record.Result, rng)
					record.Timing = &results.Timing{TrainSeconds: 61.5, EvalSeconds: 9.25, TrainTokens: 1_228_800, EvalTokens: 60_000, PeakRSS: 310 << 20}
				}
				run.Records = append(run.Records, record)
				run.Planned = append(run.Planned, cell)
			}
		}
	}
	for _, model := range []string{localOnly, infiniLin, infiniDelta, results.FullAttention} {
		run.Records = append(run.Records, madeUpCost(model))
	}
	run.Planned = append(run.Planned, results.Cell{Experiment: "perplexity", Corpus: "novel", Model: infiniDelta, Length: 1024, Seed: 4})
	return run
}

// paperLedger is computed once, since it allocates the states of the paper's models, a
// gigabyte in total. Tests must not modify it.
var paperLedger = sync.OnceValue(func() *results.Ledger {
	l, err := experiments.PaperLedger()
	if err != nil {
		panic(err)
	}
	return l
})

func (run *Run) tables() ([]*table.Table, error) {
	d, err := New(run)
	if err != nil {
		return nil, err
	}
	return d.tables(), nil
}

func madeUp(cell results.Cell, full, limited, helps float64, rng *rand.Rand) results.Result {
	const tokens = 60_000
	memory := cell.Model != localOnly
	excess := 0.055 + 0.004*float64(cell.Seed) + 0.003*rng.Float64()
	loss := math.Log(limited) + excess
	if memory {
		loss -= helps * math.Log(limited/full)
	}
	score := func(perToken float64) results.Score {
		nll := perToken * tokens
		return results.Score{
			NLL: nll, Tokens: tokens, Words: tokens, Bytes: tokens * 5, TokenPPL: math.Exp(perToken), WordPPL: math.Exp(perToken),
			BytePPL: math.Exp(perToken / 5), BitsPerByte: perToken / 5 / math.Ln2,
		}
	}
	p := &results.Perplexity{Intact: score(loss), Ideal: &results.IdealRow{Full: full, Segment: limited}}
	for d := range 6 {
		n, hard := int64(tokens/6), 0.1*float64(d)-0.25 // around 0
		own := 0.004 * math.Sin(float64(d*len(cell.Model)))
		p.Documents = append(p.Documents, results.DocumentScore{
			ID: fmt.Sprintf("test-%d", d), Tokens: n, Words: n, Bytes: 5 * n, NLL: float64(n) * (loss + hard + own),
		})
	}
	if memory {
		zeroed, shuffled := score(loss+0.21), score(loss+0.17)
		p.Zeroed, p.Shuffled = &zeroed, &shuffled
	}
	for b, from := 0, int64(0); b < 8; b++ {
		to := int64(128) << b
		n := float64(to - from)
		late := float64(b) / 7
		gain := 0.0
		if memory {
			gain = helps * late * 1.2 * math.Log(limited/full)
		}
		p.Positions = append(p.Positions, results.Bucket{
			From: from, To: to, Tokens: int64(n), NLL: n * (math.Log(limited) + excess + 0.2*(1-late) - gain),
			IdealFull: n * (math.Log(limited) + 0.18*(1-late) - 1.2*late*math.Log(limited/full)), IdealSegment: n * (math.Log(limited) + 0.18*(1-late)),
		})
		from = to
	}
	for _, class := range []datasets.Class{datasets.ClassFree, datasets.ClassNew, datasets.ClassNear, datasets.ClassDistant} {
		loss, full, segment := 2.6, 2.5, 2.5
		switch class {
		case datasets.ClassNear:
			loss, full, segment = 0.4, 0.1, 0.1
		case datasets.ClassDistant:
			loss, full, segment = 3.1, 0.1, 3.0
			if memory {
				loss -= 2.5 * helps
			}
		}
		p.Classes = append(p.Classes, results.ClassScore{
			Class: class.String(), Tokens: tokens / 4, NLL: (loss + excess) * tokens / 4, IdealFull: full * tokens / 4, IdealSegment: segment * tokens / 4,
		})
	}
	r := results.Result{
		Version: 1, Profile: "quick", Cell: cell, ConfigHash: "0f3a", Status: results.StatusDone,
		Protocol: cell.Corpus + "/test/word-168/carry/v1",
		Scale: results.Scale{
			Parameters: 412_928, Layers: 2, DModel: 128, Heads: 4, Segment: 128, TrainLength: cell.Length, Batch: 8, Steps: 150, TrainTokens: 1_228_800,
		},
		Data: results.DataNote{
			Certificate: datasets.Certificate{Name: cell.Corpus, StandIn: "generated text in place of " + paperColumns[cell.Corpus].name},
			Split:       datasets.Test, Documents: 6, Tokenizer: "word-168", WordRule: "whitespace words",
			Note: "generated text in place of " + paperColumns[cell.Corpus].name + ", 6 test documents",
		},
		Perplexity:  p,
		Environment: results.Environment{Version: "v0.1.0", Go: "go1.26.0", OS: "linux/amd64", CPU: "A processor", BLAS: "OpenBLAS 0.3.21", Threads: 2},
	}
	if memory {
		r.Footprint = results.Footprint{Formula: "d_key·(d_value+1)·H·l", Entries: 8448, Bytes: 33_792, MeasuredBytes: 33_792}
		for layer := range 2 {
			var heads []float64
			for head := range 4 {
				heads = append(heads, 1/(1+math.Exp(3-2*float64(head)-float64(layer)+rng.NormFloat64())))
			}
			r.Gates = append(r.Gates, heads)
		}
	} else {
		r.Footprint.Formula = "0"
	}
	return r
}

// madeUpCost is a model with constant time per token, and a control whose time per token
// grows, measured up to 4,096 of 16,384 tokens.
func madeUpCost(model string) Record {
	cell := results.Cell{Experiment: "cost", Model: model, Length: 16384}
	record := Record{Key: "cost-" + model + "-16384", Timing: &results.Timing{PeakFLOPS: 75e9, PeakRSS: 200 << 20}}
	record.Result = results.Result{
		Version: 1, Profile: "quick", Cell: cell, ConfigHash: "0f3b", Status: results.StatusDone,
		Scale:       results.Scale{Parameters: 412_928, Layers: 2, DModel: 128, Heads: 4, Segment: 128},
		Environment: results.Environment{Version: "v0.1.0", Go: "go1.26.0", OS: "linux/amd64", CPU: "A processor", BLAS: "OpenBLAS 0.3.21", Threads: 2},
	}
	for tokens := 1024; tokens <= 16384; tokens *= 2 {
		p := results.CostPoint{Tokens: tokens}
		speed, memory := 50_000., int64(8<<20)
		switch model {
		case infiniLin, infiniDelta:
			speed, p.StateBytes, memory = 40_000, 33_792, 9<<20
		case results.FullAttention:
			speed, memory = 50_000*512/float64(tokens), int64(tokens)<<13
		}
		if model == results.FullAttention && tokens > 4096 {
			p.WouldTakeSeconds, p.WouldTakeBytes = 4*float64(tokens)/speed, memory
		} else {
			p.Evaluation = &results.Cost{TokensPerSecond: speed, FLOPS: 30e9, Bytes: memory}
			p.Training = &results.Cost{TokensPerSecond: speed / 3, FLOPS: 27e9, Bytes: 3 * memory}
		}
		record.Timing.Lengths = append(record.Timing.Lengths, p)
	}
	return record
}

func madeUpLog(r results.Result, rng *rand.Rand) []results.LogLine {
	var lines []results.LogLine
	final := math.Log(r.Perplexity.Intact.TokenPPL)
	for step := 1; step <= r.Scale.Steps; step++ {
		lines = append(lines, results.LogLine{
			Step: step, Tokens: int64(step) * 8192, LearningRate: 1e-3, GradNorm: 0.5,
			Loss: final + (5.1-final)*math.Exp(-float64(step)/25) + 0.03*rng.NormFloat64(),
		})
	}
	return lines
}

// save writes a run in the layout that Load reads.
func save(t *testing.T, run *Run) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), run.Profile)
	put := func(name string, v any) {
		raw, err := seal.Indent(v)
		if err != nil {
			t.Fatal(err)
		}
		putFile(t, filepath.Join(dir, name), raw)
	}
	for _, record := range run.Records {
		put(record.Key+"/result.json", record.Result)
		if record.Timing != nil {
			put(record.Key+"/timing.json", record.Timing)
		}
		var log []byte
		for _, line := range record.Log {
			raw, err := seal.Line(line)
			if err != nil {
				t.Fatal(err)
			}
			log = append(log, raw...)
		}
		putFile(t, filepath.Join(dir, record.Key, "metrics.jsonl"), log)
	}
	put("plan.json", results.Plan{Cells: run.Planned})
	return dir
}

// sealed gives each line of a text its checksum.
func sealed(text string) []byte {
	var b []byte
	for line := range strings.Lines(text) {
		body, ok := strings.CutSuffix(strings.TrimSuffix(line, "\n"), "}")
		if !ok { // no object, so nothing to seal
			b = append(b, line...)
			continue
		}
		b = fmt.Appendf(b, "%s,\"sum\":\"%s\"}\n", body, seal.Sum([]byte(body)))
	}
	return b
}

func putFile(t *testing.T, path string, raw []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}
