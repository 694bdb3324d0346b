package experiments

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"infinibench/datasets/passkey"
	"infinibench/internal/config"
	"infinibench/internal/results"
	"infinibench/internal/train"
)

// A waiting recipe checks every 25 steps and starts to count filler at the step after the
// digits were found; its sequences begin with the needle before, and with the task from then on. The cursor carries this to a resumed run.
func TestPasskeyFound(t *testing.T) {
	const rows, segments, segment = 4, 8, 40
	recipe := results.RecipeSettings{
		Training:     results.PasskeyTraining{Steps: 20, Batch: rows, Segments: segments},
		AnswerWeight: 20, RepeatsFrom: 10, RepeatsRamp: 5, Repeats: 10_000, RepeatsFound: 0.9,
	}
	looks := 0
	source := func() *passkeySource {
		s, err := newPasskeySource(passkeyTask(t), 7, recipe.Training, segment, &recipe)
		if err != nil {
			t.Fatal(err)
		}
		s.digits = func() (float64, error) {
			looks++
			return []float64{0.1, 0.89, 0.9}[looks-1], nil
		}
		return s
	}
	begins := func(task *passkey.Task) []int32 { // before filler or the needle differ
		x, err := task.Dense(passkey.Dense{Segments: segments, SegmentTokens: segment, Needle: first(t, task, segments*segment)})
		if err != nil {
			t.Fatal(err)
		}
		return x.IDs[:3]
	}
	announced, needle := begins(passkeyTask(t)), begins(passkeyTask(t).Unannounced())
	next := func(s *passkeySource) (most float64) {
		b := &train.Batch{IDs: make([]int32, rows*segments*segment), Targets: make([]int32, rows*segments*segment), Weights: make([]float32, rows*segments*segment)}
		if err := s.Next(b); err != nil {
			t.Fatal(err)
		}
		want := announced
		if s.found == 0 {
			want = needle
		}
		for row := range rows {
			if got := b.IDs[row*segments*segment:][:3]; !slices.Equal(got, want) {
				t.Errorf("step %d: a sequence begins with %v, want %v", s.step, got, want)
			}
		}
		return float64(slices.Max(b.WriteCounts))
	}
	s := source()
	for step := 1; step <= 90; step++ {
		if step == 77 { // as after an interruption
			cursor := s.Cursor()
			s = source()
			if err := s.SetCursor(cursor); err != nil {
				t.Fatal(err)
			}
		}
		most := next(s)
		if want := map[int]float64{26: 0.1, 51: 0.89, 76: 0.9}[step]; s.seen != want {
			t.Errorf("step %d: saw %g of the digits, want %g", step, s.seen, want)
		}
		bound := 1.0
		if step > 75 {
			bound = math.Pow(recipe.Repeats, math.Min(1, float64(step-75)/5))
		}
		if most > bound*1.0001 || step > 80 && most == 1 {
			t.Errorf("step %d: a segment counts %g times, at most %g", step, most, bound)
		}
	}
	if looks != 3 {
		t.Errorf("looked %d times, want 3", looks)
	}
	if err := s.SetCursor([]byte(`{"step":3,"found":4}`)); err == nil {
		t.Error("digits found in the future are accepted")
	}
}

// first is the first token at which a needle can start.
func first(t *testing.T, task *passkey.Task, length int) int {
	t.Helper()
	at, _, err := task.Starts(length - passkey.Digits)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The composition of a batch, by the rules of docs/passkey.md: before repeats begin, every
// sequence has a question in each later segment; afterwards half of the sequences have one
// question and filler whose write count has a bound that grows from 1.
func TestPasskeySource(t *testing.T) {
	task := passkeyTask(t)
	const rows, segments, segment = 6, 8, 40
	recipe := results.RecipeSettings{
		Training:     results.PasskeyTraining{Steps: 20, Batch: rows, Segments: segments},
		AnswerWeight: 20, RepeatsFrom: 10, RepeatsRamp: 5, Repeats: 10_000,
	}
	source := func(r *results.RecipeSettings) *passkeySource {
		s, err := newPasskeySource(task, 7, recipe.Training, segment, r)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	draw := func(s *passkeySource) *train.Batch {
		b := &train.Batch{IDs: make([]int32, rows*segments*segment), Targets: make([]int32, rows*segments*segment), Weights: make([]float32, rows*segments*segment)}
		if err := s.Next(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	question, err := task.Prompt(passkey.Prompt{Length: 100})
	if err != nil {
		t.Fatal(err)
	}
	asked := question.IDs[90:100]
	questions := func(b *train.Batch, row int) int {
		ids, n := b.IDs[row*segments*segment:(row+1)*segments*segment], 0
		for i := range len(ids) - len(asked) {
			if slices.Equal(ids[i:i+len(asked)], asked) {
				n++
			}
		}
		return n
	}
	s := source(&recipe)
	largest := 0.0
	for step := 1; step <= 30; step++ {
		b := draw(s)
		bound := 1.0
		if step > recipe.RepeatsFrom {
			bound = math.Pow(recipe.Repeats, math.Min(1, float64(step-recipe.RepeatsFrom)/5))
		}
		for row := range rows {
			var sum float64
			for _, w := range b.Weights[row*segments*segment : (row+1)*segments*segment] {
				sum += float64(w)
			}
			if math.Abs(sum-1) > 1e-4 {
				t.Errorf("step %d, row %d: weights sum to %g", step, row, sum)
			}
			many := step > recipe.RepeatsFrom && row < rows/2
			if n := questions(b, row); many && n != 1 || n < 1 {
				t.Errorf("step %d, row %d has %d questions", step, row, n)
			}
			for i, r := range b.WriteCounts[row*segments : (row+1)*segments] {
				largest = math.Max(largest, float64(r))
				if r < 1 || float64(r) > bound*1.0001 || r != 1 && (!many || i == 0 || i == segments-1) {
					t.Errorf("step %d, row %d, segment %d counts %g times, at most %g", step, row, i, r, bound)
				}
			}
		}
	}
	if largest < 1000 { // of 20 steps of up to 18 draws between 1 and 10,000, a quarter of them above
		t.Errorf("no segment counted more than %g times", largest)
	}

	// The paper's form asks once and counts all alike.
	for b, row := draw(source(nil)), 0; row < rows; row++ {
		weights := b.Weights[row*segments*segment : (row+1)*segments*segment-1]
		if n := questions(b, row); n != 1 || slices.Min(weights) != slices.Max(weights) || slices.Max(b.WriteCounts) != 1 {
			t.Errorf("the paper's form has %d questions and weights from %g to %g", n, slices.Min(weights), slices.Max(weights))
		}
	}

	// A source that goes back gives the same again.
	cursor := s.Cursor()
	want := draw(s)
	again := source(&recipe)
	if err := again.SetCursor(cursor); err != nil {
		t.Fatal(err)
	}
	if got := draw(again); !slices.Equal(got.IDs, want.IDs) || !slices.Equal(got.WriteCounts, want.WriteCounts) {
		t.Error("gone back, the source gives something else")
	}
	if err := again.SetCursor([]byte(`{"step":-1}`)); err == nil {
		t.Error("a cursor before the start is taken")
	}
}

// The evaluation keys and the training keys are disjoint.
func TestPasskeyKeysAreApart(t *testing.T) {
	p := passkeyProfile(t, "infini-delta")
	runs := t.TempDir()
	if _, err := Run(context.Background(), Options{Profile: p, Runs: runs, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	c := p.cellsOf("passkey")[0]
	run := &passkeyRun{cellRun: &cellRun{settings: c.Settings}, task: passkeyTask(t)}
	for _, stage := range passkeyStages(run.settings.Passkey) {
		lines, err := results.ReadLog[results.PasskeyAnswer](filepath.Join(runs, p.Name, c.Key(), "samples-"+stage.name+".jsonl"))
		if err != nil || len(lines) == 0 {
			t.Fatalf("%d answers: %v", len(lines), err)
		}
		source, err := run.source(stage)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if slices.Contains(source.keys, l.Key) {
				t.Errorf("%s: %v was trained on", stage.name, l.Key)
			}
		}
	}
}

func TestBadPasskeys(t *testing.T) {
	for _, test := range []struct {
		key    string
		change func(*results.PasskeySettings)
		want   string
	}{
		{"passkey.corpus", func(s *results.PasskeySettings) { s.Corpus = "pg19" }, `got "pg19", which corpora does not hold`},
		{"passkey.models[1]", func(s *results.PasskeySettings) { s.Models = []string{"infini-delta", "infini"} }, `got "infini"; allowed: local-only, transformer-xl, memorizing, rmt, compressive, infini-linear, infini-delta, full-attention, local-scaled`},
		{"passkey.models[1]", func(s *results.PasskeySettings) { s.Models = []string{"rmt", "rmt"} }, "rmt is listed twice; list it once"},
		{"passkey.lengths[1]", func(s *results.PasskeySettings) { s.Lengths = []int{320, 1281} }, "got 1281; allowed: a multiple of passkey.model.segment, 40, as in training the answer ends a segment"},
		{"passkey.lengths[1]", func(s *results.PasskeySettings) { s.Lengths = []int{320, 320} }, "got 320; allowed: more than the length before, 320, and at most 67108864"},
		{"passkey.lengths[0]", func(s *results.PasskeySettings) { s.Lengths = []int{40, 320} }, "got 40; allowed: at least two segments, 80, or nothing would be written to memory"},
	} {
		p := passkeyProfile(t, "infini-linear")
		test.change(&p.Passkey)
		problems := p.Validate()
		if len(problems) != 1 || problems[0] != (config.Problem{Key: test.key, Text: test.want}) {
			t.Errorf("got %v, want %s: %s", problems, test.key, test.want)
		}
	}
}
