package experiments

import (
	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
	"infinibench/models"
)

// countPasskey counts the task in the corpus's tokenizer if a file holds it, as with a
// pretrained model, and otherwise in words, which is what a passkey is written in most often.
func countPasskey(c PlannedCell, _ int, e *Estimate) error {
	t := c.tokenizer
	if t == nil {
		words, err := tokenizer.NewWord(passkey.Vocabulary())
		if err != nil {
			return err
		}
		t = words
	}
	task, err := passkey.New(t)
	if err != nil {
		return err
	}
	s := c.Settings
	prompts, err := passkeyPrompts(s.Passkey, task)
	if err != nil {
		return err
	}
	all, err := passkeyStreams(task, prompts)
	if err != nil {
		return err
	}
	for _, stage := range passkeyStages(s.Passkey) {
		e.training(stage.log(), stage.train.Steps, stage.train.Batch, stage.train.Segments*s.Model.Segment)
		e.EvaluateTokens += readTokens(all, s.Model.Segment, stage.samples)
	}
	return nil
}

// estimatePasskey is calibrated on the longest training. The evaluation reads many segments at
// once, for the state alone.
func estimatePasskey(c PlannedCell, e *Estimate, calibrate calibrator) error {
	s, recipe := c.Settings, c.Settings.Passkey.Recipe.Training
	s.Length, s.Training.Batch = recipe.Segments*s.Model.Segment, recipe.Batch
	return e.calibrated(calibrate, s, func(m *models.Model, _ float64) (float64, error) {
		reader, state, documents := newPasskeyReader(m, 1, 0), m.NewState(1), [][]int32{make([]int32, readAbreast(m.Config.Segment)*m.Config.Segment)}
		return perToken(len(documents[0]), func() error { return reader.read(state, documents, 0, len(documents[0])) })
	})
}
