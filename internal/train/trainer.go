package train

import (
	"context"
	"encoding/json"
	"fmt"

	"infinibench/internal/machine"
	"infinibench/models"
)

// Batch is the sequences of one step: ids, targets and weights are [B, length],
// targets[i] follows ids[i], and a weight of 0 leaves a target out. WriteCounts is
// as in [Backprop], and nil until a source makes it.
type Batch struct {
	IDs, Targets []int32
	Weights      []float32
	WriteCounts  []float32
}

// Source gives one batch after another, for ever.
type Source interface {
	// Next fills the batch; its slices have the right lengths.
	Next(*Batch) error
	// Cursor is where the source stands; SetCursor goes back there.
	Cursor() json.RawMessage
	SetCursor(json.RawMessage) error
}

// Settings is how a model is trained.
type Settings struct {
	Documents int // sequences of a step
	Length    int // tokens of a sequence
	Interval  int // segments in one graph; 0: all

	Steps, Warmup  int
	Rate, GateRate float64 // at the peak
	FinalRate      float64 // fraction of the peak that the cosine ends at, one step after the last
	// ClipNorm bounds the norm of all gradients together; 0: no limit. That of a memory's
	// own loss counts too (models.AuxiliaryLoss), so where it is large, clipping shortens the
	// step that the language model's loss takes.
	ClipNorm float64

	Directory  string // of the checkpoint that an interrupted run goes on from; "" for none
	SaveEvery  int    // steps
	ConfigHash string // settings a checkpoint must have been made with
}

// Line is what one step did.
type Line struct {
	Step         int
	Loss         float64 // mean NLL of the step's tokens, nats
	Tokens       int64   // seen so far
	LearningRate float64
	GradNorm     float64 // before clipping
	Seconds      float64 // since training began, interruptions left out
	Auxiliary    float64 // the memory's own loss; 0 for one that has none
}

// Fit trains a model from wherever its checkpoint stands, or from the start, to
// the last step. It calls step after every update, and begin once with the
// number of steps done already. When the context ends it saves a checkpoint and
// returns the context's error.
func Fit(ctx context.Context, m *models.Model, o Optimizer, source Source, s Settings, begin func(done int) error, step func(Line) error) error {
	b := NewBackprop(m, s.Documents, s.Interval)
	n := s.Documents * s.Length
	batch := &Batch{IDs: make([]int32, n), Targets: make([]int32, n), Weights: make([]float32, n)}
	schedule := Schedule{Warmup: s.Warmup, Steps: s.Steps, Final: s.FinalRate}

	var at Progress
	if s.Directory != "" {
		earlier, found, err := LoadProgress(s.Directory, m, o, s.ConfigHash)
		if err != nil {
			return err
		}
		if found {
			if err := source.SetCursor(earlier.Cursor); err != nil {
				return fmt.Errorf("train: checkpoint in %s: %w", s.Directory, err)
			}
			at = earlier
		}
	}
	if err := begin(at.Step); err != nil {
		return err
	}
	saved := at.Step
	save := func() error {
		if s.Directory == "" || at.Step == saved {
			return nil
		}
		saved = at.Step
		at.Cursor, at.ConfigHash = source.Cursor(), s.ConfigHash
		return SaveProgress(s.Directory, m, o, at)
	}
	for at.Step < s.Steps {
		if err := ctx.Err(); err != nil {
			if failed := save(); failed != nil {
				return failed
			}
			return err
		}
		start := machine.WorkTime()
		if err := source.Next(batch); err != nil {
			return err
		}
		scored := normalise(batch.Weights)
		b.WriteCounts = batch.WriteCounts
		loss, err := b.Run(batch.IDs, batch.Targets, batch.Weights)
		if err != nil {
			return fmt.Errorf("train: step %d: %w", at.Step+1, err)
		}
		norm := Clip(b.Gradients, s.ClipNorm)
		if norm-norm != 0 {
			err := b.locate(batch.IDs, batch.Targets, batch.Weights, &models.NotFinite{What: "gradient", Value: norm})
			return fmt.Errorf("train: step %d: %w", at.Step+1, err)
		}
		factor := schedule.Factor(at.Step)
		o.Step(b.Gradients, s.Rate*factor, s.GateRate*factor)
		at.Step++
		at.Tokens += scored
		at.Seconds += (machine.WorkTime() - start).Seconds()
		if err := step(Line{at.Step, loss, at.Tokens, s.Rate * factor, norm, at.Seconds, b.Auxiliary}); err != nil {
			return err
		}
		if s.SaveEvery > 0 && at.Step%s.SaveEvery == 0 && at.Step < s.Steps {
			if err := save(); err != nil {
				return err
			}
		}
	}
	return nil
}

// normalise makes the weights sum to 1, so that the loss is a mean, and returns
// how many targets count.
func normalise(weights []float32) int64 {
	var sum float64
	var n int64
	for _, w := range weights {
		sum += float64(w)
		if w != 0 {
			n++
		}
	}
	if n > 0 {
		for i := range weights {
			weights[i] = float32(float64(weights[i]) / sum)
		}
	}
	return n
}
