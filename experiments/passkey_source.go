package experiments

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/internal/jsonread"
	"infinibench/internal/results"
	"infinibench/internal/train"
)

// passkeySource draws samples of the task with the keys of the training split, all of
// one length. Without a recipe they are the paper's: one question, at the end.
type passkeySource struct {
	task           *passkey.Task
	keys           []passkey.Key
	seed           uint64
	rows, segments int
	segment        int // tokens
	recipe         *results.RecipeSettings
	step           int // batches drawn

	first, last int // where a needle can start

	// Of a recipe that waits until the digits are found.
	digits func() (float64, error) // the share that the model gives now
	found  int                     // the step before which it was large enough; 0: not yet
	seen   float64                 // the share before this step; 0 if not measured
}

// passkeyLook is the number of steps between two checks for the digits.
const passkeyLook = 25

func newPasskeySource(task *passkey.Task, seed uint64, t results.PasskeyTraining, segment int, recipe *results.RecipeSettings) (*passkeySource, error) {
	keys, err := passkey.Keys(datasets.Train, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		return nil, err
	}
	s := &passkeySource{task: task, keys: keys, seed: seed, rows: t.Batch, segments: t.Segments, segment: segment, recipe: recipe}
	if s.first, s.last, err = task.Starts(t.Segments*segment - passkey.Digits); err != nil || recipe == nil {
		return s, err
	}
	// A segment may be too short to ask in, which only a sample tells.
	_, err = task.Dense(passkey.Dense{Segments: s.segments, SegmentTokens: segment, Needle: s.first, Key: keys[0], Ask: passkey.AskLater})
	return s, err
}

// Next fills a batch. What is drawn depends on the seed and the step alone.
func (s *passkeySource) Next(b *train.Batch) error {
	s.step++
	if err := s.look(); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(s.seed, uint64(s.step)))
	if b.WriteCounts == nil {
		b.WriteCounts = make([]float32, s.rows*s.segments)
	}
	n := s.segments * s.segment
	for row := range s.rows {
		of := passkey.Dense{Segments: s.segments, SegmentTokens: s.segment, Needle: s.needleStart(r), Key: s.keys[r.IntN(len(s.keys))]}
		weight, most := 1.0, 1.0
		if s.recipe != nil {
			weight, most = s.recipe.AnswerWeight, s.largestWriteCount()
			// Half of the sequences ask once, and their filler may have write counts above
			// 1. Before repeats begin, all sequences ask in every later segment.
			if most == 1 || 2*row >= s.rows {
				of.Ask, most = passkey.AskLater+passkey.Ask(r.IntN(2)), 1
			}
		}
		task := s.task
		if s.searching() {
			task, of.Needle = s.task.Unannounced(), 0
		}
		x, err := task.Dense(of)
		if err != nil {
			return err
		}
		targets, weights := x.Targets(float32(weight))
		copy(b.IDs[row*n:], x.IDs)
		copy(b.Targets[row*n:], targets)
		sumToOne(weights)
		copy(b.Weights[row*n:], weights)
		for i, pure := range x.PureFiller(s.segment) {
			count := 1.0
			if pure {
				count = math.Pow(most, r.Float64())
			}
			b.WriteCounts[row*s.segments+i] = float32(count)
		}
	}
	return nil
}

// searching reports whether the digits have still to be found. Until then, every sequence
// begins with the needle: behind the lines that announce the question, which take more than a
// segment of its short tokens, stories260K found nothing in 3,500 steps; with the needle first
// it found the digits in 350, behind these lines as well.
func (s *passkeySource) searching() bool {
	return s.recipe != nil && s.recipe.RepeatsFound > 0 && s.found == 0
}

// look checks periodically whether the model has found the digits.
func (s *passkeySource) look() (err error) {
	s.seen = 0
	if !s.searching() || s.step == 1 || s.step%passkeyLook != 1 {
		return nil
	}
	if s.seen, err = s.digits(); err == nil && s.seen >= s.recipe.RepeatsFound {
		s.found = s.step
	}
	return err
}

// needleStart draws where a needle starts: anywhere, or in one of three cases at the very
// start or the very end, which are a cell of the paper's table each.
func (s *passkeySource) needleStart(r *rand.Rand) int {
	switch r.IntN(6) {
	case 0:
		return s.first
	case 1:
		return s.last
	}
	return s.first + r.IntN(s.last-s.first+1)
}

// largestWriteCount returns the maximum write count of a filler segment at this step.
func (s *passkeySource) largestWriteCount() float64 {
	if s.searching() {
		return 1
	}
	past := float64(s.step - max(s.recipe.RepeatsFrom, s.found-1))
	if past <= 0 {
		return 1
	}
	return math.Pow(s.recipe.Repeats, min(1, past/float64(s.recipe.RepeatsRamp)))
}

// sumToOne normalises weights to a sum of 1, so that all sequences of a batch weigh the same.
func sumToOne(weights []float32) {
	var sum float32
	for _, w := range weights {
		sum += w
	}
	for i := range weights {
		weights[i] /= sum
	}
}

// passkeyCursor is a place in the batches.
type passkeyCursor struct {
	Step  int `json:"step"`
	Found int `json:"found,omitempty"`
}

// Cursor is the number of batches drawn, and whether the digits were found.
func (s *passkeySource) Cursor() json.RawMessage {
	data, err := json.Marshal(passkeyCursor{s.step, s.found})
	if err != nil {
		panic(err) // two numbers
	}
	return data
}

// SetCursor resumes at a position that Cursor returned.
func (s *passkeySource) SetCursor(data json.RawMessage) error {
	var at passkeyCursor
	if err := jsonread.Line(data, &at); err != nil || at.Step < 0 || at.Found < 0 || at.Found > at.Step {
		return fmt.Errorf("experiments: cannot resume from batch %s", data)
	}
	s.step, s.found = at.Step, at.Found
	return nil
}
