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
	EvaluateTokens int            `json:"evaluate_tokens"`     // roughly
}

// TrainingSize is one training of a cell.
type TrainingSize struct {
	Log    string `json:"log"` // its file in the directory of the cell
	Steps  int    `json:"steps"`
	Tokens int    `json:"tokens"` // of all steps
}

// planFile is what a run is about to make.
func planFile(o Options, work []Estimate) PlanFile {
	plan := PlanFile{Workers: o.workers()}
	for _, e := range work {
		size := Size{ConfigHash: e.hash, Trainings: e.trainings, EvaluateTokens: e.TrainTokens + e.EvaluateTokens}
		for _, t := range e.trainings { // without a log, training counts as evaluation
			size.EvaluateTokens -= t.Tokens
		}
		plan.Cells, plan.Sizes = append(plan.Cells, e.Cell), append(plan.Sizes, size)
	}
	return plan
}
