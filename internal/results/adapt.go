package results

// AdaptSettings is the paper's "plug-and-play continual pre-training": a memory is plugged
// into a language model that was trained without one, and the training continues. The base
// is the folder that the profile's model comes from, or a local-only model of the profile's
// size, which is trained first.
type AdaptSettings struct {
	Corpus       string        `yaml:"corpus,omitempty" json:",omitempty"` // that the models are adapted to
	Models       []string      `yaml:"models,omitempty" json:",omitempty"` // whose memories are plugged in; local-only, the control, always runs too
	Base         AdaptTraining `yaml:"base,omitempty" json:",omitzero"`    // of a base that comes from no folder, on the same corpus
	Segment      int           `yaml:"segment,omitempty" json:",omitempty" min:"1" max:"65536"`
	UngatedStart bool          `yaml:"ungated_start" required:"true"` // in place of the model's
	Training     AdaptTraining `yaml:"training" required:"true"`      // after the memory is plugged in
	// Ways are trained one after the other, each from the base. Claims are judged by the
	// first.
	Ways      []AdaptWay `yaml:"ways" required:"true" min:"1" max:"16"`
	OwnTexts  int        `yaml:"own_texts" required:"true" min:"2" max:"10000"`
	OwnTokens int        `yaml:"own_tokens" required:"true" min:"2" max:"1048576"`
}

// Adapts reports whether the profile has the experiment at all.
func (s AdaptSettings) Adapts() bool { return len(s.Ways) > 0 }

// AdaptTraining is what a training does not take from the profile.
type AdaptTraining struct {
	Length       int     `yaml:"length" required:"true" min:"1" max:"16777216"` // tokens of a sequence
	Batch        int     `yaml:"batch" required:"true" min:"1" max:"65536"`
	Steps        int     `yaml:"steps" required:"true" min:"1" max:"10000000"`
	WarmupSteps  int     `yaml:"warmup_steps" required:"true" min:"0" max:"10000000"`
	LearningRate float64 `yaml:"learning_rate" required:"true" min:"1e-8" max:"10"`
}

// AdaptWay is how a memory starts and what is trained.
type AdaptWay struct {
	GateInit         float64 `yaml:"gate_init" json:"gate_init" required:"true" min:"-20" max:"20"`
	GateLearningRate float64 `yaml:"gate_learning_rate" json:"gate_learning_rate" required:"true" min:"0" max:"10"`
	Train            string  `yaml:"train" json:"train" required:"true" oneof:"all gates gates-and-norms"`
}

// What an AdaptWay trains.
const (
	AdaptAll           = "all"
	AdaptGates         = "gates"
	AdaptGatesAndNorms = "gates-and-norms"
)

// Adapt is the result of one base with one memory or with none.
type Adapt struct {
	Base AdaptBase  `json:"base"`
	Rows []AdaptRow `json:"rows"`
}

// AdaptBase is the model that everything starts from.
type AdaptBase struct {
	Name        string `json:"name"`    // as in ModelSettings.From; "local-only" for one that was trained here
	Weights     string `json:"weights"` // SHA-256 of the numbers
	Parameters  int64  `json:"parameters"`
	Context     int    `json:"context"`                // tokens that it was trained to see
	TrainTokens int64  `json:"train_tokens,omitempty"` // of one that was trained here
}

// AdaptRow is one model and its loss.
type AdaptRow struct {
	Kind    string      `json:"kind"`            // one of the kinds below
	Way     *AdaptWay   `json:"way,omitempty"`   // of a model with a memory, or trained further; without gates of the control
	Segment int         `json:"segment"`         // tokens
	Score   *Perplexity `json:"score"`           // on the corpus; without positions, classes and ages
	Shut    *Perplexity `json:"shut,omitempty"`  // with every gate shut, β = -∞
	Own     AdaptOwn    `json:"own"`             // on texts that the base wrote
	Gates   [][]float64 `json:"gates,omitempty"` // sigmoid(β), [layer][head]
}

// The kinds of an AdaptRow.
const (
	AdaptContext = "context" // the base in the context that it was trained with, if that is longer than a segment
	AdaptCut     = "cut"     // the base cut into segments
	AdaptPlugged = "plugged" // the base with a memory, untrained
	AdaptTrained = "trained" // trained further
)

// AdaptOwn is the loss on texts that the base wrote, at temperature 1: its rise over the
// base's own is an estimate of how far the model has moved from the base, the
// Kullback-Leibler divergence.
type AdaptOwn struct {
	NLL    float64 `json:"nll"` // nats
	Tokens int64   `json:"tokens"`
}
