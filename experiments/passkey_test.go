package experiments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/results"
	"infinibench/models"
)

// passkeyProfile asks two models for passkeys, in a moment.
func passkeyProfile(t *testing.T, models ...string) *Profile {
	t.Helper()
	p, err := LoadProfile("smoke")
	if err != nil {
		t.Fatal(err)
	}
	stage := results.PasskeyTraining{Steps: 3, Batch: 2, Segments: 4, LearningRate: 5e-3, GateLearningRate: 5e-3}
	p.Name, p.Seeds, p.Workers, p.Cost, p.Recall = "passkey-test", []uint64{1}, 1, results.CostSettings{}, results.RecallSettings{}
	p.Perplexity = []results.PerplexitySettings{{Corpus: "novel", Models: []string{"local-only"}, Length: 64, Batch: 1, Steps: 5}}
	p.Passkey = results.PasskeySettings{
		Models: models, Corpus: "novel", Model: p.Model,
		Language: stage, Paper: stage,
		Recipe:  results.RecipeSettings{Training: results.PasskeyTraining{Steps: 8, Batch: 4, Segments: 4, LearningRate: 5e-3, GateLearningRate: 5e-3}, AnswerWeight: 20, RepeatsFrom: 4, RepeatsRamp: 2, Repeats: 100},
		Lengths: []int{320, 1280}, Samples: 3, Batch: 2, Others: 1,
	}
	p.Passkey.Model.Segment = 40
	if problems := p.Validate(); len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

func passkeyTask(t *testing.T) *passkey.Task {
	t.Helper()
	words, err := tokenizer.NewWord(passkey.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	task, err := passkey.New(words)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// In words, the task's lines are 29 tokens, the needle 21, a question 10, its answer 4
// (counted by hand): 64 are the shortest prompt. A segment of 40 holds needle, question
// and answer, 35; one of 32 does not.
func TestPasskeyAsks(t *testing.T) {
	task := passkeyTask(t)
	s := passkeyProfile(t, "infini-linear").Passkey
	for _, test := range []struct {
		segment int
		want    []string
	}{
		{40, []string{
			"grid 320 start", "grid 320 middle", "grid 320 end", "grid 1280 start", "grid 1280 middle", "grid 1280 end",
			"writes 80 start", "writes 160 start", "writes 320 start", "writes 640 start", "writes 1280 start", "last segment 80 end",
		}},
		{32, []string{
			"grid 320 start", "grid 320 middle", "grid 320 end", "grid 1280 start", "grid 1280 middle", "grid 1280 end",
			"writes 64 start", "writes 128 start", "writes 256 start", "writes 512 start", "writes 1024 start",
		}},
	} {
		s.Model.Segment = test.segment
		prompts, err := passkeyPrompts(s, task)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range prompts {
			got = append(got, fmt.Sprintf("%s %d %s", a.Kind, a.Length, a.Position))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("segments of %d: prompts %q, want %q", test.segment, got, test.want)
		}
	}
}

// The plan counts the work that the run then does: the control has one sample where the
// memory has three.
func TestPasskeyWork(t *testing.T) {
	o := Options{Profile: passkeyProfile(t, "infini-linear", "local-only"), Runs: t.TempDir(), Version: "test"}
	work, err := Workload(o)
	if err != nil {
		t.Fatal(err)
	}
	done := map[results.Cell]int{}
	o.Observe = func(e Event) { done[e.Cell] += e.Tokens }
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	for _, w := range work {
		if w.Cell.Experiment == "passkey" && done[w.Cell] != w.TrainTokens+w.EvaluateTokens {
			t.Errorf("%s: planned %d + %d tokens, made %d", w.Cell.Key(), w.TrainTokens, w.EvaluateTokens, done[w.Cell])
		}
	}
}

// TestPasskeySharedReading compares the answers from shared readings with the plain method: a
// separate decoder reads each prompt from its first token to its last. It tests every memory
// with initial weights, whose answers are arbitrary but deterministic.
func TestPasskeySharedReading(t *testing.T) {
	for _, id := range []string{"infini-linear", "infini-delta", "local-only", "transformer-xl", "memorizing", "rmt", "compressive"} {
		p := passkeyProfile(t, id)
		runs := t.TempDir()
		if _, err := Run(context.Background(), Options{Profile: p, Runs: runs, Version: "test"}); err != nil {
			t.Fatal(err)
		}
		c := p.cellsOf("passkey")[0]
		files := cellFiles(filepath.Join(runs, p.Name, c.Key()))
		lines, err := results.ReadLog[results.PasskeyAnswer](files.path("samples-" + results.StageRecipe + ".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		if want := 12 * c.Settings.Passkey.Samples; len(lines) != want {
			t.Fatalf("%s: %d answers, want %d", id, len(lines), want)
		}
		m, _, err := LoadModel(filepath.Join(files.checkpoint(), results.StageRecipe))
		if err != nil {
			t.Fatal(err)
		}
		text, err := OpenText(context.Background(), "novel", p.Corpora["novel"], "", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = passkeyText(text); err != nil {
			t.Fatal(err)
		}
		task, err := passkey.New(text.Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		d := m.NewDecoder(1)
		for _, l := range lines {
			depth, err := passkey.ParsePosition(l.Position)
			if err != nil {
				t.Fatal(err)
			}
			x, err := task.Prompt(passkeyPrompt{Length: l.Length, Depth: depth}.prompt(l.Key))
			if err != nil {
				t.Fatal(err)
			}
			if x.Hash() != l.Hash {
				t.Errorf("%s, %s %d %s: the prompt is another", id, l.Kind, l.Length, l.Position)
			}
			// Tokens alone would tell little: weights like these name the same ones
			// whatever the state is.
			answer := x.IDs[x.Prompt.Length:]
			ids, right := plainAnswer(t, m, d, x.IDs[:x.Prompt.Length], answer)
			_, empty := plainAnswer(t, m, d, x.IDs[(x.Prompt.Length-1)/m.Config.Segment*m.Config.Segment:x.Prompt.Length], answer)
			for k, token := range l.Output {
				if token.ID != ids[k] {
					t.Errorf("%s, %s %d %s: token %d is %d, read plainly %d", id, l.Kind, l.Length, l.Position, k, token.ID, ids[k])
				}
				if d := math.Abs(l.Probability[k]/right[k] - 1); d > 1e-4 {
					t.Errorf("%s, %s %d %s: digit %d has probability %g, read plainly %g", id, l.Kind, l.Length, l.Position, k, l.Probability[k], right[k])
				}
			}
			if d := math.Abs(empty[0]/right[0] - 1); m.Stateful() && d < 1e-3 {
				t.Errorf("%s, %s %d %s: what was read before the last segment makes no difference", id, l.Kind, l.Length, l.Position)
			}
		}
	}
}

// plainAnswer gives the tokens that a model answers a prompt with, and the probability of
// the right ones, by a decoder that reads token after token.
func plainAnswer(t *testing.T, m *models.Model, d *models.Decoder, prompt, answer []int32) (ids []int32, right []float64) {
	t.Helper()
	greedy := models.Sampler{}
	d.Restart(m.NewState(1))
	for _, want := range answer {
		logits, err := d.Feed(prompt)
		if err != nil {
			t.Fatal(err)
		}
		prompt = []int32{greedy.Next(logits)}
		ids, right = append(ids, prompt[0]), append(right, likelihood(logits, want))
	}
	return ids, right
}

// Answers lost, in part or completely, between a stop and the next start are asked for
// again, and the files equal an uninterrupted run's.
func TestPasskeyLostAnswers(t *testing.T) {
	p := passkeyProfile(t, "infini-delta")
	p.Passkey.Batch = 3
	name := filepath.Join(p.Name, p.cellsOf("passkey")[0].Key(), "samples-recipe.jsonl")
	whole := t.TempDir()
	if _, err := Run(context.Background(), Options{Profile: p, Runs: whole, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(whole, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		keep func(lines [][]byte) [][]byte
	}{
		{"a batch torn after its first line", func(l [][]byte) [][]byte { return l[:len(l)/3*3-2] }},
		{"one answer", func(l [][]byte) [][]byte { return slices.Delete(l, 1, 2) }},
		{"all", func(l [][]byte) [][]byte { return nil }},
	} {
		runs, read := t.TempDir(), 0
		ctx, cancel := context.WithCancel(context.Background())
		_, err := Run(ctx, Options{Profile: p, Runs: runs, Version: "test", Observe: func(e Event) {
			// The recipe's training is the only one of 8 steps, and what is read after it
			// is the last.
			if e.Kind == Progress && e.Cell.Experiment == "passkey" && e.Phase == "evaluate" {
				if _, err := os.Stat(filepath.Join(runs, name)); err == nil {
					if read++; read == 8 {
						cancel()
					}
				}
			}
		}})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", test.name, err)
		}
		path := filepath.Join(runs, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := results.WholeLines(data)
		if len(lines) < 6 || len(lines) == len(results.WholeLines(want)) {
			t.Fatalf("%s: stopped after %d answers of %d", test.name, len(lines), len(results.WholeLines(want)))
		}
		if err := os.WriteFile(path, bytes.Join(test.keep(lines), nil), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(context.Background(), Options{Profile: p, Runs: runs, Version: "test"}); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is lost: the answers are others afterwards (%v)", test.name, err)
		}
	}
}

// TestPasskeyInterrupted ends the run at every point where it can end and compares the
// resulting files with an uninterrupted run's.
func TestPasskeyInterrupted(t *testing.T) {
	p := passkeyProfile(t, "infini-delta")
	p.Perplexity[0].Steps = 5
	p.Passkey.Lengths = []int{320, 3 * readAtOnce / 40 * 40} // a stop between two questions too
	whole, broken := t.TempDir(), t.TempDir()
	if _, err := Run(context.Background(), Options{Profile: p, Runs: whole, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	stops := 0
	for {
		ctx, cancel := context.WithCancel(context.Background())
		events := 0
		_, err := Run(ctx, Options{Profile: p, Runs: broken, Version: "test", Observe: func(e Event) {
			if e.Kind == Progress && !e.Before && e.Cell.Experiment == "passkey" {
				if events++; events == 9 { // something new was done each time
					cancel()
				}
			}
		}})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if stops++; stops > 1000 {
			t.Fatal("no end")
		}
	}
	if stops < 5 {
		t.Errorf("stopped %d times only", stops)
	}
	c := p.cellsOf("passkey")[0]
	for _, name := range []string{"result.json", "samples-recipe.jsonl", "samples-fine-tuned.jsonl", "samples-zero-shot.jsonl", "checkpoint/recipe/model.safetensors"} {
		want, err := os.ReadFile(filepath.Join(whole, p.Name, c.Key(), name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(broken, p.Name, c.Key(), name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs after %d stops", name, stops)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(broken, p.Name, c.Key(), "checkpoint", "*", "reading*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
