package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/metrics"
	"infinibench/internal/train"
	"infinibench/models"
)

// passkeyRun makes one cell of passkey retrieval (paper Table 3).
type passkeyRun struct {
	*cellRun
	task *passkey.Task
	keys []passkey.Key // asked for, one for each sample
}

// passkey makes one cell: three trainings, each with its evaluation. Whatever an earlier
// run with the same settings left behind is gone on from.
func (r *runner) passkey(ctx context.Context, c Cell, files cellFiles) error {
	text, err := r.text(ctx, c.Corpus)
	if err != nil {
		return err
	}
	if text, err = passkeyText(text); err != nil {
		return err
	}
	run := &passkeyRun{cellRun: newCellRun(r.options, c, files, text, func(phase string, tokens int, before bool) {
		r.tell(Event{Kind: Progress, Cell: c, Phase: phase, Tokens: tokens, Before: before})
	})}
	if run.task, err = passkey.New(text.Tokenizer); err != nil {
		return err
	}
	s := run.settings.Passkey
	if run.keys, err = passkey.Keys(datasets.Test, rand.New(rand.NewPCG(c.Seed, 0))); err != nil {
		return err
	}
	if n := max(s.Samples, s.Others); n > len(run.keys) {
		return fmt.Errorf("experiments: %d samples, but only %d keys are kept for tests", n, len(run.keys))
	}
	run.note = func(text string) { r.tell(Event{Kind: Note, Text: text}) }
	return run.make(ctx)
}

func (r *passkeyRun) make(ctx context.Context) error {
	replaced, err := r.files.prepare(r.config)
	if err != nil {
		return err
	}
	if replaced {
		r.note(r.cell.Key() + ": the settings or the data have changed: made anew")
	}
	if err := r.loadTiming(); err != nil {
		return err
	}
	s := r.settings.Passkey
	sample, err := r.task.Prompt(passkey.Prompt{Length: s.Lengths[0] - passkey.Digits})
	if err != nil {
		return err
	}
	result := &Result{
		Version: ResultVersion, Profile: r.profile, Cell: r.cell, ConfigHash: r.hash, Status: StatusDone,
		Protocol: fmt.Sprintf("passkey/%s/%s/v%d", sample.Filler, r.text.Tokenizer.Name(), ProtocolVersion),
		Settings: r.settings, Environment: ThisEnvironment(r.version, r.settings.Threads),
		Passkey: &Passkey{Task: PasskeyTask{
			Tokenizer: sample.Tokenizer, Filler: sample.Filler, Period: sample.Period,
			Digits: passkey.Digits, Chance: 0.1, Samples: s.Samples,
		}},
	}
	for i, stage := range s.stages() {
		m, tokens, err := r.train(ctx, i, stage)
		if err != nil {
			return err
		}
		if m.Memory, err = NewMemory(r.cell.Model, r.settings.Baselines.evaluated()); err != nil {
			return err
		}
		lines, err := r.evaluate(ctx, m, stage)
		if err != nil {
			return err
		}
		scored, err := r.scores(m, stage, lines)
		if err != nil {
			return err
		}
		scored.TrainTokens = tokens
		result.Passkey.Stages = append(result.Passkey.Stages, scored)
		result.Gates = m.Gates()
		if result.Footprint, err = measureFootprint(m); err != nil {
			return err
		}
		result.Scale = Scale{
			Parameters: m.Parameters(), Layers: m.Config.Layers, DModel: m.Config.Width(), Heads: m.Config.Heads, Segment: m.Config.Segment,
			TrainLength: stage.train.Segments * m.Config.Segment, Batch: stage.train.Batch, Steps: stage.train.Steps, TrainTokens: result.Scale.TrainTokens + tokens,
		}
	}
	if result.Passkey.Stages[0].LastSegment == nil {
		result.Warnings = append(result.Warnings, "no control with needle and question in one segment: a segment has no room for both")
	}
	r.timing.sum()
	if err := r.saveTiming(); err != nil {
		return err
	}
	for _, stage := range s.stages() {
		if err := train.ForgetProgress(r.directory(stage)); err != nil {
			return err
		}
	}
	return writeJSON(r.files.path("result.json"), result)
}

// directory is where a stage keeps its model: runs/…/checkpoint/<stage>.
func (r *passkeyRun) directory(s stageOfPasskey) string {
	return filepath.Join(r.files.checkpoint(), s.name)
}

// train returns the model of a stage and the tokens of its training.
func (r *passkeyRun) train(ctx context.Context, i int, stage stageOfPasskey) (*models.Model, int64, error) {
	s := r.settings
	training := s.Training
	training.Steps, training.Batch = stage.train.Steps, stage.train.Batch
	training.LearningRate, training.GateLearningRate = stage.train.LearningRate, stage.train.GateLearningRate
	training.WarmupSteps = min(training.WarmupSteps, training.Steps)
	length := stage.train.Segments * s.Model.Segment
	cost := r.timing.stage(stage.name)
	if err := os.MkdirAll(r.directory(stage), 0o755); err != nil {
		return nil, 0, err
	}
	m, err := r.fit(ctx, phase{
		dir: r.directory(stage), log: "metrics-" + stage.name + ".jsonl", training: training, length: length,
		begin: func() (*models.Model, error) {
			if i == 0 {
				return NewModel(s, r.text.Tokenizer.Size())
			}
			m, _, err := LoadModel(r.directory(s.Passkey.stages()[0]))
			return m, err
		},
		source: func() (train.Source, error) {
			switch stage.name {
			case StageZeroShot:
				return newTrainingSource(r.text, s.Seed, training.Batch, length)
			case StageRecipe:
				return newPasskeySource(r.task, s.Seed, stage.train, s.Model.Segment, &s.Passkey.Recipe)
			}
			return newPasskeySource(r.task, s.Seed, stage.train, s.Model.Segment, nil)
		},
		seconds: &cost.TrainSeconds, tokens: &cost.TrainTokens,
	})
	r.timing.sum()
	return m, cost.TrainTokens, err
}

// scores sums up the answers of a stage.
func (r *passkeyRun) scores(m *models.Model, stage stageOfPasskey, lines []PasskeyAnswer) (PasskeyStage, error) {
	s := PasskeyStage{Stage: stage.name, Steps: stage.train.Steps, Gates: m.Gates()}
	asks, err := r.settings.Passkey.asks(r.task)
	if err != nil {
		return s, err
	}
	for _, a := range asks {
		var of []PasskeyAnswer
		for _, l := range lines {
			if a.matches(l) {
				of = append(of, l)
			}
		}
		slices.SortFunc(of, func(a, b PasskeyAnswer) int { return a.Sample - b.Sample })
		score := scoreOf(a, of)
		switch a.Kind {
		case kindGrid:
			s.Grid = append(s.Grid, score)
		case kindWrites:
			s.Writes = append(s.Writes, score)
		case kindLastSegment:
			s.LastSegment = &score
		}
		if a.Kind == kindGrid {
			example, err := r.example(a, of)
			if err != nil {
				return s, err
			}
			s.Examples = append(s.Examples, example)
		}
	}
	return s, nil
}

func (a passkeyAsk) matches(l PasskeyAnswer) bool {
	return l.Kind == a.Kind && l.Length == a.Length && l.Position == a.Position
}

// scoreOf is the accuracy over the samples of one prompt.
func scoreOf(a passkeyAsk, lines []PasskeyAnswer) PasskeyScore {
	s := PasskeyScore{Length: a.Length, Position: a.Position, Writes: lines[0].Writes, Samples: len(lines)}
	var right, exact, zeroed int
	for _, l := range lines {
		n := count(l.Right)
		right += n
		zeroed += count(l.Zeroed)
		if n == passkey.Digits {
			exact++
		}
	}
	s.Tokens, s.Exact = shareOf(right, passkey.Digits, len(lines)), shareOf(exact, 1, len(lines))
	if lines[0].Zeroed != nil {
		z := shareOf(zeroed, passkey.Digits, len(lines))
		s.Zeroed = &z
	}
	return s
}

func count(right []bool) int {
	n := 0
	for _, ok := range right {
		if ok {
			n++
		}
	}
	return n
}

// shareOf is the share of n samples, of so many parts each.
func shareOf(right, parts, n int) Share {
	p := float64(right) / float64(parts*n)
	low, high := metrics.Wilson(p, n)
	return Share{p, low, high}
}

// aroundNeedle is how many tokens an example shows before and after its needle.
const aroundNeedle = 50

// example shows the first sample that was not answered in full, or else the first.
func (r *passkeyRun) example(a passkeyAsk, lines []PasskeyAnswer) (PasskeyExample, error) {
	at := max(0, slices.IndexFunc(lines, func(l PasskeyAnswer) bool { return count(l.Right) < passkey.Digits }))
	e := PasskeyExample{Answer: lines[at]}
	x, err := r.task.Prompt(a.prompt(lines[at].Key))
	if err != nil {
		return e, err
	}
	question := x.Questions[len(x.Questions)-1].Question
	for _, part := range []struct {
		to        *[]PasskeyToken
		from, to1 int
	}{
		{&e.Before, max(0, x.Needle.First-aroundNeedle), x.Needle.First},
		{&e.Needle, x.Needle.First, x.Needle.Last + 1},
		{&e.After, x.Needle.Last + 1, min(x.Needle.Last+1+aroundNeedle, question.First)},
		{&e.Asked, question.First, question.Last + 1},
	} {
		for _, id := range x.IDs[part.from:max(part.from, part.to1)] {
			t, err := r.token(id)
			if err != nil {
				return e, err
			}
			*part.to = append(*part.to, t)
		}
	}
	return e, nil
}

func (r *passkeyRun) token(id int32) (PasskeyToken, error) {
	text, err := r.text.Tokenizer.Decode([]int32{id})
	return PasskeyToken{ID: id, Text: text}, err
}

// passkeyWork is the tokens that a cell trains on and those that it reads, counted in
// words, which is what a passkey is written in most often.
func (s CellSettings) passkeyWork() (trained, read int, err error) {
	words, err := tokenizer.NewWord(passkey.Vocabulary())
	if err != nil {
		return 0, 0, err
	}
	task, err := passkey.New(words)
	if err != nil {
		return 0, 0, err
	}
	asks, err := s.Passkey.asks(task)
	if err != nil {
		return 0, 0, err
	}
	all, err := streams(task, asks)
	if err != nil {
		return 0, 0, err
	}
	for _, stage := range s.Passkey.stages() {
		trained += stage.train.Steps * stage.train.Batch * stage.train.Segments * s.Model.Segment
		read += readTokens(all, s.Model.Segment, stage.samples)
	}
	return trained, read, nil
}
