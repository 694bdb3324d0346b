package experiments

import (
	"fmt"
	"slices"

	"infinibench/internal/results"
)

// costExperiment measures speed and memory. Its cells have neither corpus nor seed.
var costExperiment = &experiment{
	name: "cost", alone: true, sized: true,
	cells: costCells, validate: validateCost, count: countCost, estimate: estimateCost, make: makeCost,
	keys: costKeys,
}

// costCells is a cell for each language model of the profile, and one for the control.
func costCells(p *Profile, _ uint64) []PlannedCell {
	models := p.languageModels()
	if !p.Cost.Measured() || len(models) == 0 {
		return nil
	}
	var cells []PlannedCell
	// The control scales with the measured sequence, so a trained control needs no extra cell.
	models = slices.DeleteFunc(models, func(id string) bool { return id == results.FullAttention })
	for _, model := range append(models, results.FullAttention) {
		c := p.newCell(results.Cell{Model: model, Length: p.Cost.Lengths[len(p.Cost.Lengths)-1]})
		s := &c.Settings
		// The vocabulary comes from the first corpus. One sequence is trained on, with
		// the paper's checkpoint after each segment, so that any length can be.
		s.CorpusName = p.Perplexity[0].Corpus
		s.Corpus, s.Baselines, s.Training, s.Evaluation, s.Cost = p.Corpora[s.CorpusName], baselinesFor(p.Baselines, model), p.Training, p.Evaluation, p.Cost
		s.Training.Batch, s.Training.CheckpointInterval = 1, 1
		cells = append(cells, c)
	}
	return cells
}

func validateCost(p *Profile, report reporter) {
	if p.Cost.Measured() && len(p.languageModels()) == 0 {
		report("cost", "there are no models to measure; allowed: with perplexity, whose models it measures")
	}
	before := 0
	for i, length := range p.Cost.Lengths {
		key := fmt.Sprintf("cost.lengths[%d]", i)
		switch {
		case p.Model.Segment > 0 && length%p.Model.Segment != 0:
			report(key, "got %d; allowed: a multiple of model.segment, %d", length, p.Model.Segment)
		case length <= before || length > 1<<24:
			report(key, "got %d; allowed: more than the length before, %d, and at most %d", length, before, 1<<24)
		}
		before = length
	}
}

// countCost: each length is trained on and evaluated as often; no log is written.
func countCost(c PlannedCell, _ int, e *Estimate) error {
	for _, length := range c.Settings.Cost.Lengths {
		e.TrainTokens += costRuns * length
	}
	e.EvaluateTokens = e.TrainTokens
	return nil
}

func estimateCost(c PlannedCell, e *Estimate, calibrate calibrator) error {
	s := c.Settings
	if c.Model != results.FullAttention {
		return e.calibrated(calibrate, s, scoredOnce)
	}
	// Lengths that double take four times as long, so the last takes three quarters of the
	// time. Each runs once more, to warm up.
	e.Seconds, e.Bytes = 4./3*(costRuns+1)*s.Cost.ControlSeconds, int64(s.Cost.ControlMiB)<<20
	return nil
}
