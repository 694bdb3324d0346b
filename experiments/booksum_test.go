package experiments

import (
	"context"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/internal/lease"
	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// summaries is a profile that has the experiment alone, at a size of seconds.
func summaries(t *testing.T) *Profile {
	t.Helper()
	p := miniature(t)
	p.Perplexity = p.Perplexity[:1]
	p.Perplexity[0].Models = nil
	p.Corpora = map[string]results.CorpusSettings{
		"novel":     p.Corpora["novel"],
		"chronicle": {Tokenizer: "word", Split: "test", Documents: 3, DocumentTokens: 256},
	}
	phase := results.PhaseSettings{Length: 128, Batch: 2, Steps: 4, WarmupSteps: 1, LearningRate: 3e-3, GateLearningRate: 3e-2}
	p.Passkey = results.PasskeySettings{}
	p.Booksum = results.BooksumSettings{
		Corpus: "chronicle", Models: []string{"infini-delta", "transformer-xl"}, Pretraining: phase, Finetuning: phase,
		SummaryTokens: 26, Lengths: []int{64, 128, 256}, Decodes: 2, Temperature: 0.5, TopP: 0.95, BadPairs: "stop",
	}
	return p
}

// TestInterruptedSummaries interrupts a run at its n-th event, for many n, and again some
// events later, until it is done. Weights, samples and results equal an uninterrupted
// run's, byte for byte.
func TestInterruptedSummaries(t *testing.T) {
	p := summaries(t)
	all := func(dir string) map[string]string {
		files := map[string]string{}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			// These hold the time.
			if name := d.Name(); err != nil || d.IsDir() || name == "timing.json" || name == "metrics.jsonl" || name == "pretraining.jsonl" || name == lease.LockFile {
				return err
			}
			data, err := os.ReadFile(path)
			files[strings.TrimPrefix(path, dir)] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	quiet := Options{Profile: p, Runs: t.TempDir(), Version: "test"}
	if summary, err := Run(context.Background(), quiet); err != nil || summary.Done != 2 {
		t.Fatal(summary, err)
	}
	want := all(quiet.Directory())
	for _, first := range []int{1, 60} {
		o := Options{Profile: p, Runs: t.TempDir(), Version: "test"}
		// A summary is made as a whole, in many events: later runs must get farther.
		for after, done := first, false; !done; after += 83 {
			ctx, cancel := context.WithCancel(context.Background())
			events := 0
			o.Observe = func(e Event) {
				// What was done before is no work, and would stop the run for ever.
				if e.Kind == Progress && !e.Before {
					events++
				}
				if events == after {
					cancel()
				}
			}
			_, err := Run(ctx, o)
			done = err == nil
			cancel()
		}
		got := all(o.Directory())
		for name, data := range want {
			if got[name] != data {
				t.Errorf("first broken off at event %d, %s differs", first, name)
			}
		}
		if len(got) != len(want) {
			t.Errorf("first broken off at event %d: %d files, want %d", first, len(got), len(want))
		}
	}
}

// TestEveryModelSummarises: the table has rows of all models, so each must learn, read
// ahead and branch, with a tail of a segment behind the book.
func TestEveryModelSummarises(t *testing.T) {
	p := summaries(t)
	p.Booksum.Models, p.Booksum.Lengths, p.Corpora["chronicle"] = Models, []int{64, 128}, results.CorpusSettings{Tokenizer: "word", Split: "test", Documents: 1, DocumentTokens: 256}
	p.Booksum.Pretraining.Steps, p.Booksum.Finetuning.Steps = 1, 1
	o := Options{Profile: p, Runs: t.TempDir()}
	if summary, err := Run(context.Background(), o); err != nil || summary.Done != len(Models) {
		t.Fatal(summary, err)
	}
	for _, c := range p.Cells() {
		r, found := cellFiles(filepath.Join(o.Directory(), c.Key())).result(hashOf(c.Settings))
		if !found || len(r.Booksum.Lengths) != 2 || len(r.Booksum.Books) != 1 {
			t.Errorf("%s: %+v", c.Key(), r.Booksum)
		}
	}
}

// chronicleTask is the task of a miniature's chronicles.
func chronicleTask(t *testing.T, s results.BooksumSettings) *summaryTask {
	t.Helper()
	text, err := OpenText(context.Background(), "chronicle", results.CorpusSettings{Tokenizer: "word", Split: "test", Documents: 2, DocumentTokens: 256}, "", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	x, err := newSummaryTask(text, s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestSummarySource reads a batch back as text: the start of the book, the mark, the
// summary and its end, of which only the summary and its end count.
func TestSummarySource(t *testing.T) {
	for _, limit := range []int{24, 30, 10} { // exactly, with room, cut
		s := summaries(t).Booksum
		s.SummaryTokens = limit
		x := chronicleTask(t, s)
		source, err := newSummarySource(x, 5, 2)
		if err != nil {
			t.Fatal(err)
		}
		n := 2 * booksumRow(s)
		b := &train.Batch{IDs: make([]int32, n), Targets: make([]int32, n), Weights: make([]float32, n)}
		for step := range 2 {
			if err := source.Next(b); err != nil {
				t.Fatal(err)
			}
			for r := range 2 {
				pair, err := x.pairs.Pair(datasets.Train, documentOrder(5, 0, 2*step+r, x.pairs.Len(datasets.Train)))
				if err != nil {
					t.Fatal(err)
				}
				book := strings.Fields(pair.Text)[:s.Finetuning.Length]
				want := append(slices.Clone(book), booksum.Ask)
				answer := append(strings.Fields(pair.Summary), booksum.End)
				answer = answer[:min(len(answer), limit+1)]
				want = append(want, answer...)
				var got, counted []string
				for i := r * booksumRow(s); i < (r+1)*booksumRow(s); i++ {
					word, _ := x.text.Tokenizer.Decode(b.Targets[i : i+1])
					if i-r*booksumRow(s) < len(want)-1 {
						id, _ := x.text.Tokenizer.Decode(b.IDs[i : i+1])
						got = append(got, id)
						if next := want[i-r*booksumRow(s)+1]; word != next {
							t.Fatalf("target %q, want %q", word, next)
						}
					}
					if b.Weights[i] != 0 {
						counted = append(counted, word)
					}
				}
				if !slices.Equal(got, want[:len(want)-1]) || !slices.Equal(counted, answer) {
					t.Fatalf("limit %d: row %v, counted %v, want %v", limit, got, counted, answer)
				}
			}
		}
		cursor := source.Cursor()
		other, _ := newSummarySource(x, 5, 2)
		if err := other.SetCursor(cursor); err != nil || other.drawn != 4 {
			t.Errorf("cursor %s: %d drawn, %v", cursor, other.drawn, err)
		}
		if other.SetCursor([]byte(`-1`)) == nil || other.SetCursor([]byte(`{}`)) == nil {
			t.Error("a damaged cursor was taken")
		}
	}
}

// TestBookReader: reading a book once and branching at every length gives the same summaries
// as rereading the book for each of them.
func TestBookReader(t *testing.T) {
	p := summaries(t)
	x := chronicleTask(t, p.Booksum)
	settings := p.cellsOf("booksum")[0].Settings
	m, err := newModel(nil, settings, x.text.Tokenizer.Size())
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range m.Param("embedding").Data() { // so that summaries have more than one word
		m.Param("embedding").Data()[i] = 8 * v
	}
	pair, err := x.pairs.Pair(datasets.Test, 1)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := x.text.Tokenizer.Encode(pair.Text)
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	reader := newBookReader(m, x, 9, 5, func(tokens int, before bool) { counted += tokens })
	// A book that was read before leaves nothing behind.
	for range 2 {
		counted = 0
		book, err := reader.book(context.Background(), pair, 1, nil, func(results.BooksumReading) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		drawn := 0
		for k, r := range book.Readings {
			if r.Length != p.Booksum.Lengths[k] || r.Read != r.Length || r.Share != float64(r.Read)/256 || len(r.Outputs) != 2 {
				t.Fatalf("%+v", r)
			}
			for d, output := range r.Outputs {
				sampler := &models.Sampler{Temperature: 0.5, TopP: 0.95, Rand: rand.New(rand.NewPCG(9, 1<<40^uint64(r.Length)<<12^uint64(d)))}
				var want []int32
				ended := false
				prompt := append(slices.Clone(ids[:r.Read]), x.ask)
				if err := m.NewDecoder(1).Generate(prompt, 26, sampler, func(id int32) bool {
					drawn++
					if ended = id == x.end; !ended {
						want = append(want, id)
					}
					return !ended
				}); err != nil {
					t.Fatal(err)
				}
				text, _ := x.text.Tokenizer.Decode(want)
				if output != text || r.Ended[d] != ended {
					t.Errorf("length %d: %q, read anew %q", r.Length, output, text)
				}
			}
			var overall float64
			for d, s := range r.Scores {
				overall += s.Overall / 2
				if s != rouge.Compare(pair.Summary, r.Outputs[d], false) {
					t.Errorf("length %d: scores %+v", r.Length, s)
				}
			}
			if math.Abs(overall-r.Mean.Overall) > 1e-15 {
				t.Errorf("mean overall %g, want %g", r.Mean.Overall, overall)
			}
			if *r.Bound != pair.Bound(r.Read) {
				t.Errorf("bound %+v", r.Bound)
			}
		}
		if counted != 256+drawn {
			t.Errorf("counted %d tokens, read 256 and drew %d", counted, drawn)
		}
	}
}

// By hand: of 160 tokens a book takes, 128 are read and 2·2·8 are drawn. If reading took 1,000
// seconds a token, the mean would be 800 seconds and a fifth of what drawing takes, which is
// far below a second.
func TestEstimateOfSummaries(t *testing.T) {
	p := summaries(t)
	p.Booksum.Lengths, p.Booksum.Decodes, p.Booksum.SummaryTokens, p.Booksum.Temperature = []int{64, 128}, 2, 8, 1
	for _, c := range p.Cells() {
		if c.Experiment != "booksum" {
			continue
		}
		e := Estimate{EvaluateTokens: 1}
		err := estimateBooksum(c, &e, func(s results.CellSettings, evaluate evaluator) (k calibration, err error) {
			m, err := drawnModel(nil, s, 300)
			if err == nil {
				k.evaluate, err = evaluate(m, 1000)
			}
			return k, err
		})
		if err != nil || e.Seconds < 800 || e.Seconds > 801 {
			t.Errorf("%s: %v seconds a token, want 800 and a little (%v)", c.Key(), e.Seconds, err)
		}
	}
}
