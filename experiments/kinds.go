package experiments

import (
	"context"

	"infinibench/internal/results"
)

// experiments is every kind of experiment, in the order of the work: within a seed, and
// then among those that are run once. A new one takes a line here, a key in
// ExperimentSettings, and files that begin with its name (docs/adr/0007).
var experiments = []*experiment{
	perplexityExperiment,
	booksumExperiment,
	adaptExperiment,
	passkeyExperiment,
	recallExperiment,
	costExperiment,
}

// experiment describes one kind of experiment to the profile, the plan and the runner.
type experiment struct {
	name      string // in cells, and the key of its settings in a profile
	everySeed bool   // repeated with each seed of the profile; otherwise with the first alone
	alone     bool   // its cells run last and one at a time, as they measure the machine

	// cells lists the cells that a profile has for one seed; none if it lacks the experiment.
	cells func(p *Profile, seed uint64) []PlannedCell
	// validate reports what the tags of the settings cannot say.
	validate func(p *Profile, report reporter)
	// count sets the tokens of a cell; documents is how many of its corpus are scored.
	count func(c PlannedCell, documents int, e *Estimate) error
	// estimate adds the seconds and the bytes of a cell whose tokens are counted.
	estimate func(c PlannedCell, e *Estimate, calibrate calibrator) error
	// make runs a cell and writes its result, resuming whatever an earlier run left.
	make func(ctx context.Context, r *cellRun) error
	// model is the settings of models of its own in a profile; nil: it has the profile's.
	model func(p *Profile) *results.ModelSettings
	// sized marks an experiment whose models come from sizes even if the profile names a folder.
	sized bool
	// misreads marks an experiment whose models can be trained on another memory than their own.
	misreads bool
	// keys describes the settings, each key below the experiment's own: ".lengths".
	keys []keyDoc
}
