package experiments

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"infinibench/baselines"
	"infinibench/internal/results"
	"infinibench/models"
)

// adaptExperiment is the paper's plug-and-play continual pre-training, compared with the same
// training without a memory.
var adaptExperiment = &experiment{
	name: "adapt", everySeed: true,
	cells: adaptCells, validate: validateAdapt, count: countAdapt, estimate: estimateAdapt, make: makeAdapt,
	keys: adaptKeys,
}

// adaptControl is the model without a memory.
var adaptControl = baselines.LocalOnly{}.Name()

// adaptCells returns a cell for the control and one for each memory. The first cell to run
// trains the base.
func adaptCells(p *Profile, seed uint64) []PlannedCell {
	s := p.Adapt
	if !s.Adapts() {
		return nil
	}
	var cells []PlannedCell
	for _, model := range append([]string{adaptControl}, s.Models...) {
		c := p.newCell(results.Cell{Corpus: s.Corpus, Model: model, Length: s.Training.Length, Seed: seed})
		c.Settings.Training, c.Settings.Evaluation = adaptTraining(p.Training, s.Training, 0), p.Evaluation // each way has a rate for its gates
		c.Settings.Adapt = adaptFor(s, p.Model, model)
		cells = append(cells, c)
	}
	return cells
}

// adaptFor returns the settings that apply to one model, without the other models'.
func adaptFor(s results.AdaptSettings, m results.ModelSettings, model string) results.AdaptSettings {
	s.Corpus, s.Models = "", nil // of the cell, and of others
	if s.Segment == 0 {
		s.Segment = m.Segment
	}
	if model == adaptControl {
		s.Ways, s.UngatedStart = adaptControlWays(s.Ways), false
	}
	return s
}

// adaptControlWays returns the training ways of the control: the memories' ways, as far as the
// control has the weights.
func adaptControlWays(all []results.AdaptWay) []results.AdaptWay {
	var ways []results.AdaptWay
	for _, w := range all {
		if own := (results.AdaptWay{Train: w.Train}); w.Train != results.AdaptGates && !slices.Contains(ways, own) {
			ways = append(ways, own)
		}
	}
	if ways == nil { // no cell is without a way, and this one trains nothing
		ways = []results.AdaptWay{{Train: results.AdaptGates}}
	}
	return ways
}

// adaptTraining returns the profile's training settings, overridden by the phase's.
func adaptTraining(s results.TrainingSettings, t results.AdaptTraining, gateRate float64) results.TrainingSettings {
	s.Batch, s.Steps, s.WarmupSteps = t.Batch, t.Steps, t.WarmupSteps
	s.LearningRate, s.GateLearningRate = t.LearningRate, gateRate
	return s
}

// adaptGateInits are the initial gates of the ways, each once: a model with a memory is
// scored with each of them before it is trained.
func adaptGateInits(ways []results.AdaptWay) []float64 {
	var all []float64
	for _, w := range ways {
		if !slices.Contains(all, w.GateInit) {
			all = append(all, w.GateInit)
		}
	}
	return all
}

// adaptReadings returns the maximum number of times that a cell reads the corpus, and how
// many of these readings also score the memory emptied and another document's memory.
func adaptReadings(model string, ways []results.AdaptWay) (all, ablated int) {
	trains := len(ways)
	if model == adaptControl {
		if ways[0].Train == results.AdaptGates {
			trains = 0
		}
		return 2 + trains, 0 // in its own context, and cut into segments
	}
	return len(adaptGateInits(ways)) + 2*trains, trains
}

func countAdapt(c PlannedCell, documents int, e *Estimate) error {
	s := c.Settings.Adapt
	for i, w := range s.Ways {
		if c.Model != adaptControl || w.Train != results.AdaptGates {
			e.training(adaptLog(i), s.Training.Steps, s.Training.Batch, s.Training.Length)
		}
	}
	if c.Model == adaptControl { // without a log of its own
		e.TrainTokens += s.Base.Steps * s.Base.Batch * s.Base.Length
	}
	document := max(c.Settings.Corpus.DocumentTokens, c.Settings.Corpus.MaxTokens)
	if document == 0 {
		document = assumedDocumentTokens
	}
	readings, _ := adaptReadings(c.Model, s.Ways)
	e.EvaluateTokens = readings*documents*document + s.OwnTexts*s.OwnTokens*readings
	return nil
}

func estimateAdapt(c PlannedCell, e *Estimate, calibrate calibrator) error {
	s := c.Settings
	s.Model.Segment, s.Model.UngatedStart = s.Adapt.Segment, s.Adapt.UngatedStart
	return e.calibrated(calibrate, s, func(_ *models.Model, forward float64) (float64, error) {
		readings, ablated := adaptReadings(c.Model, s.Adapt.Ways)
		return forward * float64(readings+2*ablated) / float64(readings), nil
	})
}

func validateAdapt(p *Profile, report reporter) {
	s := p.Adapt
	if !s.Adapts() {
		return
	}
	if _, ok := p.Corpora[s.Corpus]; !ok {
		report("adapt.corpus", "got %q, which corpora does not hold; allowed: %s", s.Corpus, strings.Join(slices.Sorted(maps.Keys(p.Corpora)), ", "))
	}
	if len(s.Models) == 0 {
		report("adapt.models", "missing; allowed: a list of length at least 1")
	}
	validateModels(report, "adapt.models", s.Models)
	if i := slices.Index(s.Models, adaptControl); i >= 0 {
		report(fmt.Sprintf("adapt.models[%d]", i), "got %s; leave it out: as the control it always runs too", adaptControl)
	}
	segment := s.Segment
	if segment == 0 {
		segment = p.Model.Segment
	}
	switch {
	case s.Segment != 0 && p.Model.From != "":
		report("adapt.segment", "got %d; leave it out: model.segment is the segment of a pretrained model with a memory", s.Segment)
	case s.Segment > p.Model.Segment:
		report("adapt.segment", "got %d; allowed: at most model.segment, %d, the context of the base", s.Segment, p.Model.Segment)
	}
	validateAdaptTraining(p, "adapt.training", s.Training, segment, report)
	switch given := s.Base != (results.AdaptTraining{}); {
	case p.Model.Scratch:
		report("model.from_scratch", "got true; allowed: false, as adapt starts from the weights of the folder")
	case given && p.Model.From != "":
		report("adapt.base", "leave it out: the base is the model in model.from")
	case given:
		validateAdaptTraining(p, "adapt.base", s.Base, p.Model.Segment, report)
	case p.Model.From == "":
		report("adapt.base", "missing; allowed: the training of the base, as it comes from no folder")
	}
	for i, w := range s.Ways {
		key := fmt.Sprintf("adapt.ways[%d]", i)
		if slices.Contains(s.Ways[:i], w) {
			report(key, "is listed twice; list it once")
		}
		if w.Train == results.AdaptGates && w.GateLearningRate == 0 {
			report(key+".gate_learning_rate", "got 0; allowed: more than 0, as nothing but the gates is trained")
		}
	}
}

// validateAdaptTraining reports a training that fits neither the texts nor the segments.
func validateAdaptTraining(p *Profile, key string, t results.AdaptTraining, segment int, report reporter) {
	if segment > 0 && t.Length%segment != 0 {
		report(key+".length", "got %d; allowed: a multiple of the segment, %d", t.Length, segment)
	}
	if n := p.Corpora[p.Adapt.Corpus].DocumentTokens; n != 0 && t.Length > n {
		report(key+".length", "got %d; allowed: at most document_tokens of %s, %d", t.Length, p.Adapt.Corpus, n)
	}
	if t.WarmupSteps > t.Steps {
		report(key+".warmup_steps", "got %d; allowed: at most its steps, %d", t.WarmupSteps, t.Steps)
	}
}
