package results

// Plan is plan.json: all cells of a profile, in any state, and the size of their work, for the
// progress display.
type Plan struct {
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
