package results

// CostSettings is where speed and memory are measured: every model of the profile, and
// a control that attends to the whole sequence, as long as that can be waited for.
type CostSettings struct {
	Lengths        []int   `yaml:"lengths" required:"true" min:"1" max:"64"` // tokens of a sequence, rising
	ControlSeconds float64 `yaml:"control_seconds" required:"true" min:"0.001" max:"86400"`
	ControlMiB     int     `yaml:"control_mib" required:"true" min:"1" max:"16777216"`
}

// Measured says whether the profile measures cost at all.
func (c CostSettings) Measured() bool { return len(c.Lengths) > 0 }

// CostPoint is what a sequence of some length costs, measured or, where that would have
// exceeded the limits of the profile, predicted.
type CostPoint struct {
	Tokens     int   `json:"tokens"`
	StateBytes int64 `json:"state_bytes"` // carried from segment to segment
	Evaluation *Cost `json:"evaluation,omitempty"`
	Training   *Cost `json:"training,omitempty"` // one step

	WouldTakeSeconds float64 `json:"would_take_seconds,omitempty"` // both together, when not measured
	WouldTakeBytes   int64   `json:"would_take_bytes,omitempty"`
}

// Cost is the speed and the memory of one kind of work.
type Cost struct {
	TokensPerSecond float64 `json:"tokens_per_second"`
	FLOPS           float64 `json:"flops"`      // per second, as FLOPs counts them
	Bytes           int64   `json:"live_bytes"` // in use after the work, weights and state included
}
