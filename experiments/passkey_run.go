package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// passkeyRun makes one cell of passkey retrieval (paper Table 3).
type passkeyRun struct {
	*cellRun
	task *passkey.Task
	keys []passkey.Key // asked for, one for each sample
}

// makePasskey makes one cell: three trainings, each with its evaluation.
func makePasskey(ctx context.Context, r *cellRun) error {
	var err error
	if r.text, err = passkeyText(r.text); err != nil {
		return err
	}
	run := &passkeyRun{cellRun: r}
	if run.task, err = passkey.New(r.text.Tokenizer); err != nil {
		return err
	}
	if run.keys, err = passkey.Keys(datasets.Test, rand.New(rand.NewPCG(r.cell.Seed, 0))); err != nil {
		return err
	}
	s := r.settings.Passkey
	if n := max(s.Samples, s.Others, s.PaperSamples); n > len(run.keys) {
		return fmt.Errorf("experiments: %d samples, but only %d keys are reserved for tests", n, len(run.keys))
	}
	return run.make(ctx)
}

func (r *passkeyRun) make(ctx context.Context) error {
	if err := r.begin(); err != nil {
		return err
	}
	s := r.settings.Passkey
	// A recipe that cannot be had is better known before two stages are trained.
	for _, stage := range passkeyStages(s)[1:] {
		if _, err := r.source(stage); err != nil {
			return err
		}
	}
	sample, err := r.task.Prompt(passkey.Prompt{Length: s.Lengths[0] - passkey.Digits})
	if err != nil {
		return err
	}
	result := r.result()
	result.Protocol = fmt.Sprintf("passkey/%s/%s/v%d", sample.Filler, r.text.Tokenizer.Name(), ProtocolVersion)
	result.Passkey = &results.Passkey{Task: results.PasskeyTask{
		Tokenizer: sample.Tokenizer, Filler: sample.Filler, Period: sample.Period,
		Digits: passkey.Digits, Chance: 0.1, Samples: s.Samples,
	}}
	for i, stage := range passkeyStages(s) {
		m, tokens, err := r.train(ctx, i, stage)
		if err != nil {
			return err
		}
		if m.Memory, err = NewMemory(r.cell.Model, evaluatedBaselines(r.settings.Baselines)); err != nil {
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
		if err := r.looked(stage, &scored); err != nil {
			return err
		}
		result.Passkey.Stages = append(result.Passkey.Stages, scored)
		result.Gates = m.Gates()
		if result.Footprint, err = measureFootprint(m); err != nil {
			return err
		}
		result.Scale = results.Scale{
			Parameters: m.Parameters(), Layers: m.Config.Layers, DModel: m.Config.Width(), Heads: m.Config.Heads, Segment: m.Config.Segment,
			TrainLength: stage.train.Segments * m.Config.Segment, Batch: stage.train.Batch, Steps: stage.train.Steps, TrainTokens: result.Scale.TrainTokens + tokens,
		}
	}
	if result.Passkey.Stages[0].LastSegment == nil {
		result.Warnings = append(result.Warnings, "no control with needle and question in one segment: a segment has no room for both")
	}
	sumStages(&r.timing)
	if err := r.saveTiming(); err != nil {
		return err
	}
	for _, stage := range passkeyStages(s) {
		if err := train.ForgetProgress(r.directory(stage)); err != nil {
			return err
		}
	}
	return r.files.finish(result)
}

// directory is where a stage keeps its model: runs/…/checkpoint/<stage>.
func (r *passkeyRun) directory(s passkeyStage) string {
	return filepath.Join(r.files.checkpoint(), s.name)
}

// train returns the model of a stage and the tokens of its training.
func (r *passkeyRun) train(ctx context.Context, i int, stage passkeyStage) (*models.Model, int64, error) {
	s := r.settings
	training := s.Training
	training.Steps, training.Batch = stage.train.Steps, stage.train.Batch
	training.LearningRate, training.GateLearningRate = stage.train.LearningRate, stage.train.GateLearningRate
	training.WarmupSteps = min(training.WarmupSteps, training.Steps)
	length := stage.train.Segments * s.Model.Segment
	cost := stageTiming(&r.timing, stage.name)
	if err := os.MkdirAll(r.directory(stage), 0o755); err != nil {
		return nil, 0, err
	}
	curriculum := 0.0
	if stage.name == results.StageZeroShot { // a prompt cannot be cut
		curriculum = s.Baselines.Curriculum()
	}
	var start *models.Model
	digits := new(float64)
	m, err := r.fit(ctx, phase{
		dir: r.directory(stage), log: stage.log(), training: training, length: length, curriculum: curriculum,
		begin: func() (m *models.Model, err error) {
			if i == 0 {
				return r.newModel()
			}
			start, _, err = LoadModel(r.directory(passkeyStages(s.Passkey)[0]))
			return start, err
		},
		source: func() (train.Source, error) {
			if stage.name == results.StageZeroShot {
				return newTrainingSource(r.text, s.Seed, training.Batch, length)
			}
			source, err := r.source(stage)
			if err == nil {
				source.digits, err = r.digits(start, length)
				digits = &source.seen
			}
			return source, err
		},
		digits:  func() float64 { return *digits },
		seconds: &cost.TrainSeconds, tokens: &cost.TrainTokens,
	})
	sumStages(&r.timing)
	return m, cost.TrainTokens, err
}

// source draws training examples of the task for a stage.
func (r *passkeyRun) source(stage passkeyStage) (*passkeySource, error) {
	var recipe *results.RecipeSettings
	if stage.name == results.StageRecipe {
		recipe = &r.settings.Passkey.Recipe
	}
	return newPasskeySource(r.task, r.settings.Seed, stage.train, r.settings.Model.Segment, recipe)
}
