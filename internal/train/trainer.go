package train

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"infinibench/internal/machine"
	"infinibench/models"
)

// Batch is the sequences of one step. IDs, Targets and Weights are [B, length]; Targets[i]
// follows IDs[i], and a weight of 0 excludes a target. WriteCounts is as in [Backprop],
// and nil until a source sets it.
type Batch struct {
	IDs, Targets []int32
	Weights      []float32
	WriteCounts  []float32
}

// Source returns one batch after another, for ever.
type Source interface {
	// Next fills the batch; its slices have the right lengths.
	Next(*Batch) error
	// Cursor is the position of the source; SetCursor returns to it.
	Cursor() json.RawMessage
	SetCursor(json.RawMessage) error
}

// Selected are the weights of a model that trained selects, all if it is nil.
func Selected(m *models.Model, trained func(*models.Param) bool) []*models.Param {
	if trained == nil {
		return m.Params
	}
	return slices.DeleteFunc(slices.Clone(m.Params), func(p *models.Param) bool { return !trained(p) })
}

// Settings is how a model is trained.
type Settings struct {
	Documents int // sequences of a step
	Length    int // tokens of a sequence
	Interval  int // segments in one graph; 0: all

	Steps, Warmup  int
	Rate, GateRate float64 // at the peak
	FinalRate      float64 // fraction of the peak at which the cosine ends, one step after the last
	// ClipNorm bounds the norm of all gradients together; 0 means no limit. The
	// gradient of an auxiliary loss (models.AuxiliaryLoss) counts too, so where it is
	// large, clipping shortens the step that the language-model loss takes.
	ClipNorm float64
	// Trained selects the weights that change; nil selects all. The optimiser must be made
	// of these alone, and only their gradients count towards ClipNorm.
	Trained func(*models.Param) bool

	// Curriculum is the share of the steps whose sequences are shorter, as the authors of the
	// Recurrent Memory Transformer train it (Bulatov et al. 2023, arXiv 2304.11062, section
	// "Curriculum Learning"): first single segments, then longer and longer stretches. The
	// lengths are the divisors of the number of segments, in equal parts. A batch is the same
	// as without, and each of its sequences is cut into sequences of the shorter length.
	Curriculum float64

	Directory  string // of the checkpoint that an interrupted run resumes from; "" for none
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

// Fit trains a model from its last checkpoint, or from the start, to the last step. It
// calls begin once, with the number of steps already done, and step after every update.
// When the context ends, it saves a checkpoint and returns the context's error.
func Fit(ctx context.Context, m *models.Model, o Optimizer, source Source, s Settings, begin func(done int) error, step func(Line) error) error {
	at, err := resume(m, o, source, s)
	if err != nil {
		return err
	}
	n := s.Documents * s.Length
	f := &fitting{
		Settings: s, model: m, optimizer: o, source: source,
		batch:    &Batch{IDs: make([]int32, n), Targets: make([]int32, n), Weights: make([]float32, n)},
		schedule: Schedule{Warmup: s.Warmup, Steps: s.Steps, Final: s.FinalRate},
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
		line, err := f.step(&at)
		if err != nil {
			return err
		}
		if err := step(line); err != nil {
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

// resume restores model, optimiser and source from the checkpoint, if there is one.
func resume(m *models.Model, o Optimizer, source Source, s Settings) (Progress, error) {
	if s.Directory == "" {
		return Progress{}, nil
	}
	at, found, err := LoadProgress(s.Directory, m, o, s.ConfigHash)
	if err != nil || !found {
		return Progress{}, err
	}
	if err := source.SetCursor(at.Cursor); err != nil {
		return Progress{}, fmt.Errorf("train: checkpoint in %s: %w", s.Directory, err)
	}
	return at, nil
}

// fitting is what the steps of a training share.
type fitting struct {
	Settings
	model     *models.Model
	backprop  *Backprop // for sequences of length
	length    int
	optimizer Optimizer
	source    Source
	batch     *Batch
	schedule  Schedule
}

// step draws a batch, updates the weights and advances at.
func (f *fitting) step(at *Progress) (Line, error) {
	start := machine.WorkTime()
	if length := f.sequence(at.Step, f.model.Config.Segment); length != f.length {
		f.length, f.backprop = length, NewBackprop(f.model, f.Documents*f.Length/length, f.Interval)
		f.backprop.Trained = f.Trained
	}
	b, batch := f.backprop, f.batch
	if err := f.source.Next(batch); err != nil {
		return Line{}, err
	}
	scored := normalise(batch.Weights)
	b.WriteCounts = batch.WriteCounts
	loss, err := b.Run(batch.IDs, batch.Targets, batch.Weights)
	if err != nil {
		return Line{}, fmt.Errorf("train: step %d: %w", at.Step+1, err)
	}
	gradients := b.selected()
	norm := Clip(gradients, f.ClipNorm)
	if norm-norm != 0 {
		err := b.locate(batch.IDs, batch.Targets, batch.Weights, &models.NotFinite{What: "gradient", Value: norm})
		return Line{}, fmt.Errorf("train: step %d: %w", at.Step+1, err)
	}
	factor := f.schedule.Factor(at.Step)
	f.optimizer.Step(gradients, f.Rate*factor, f.GateRate*factor)
	at.Step++
	at.Tokens += scored
	at.Seconds += (machine.WorkTime() - start).Seconds()
	return Line{at.Step, loss, at.Tokens, f.Rate * factor, norm, at.Seconds, b.Auxiliary}, nil
}

// normalise scales the weights to a sum of 1, so that the loss is a mean, and returns
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
