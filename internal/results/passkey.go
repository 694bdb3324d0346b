package results

import (
	"infinibench/datasets/passkey"
)

// PasskeySettings is the paper's Table 3: models that read a number out of a long
// text. Each model is trained as a language model, and from there twice on the task:
// as in the paper, and by the recipe of docs/passkey.md.
type PasskeySettings struct {
	Models []string      `yaml:"models" required:"true" min:"1"`
	Corpus string        `yaml:"corpus" required:"true"` // trained on first, and whose tokenizer the task is written in
	Model  ModelSettings `yaml:"model" required:"true"`  // in place of the profile's

	Language PasskeyTraining `yaml:"language" required:"true"` // as a language model
	Paper    PasskeyTraining `yaml:"paper" required:"true"`    // on the paper's form of the task
	Recipe   RecipeSettings  `yaml:"recipe" required:"true"`

	Lengths []int `yaml:"lengths" required:"true" min:"1" max:"64"`         // of the prompts with their answers, tokens, rising
	Samples int   `yaml:"samples" required:"true" min:"1" max:"1000"`       // of each cell of the grid, of an Infini-Transformer after the recipe
	Others  int   `yaml:"other_samples" required:"true" min:"1" max:"1000"` // of every other model and stage, which are at chance more often than not
	Batch   int   `yaml:"batch" required:"true" min:"1" max:"1000"`         // samples read side by side

	// PaperSamples is the number after the paper's fine-tuning; 0: Others. Fewer than 8 are no
	// fair trial of the paper's claim.
	PaperSamples int `yaml:"paper_samples,omitempty" json:",omitempty" min:"1" max:"1000"`
}

// PasskeyTraining is one stage of training.
type PasskeyTraining struct {
	Steps            int     `yaml:"steps" required:"true" min:"1" max:"10000000"`
	Batch            int     `yaml:"batch" required:"true" min:"1" max:"65536"`    // sequences of a step
	Segments         int     `yaml:"segments" required:"true" min:"1" max:"65536"` // of a sequence
	LearningRate     float64 `yaml:"learning_rate" required:"true" min:"1e-8" max:"10"`
	GateLearningRate float64 `yaml:"gate_learning_rate" required:"true" min:"0" max:"10"`
}

// RecipeSettings configures the recipe: questions in every later segment, with weighted
// answers; then, for half of the sequences, one question at the end and filler segments
// that count as many writes (train.Backprop.WriteCounts).
type RecipeSettings struct {
	Training     PasskeyTraining `yaml:"training" required:"true"`
	AnswerWeight float64         `yaml:"answer_weight" required:"true" min:"1" max:"1000"`    // of a digit; a token of anything else has 1
	RepeatsFrom  int             `yaml:"repeats_from" required:"true" min:"0" max:"10000000"` // the step from which segments count as many writes
	RepeatsRamp  int             `yaml:"repeats_ramp" required:"true" min:"1" max:"10000000"` // steps over which the count grows to
	Repeats      float64         `yaml:"repeats" required:"true" min:"1" max:"1e7"`           // this maximum, drawn log-uniformly from 1

	// RepeatsFound puts that off until the model gives this share of the digits in prompts as
	// long as its training sequences, with the needle at the start; 0 does not ask for it.
	RepeatsFound float64 `yaml:"repeats_found,omitempty" json:",omitempty" min:"0.01" max:"1"`
}

// Asked says whether the profile asks for passkeys at all.
func (s PasskeySettings) Asked() bool { return len(s.Models) > 0 }

// Passkey is what one model did in passkey retrieval (paper Table 3).
type Passkey struct {
	Task   PasskeyTask    `json:"task"`
	Stages []PasskeyStage `json:"stages"` // in the order in which they were trained
}

// PasskeyTask says what was asked.
type PasskeyTask struct {
	Tokenizer string  `json:"tokenizer"`
	Filler    string  `json:"filler"`        // "sentences" or "books-…"
	Period    int     `json:"filler_period"` // tokens after which it repeats itself
	Digits    int     `json:"digits"`        // of a key, one token each
	Chance    float64 `json:"chance"`        // of a guess at one of them
	Samples   int     `json:"samples"`       // of each cell of the grid, with keys that no training saw
}

// PasskeyStage is one state of the weights and its scores.
type PasskeyStage struct {
	Stage       string           `json:"stage"` // one of PasskeyStages
	Steps       int              `json:"steps"` // of this stage
	TrainTokens int64            `json:"train_tokens"`
	Grid        []PasskeyScore   `json:"grid"`                   // by length, then position
	Writes      []PasskeyScore   `json:"writes"`                 // needle at the start, ever longer prompts
	LastSegment *PasskeyScore    `json:"last_segment,omitempty"` // needle and question in one segment; nil: a segment has no room for both
	Gates       [][]float64      `json:"gates,omitempty"`        // sigmoid(β), [layer][head]
	Examples    []PasskeyExample `json:"examples"`
	// Found is after how many steps the model first gave RepeatsFound of the digits; 0: never,
	// or the recipe does not ask.
	Found int `json:"found,omitempty"`
	// Looks are the shares of the digits that were measured on the way.
	Looks []PasskeyLook `json:"looks,omitempty"`
}

// PasskeyLook is the share of the digits that a model gives after some steps of a training.
type PasskeyLook struct {
	Step  int     `json:"step"`
	Share float64 `json:"share"`
}

// The stages of a cell. Each of the last two starts from the first.
const (
	StageZeroShot = "zero-shot"  // trained as a language model only
	StagePaper    = "fine-tuned" // on the paper's task: one question at the end
	StageRecipe   = "recipe"     // on the task with many questions, and segments that count as many writes
)

// PasskeyStages are all of them, in order.
var PasskeyStages = []string{StageZeroShot, StagePaper, StageRecipe}

// PasskeyScore is the accuracy at one length and position, over all samples.
type PasskeyScore struct {
	Length   int    `json:"length"`   // tokens, the answer included
	Position string `json:"position"` // "start", "middle" or "end"
	Writes   int    `json:"writes"`   // segments written to memory between the needle's last token and the question's first
	Samples  int    `json:"samples"`
	Tokens   Share  `json:"tokens"`           // digits that were right: the paper's token accuracy
	Exact    Share  `json:"exact"`            // keys that were right as a whole
	Zeroed   *Share `json:"zeroed,omitempty"` // digits, the memory emptied before the running segment; nil: no memory
}

// Share is a proportion with its 95 % Wilson interval, which is over keys: for digits it is
// as wide as if all digits of a key were right or wrong together.
type Share struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// PasskeyExample is one sample as a reader may want to see it.
type PasskeyExample struct {
	Answer PasskeyAnswer  `json:"answer"`
	Before []PasskeyToken `json:"before"` // up to 50 tokens before the needle
	Needle []PasskeyToken `json:"needle"`
	After  []PasskeyToken `json:"after"` // up to 50 tokens after it
	Asked  []PasskeyToken `json:"asked"` // the question
}

// PasskeyToken is a token's text and its id.
type PasskeyToken struct {
	ID   int32  `json:"id"`
	Text string `json:"text"`
}

// PasskeyAnswer is what a model answered to one prompt: one line of samples.jsonl.
type PasskeyAnswer struct {
	Stage       string         `json:"stage"`
	Kind        string         `json:"kind"` // "grid", "writes" or "last segment"
	Length      int            `json:"length"`
	Position    string         `json:"position"`
	Sample      int            `json:"sample"` // 0, 1, …
	Key         passkey.Key    `json:"key"`
	Needle      passkey.Span   `json:"needle"`
	Writes      int            `json:"writes"`
	Hash        string         `json:"prompt_sha256"`
	Output      []PasskeyToken `json:"output"`           // the most likely tokens in turn, one for each digit of the key
	Right       []bool         `json:"right"`            // of each token of the output
	Probability []float64      `json:"probability"`      // that the model gave each right digit
	Zeroed      []bool         `json:"zeroed,omitempty"` // right, with the memory emptied
}
