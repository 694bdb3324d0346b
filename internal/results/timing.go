package results

// Timing is the cost of a cell. It has its own file, timing.json, because it differs from
// run to run and result.json must not.
type Timing struct {
	TrainSeconds float64 `json:"train_seconds"` // interruptions left out
	EvalSeconds  float64 `json:"eval_seconds"`
	TrainTokens  int64   `json:"train_tokens"`
	EvalTokens   int64   `json:"eval_tokens"`
	PeakRSS      int64   `json:"peak_rss_bytes"` // of the whole process, so far

	Stages []*StageTiming `json:"stages,omitempty"` // of a cell that is trained more than once; the sums are above

	PeakFLOPS float64     `json:"peak_flops,omitempty"` // per second, of large matrix products on this machine
	Lengths   []CostPoint `json:"lengths,omitempty"`    // of a cell that measures the cost

	// OtherCores is how many cores other processes kept busy meanwhile, on average; nil where
	// the system does not say, and of a cell that does not measure the cost.
	OtherCores *float64 `json:"other_cores,omitempty"`

	Finished string `json:"finished,omitempty"` // date of the last change, UTC: "2006-01-02"
}

// StageTiming is what one training of a cell, and the evaluation behind it, cost.
type StageTiming struct {
	Stage        string  `json:"stage"`
	TrainSeconds float64 `json:"train_seconds"`
	EvalSeconds  float64 `json:"eval_seconds"`
	TrainTokens  int64   `json:"train_tokens"`
	EvalTokens   int64   `json:"eval_tokens"`
}

// LogLine is one line of metrics.jsonl, the training log.
type LogLine struct {
	Step         int     `json:"step"`
	Loss         float64 `json:"loss"`   // mean NLL per token of the step, nats
	Tokens       int64   `json:"tokens"` // seen so far
	LearningRate float64 `json:"learning_rate"`
	GradNorm     float64 `json:"grad_norm"`
	Auxiliary    float64 `json:"auxiliary,omitempty"` // the memory's own loss, of a model that has one
	GateMin      float64 `json:"gate_min"`            // smallest and largest sigmoid(β)
	GateMax      float64 `json:"gate_max"`
	Seconds      float64 `json:"seconds"`          // since training began, interruptions left out
	Digits       float64 `json:"digits,omitempty"` // share of the digits of passkeys given before the step, where that was measured
}
