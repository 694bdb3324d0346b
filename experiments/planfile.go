package experiments

// PlanFile is plan.json: the cells that a profile has, whatever became of them, and
// how much work they are, for those who watch the run.
type PlanFile struct {
	Cells   []Cell `json:"cells"`
	Workers int    `json:"workers,omitempty"` // cells made at the same time
	Sizes   []Size `json:"sizes,omitempty"`   // of the cells, in their order
}

// Size is how much work a cell is.
type Size struct {
	ConfigHash     string         `json:"config_hash"`         // what its files were made with, if they are its own
	Trainings      []TrainingSize `json:"trainings,omitempty"` // one after the other
	EvaluateTokens int            `json:"evaluate_tokens"`     // about; of recall, pairs
}

// TrainingSize is one training of a cell.
type TrainingSize struct {
	Log    string `json:"log"` // its file in the directory of the cell
	Steps  int    `json:"steps"`
	Tokens int    `json:"tokens"` // of all steps
}

// planFile is what the profile is now about to make.
func planFile(o Options) (PlanFile, error) {
	work, err := Workload(o)
	if err != nil {
		return PlanFile{}, err
	}
	plan := PlanFile{Workers: o.workers()}
	for _, w := range work {
		plan.Cells = append(plan.Cells, w.Cell)
		plan.Sizes = append(plan.Sizes, o.Profile.size(w))
	}
	return plan, nil
}

func (p *Profile) size(w Work) Size {
	s := p.Settings(w.Cell)
	size := Size{ConfigHash: p.Hash(w.Cell), EvaluateTokens: w.EvaluateTokens}
	training := func(log string, steps, batch, length int) {
		size.Trainings = append(size.Trainings, TrainingSize{log, steps, steps * batch * length})
	}
	switch w.Cell.Experiment {
	case costExperiment: // it trains, but writes no log
		size.EvaluateTokens += w.TrainTokens
	case passkeyExperiment:
		for _, stage := range s.Passkey.stages() {
			t := stage.train
			training("metrics-"+stage.name+".jsonl", t.Steps, t.Batch, t.Segments*s.Model.Segment)
		}
	case booksumExperiment:
		t := s.Booksum.Pretraining
		training("pretraining.jsonl", t.Steps, t.Batch, t.Length)
		fallthrough
	case perplexityExperiment:
		training("metrics.jsonl", s.Training.Steps, s.Training.Batch, s.Length)
	}
	return size
}
