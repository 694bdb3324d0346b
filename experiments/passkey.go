package experiments

import (
	"fmt"
	"slices"
	"strings"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
)

// passkeyExperiment is the paper's Table 3.
var passkeyExperiment = &experiment{
	name:  "passkey",
	cells: passkeyCells, validate: validatePasskey, count: countPasskey, estimate: estimatePasskey, make: makePasskey,
}

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
}

// PasskeyTraining is one stage of training.
type PasskeyTraining struct {
	Steps            int     `yaml:"steps" required:"true" min:"1" max:"10000000"`
	Batch            int     `yaml:"batch" required:"true" min:"1" max:"65536"`    // sequences of a step
	Segments         int     `yaml:"segments" required:"true" min:"1" max:"65536"` // of a sequence
	LearningRate     float64 `yaml:"learning_rate" required:"true" min:"1e-8" max:"10"`
	GateLearningRate float64 `yaml:"gate_learning_rate" required:"true" min:"0" max:"10"`
}

// RecipeSettings is the recipe: questions in every later segment, their answers
// weighted; then, for half of the sequences, one question at the end and segments of
// filler that stand for many (train.Backprop.WriteCounts).
type RecipeSettings struct {
	Training     PasskeyTraining `yaml:"training" required:"true"`
	AnswerWeight float64         `yaml:"answer_weight" required:"true" min:"1" max:"1000"`    // of a digit; a token of anything else has 1
	RepeatsFrom  int             `yaml:"repeats_from" required:"true" min:"0" max:"10000000"` // the step from which segments stand for many
	RepeatsRamp  int             `yaml:"repeats_ramp" required:"true" min:"1" max:"10000000"` // steps over which they come to stand for so many:
	Repeats      float64         `yaml:"repeats" required:"true" min:"1" max:"1e7"`           // at most, drawn log-uniformly from 1
}

// Asked says whether the profile asks for passkeys at all.
func (s PasskeySettings) Asked() bool { return len(s.Models) > 0 }

// passkeyLongest is the longest prompt.
func passkeyLongest(s PasskeySettings) int { return s.Lengths[len(s.Lengths)-1] }

// passkeyCells is a cell for each model, of the first seed: what varies, and has an
// interval, is the samples.
func passkeyCells(p *Profile, seed uint64) []PlannedCell {
	var cells []PlannedCell
	for _, model := range p.Passkey.Models {
		c := p.newCell(Cell{Corpus: p.Passkey.Corpus, Model: model, Length: passkeyLongest(p.Passkey), Seed: seed})
		c.Settings.Model, c.Settings.Passkey = p.Passkey.Model, passkeyFor(p.Passkey, model)
		cells = append(cells, c)
	}
	return cells
}

// passkeyFor is the settings of one model, whom the others do not concern.
func passkeyFor(s PasskeySettings, model string) PasskeySettings {
	s.Models = []string{model}
	if !strings.HasPrefix(model, "infini-") {
		s.Samples = s.Others
	}
	return s
}

// passkeyStages are the trainings of a cell, in order.
func passkeyStages(s PasskeySettings) []passkeyStage {
	return []passkeyStage{
		{StageZeroShot, s.Language, s.Others},
		{StagePaper, s.Paper, s.Others},
		{StageRecipe, s.Recipe.Training, s.Samples},
	}
}

type passkeyStage struct {
	name    string
	train   PasskeyTraining
	samples int
}

// log is the name of its training log.
func (s passkeyStage) log() string { return "metrics-" + s.name + ".jsonl" }

// passkeyText is the corpus in a tokenizer that knows the words of the task too.
func passkeyText(t *TokenizedCorpus) (*TokenizedCorpus, error) {
	if _, closed := t.Tokenizer.(*tokenizer.Word); !closed {
		return t, nil
	}
	words := t.Corpus.(datasets.Generated).Vocabulary()
	for _, w := range passkey.Vocabulary() {
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	both, err := tokenizer.NewWord(words)
	if err != nil {
		return nil, err
	}
	return &TokenizedCorpus{Corpus: t.Corpus, Tokenizer: both}, nil
}

func validatePasskey(p *Profile, report reporter) {
	s := p.Passkey
	if !s.Asked() {
		return
	}
	if _, ok := p.Corpora[s.Corpus]; !ok {
		report("passkey.corpus", "got %q, which corpora does not hold", s.Corpus)
	}
	validateModels(report, "passkey.models", s.Models)
	before := 0
	for i, length := range s.Lengths {
		key := fmt.Sprintf("passkey.lengths[%d]", i)
		switch {
		case s.Model.Segment > 0 && length%s.Model.Segment != 0:
			report(key, "got %d; allowed: a multiple of passkey.model.segment, %d, as in training the answer ends a segment", length, s.Model.Segment)
		case s.Model.Segment > 0 && length < 2*s.Model.Segment:
			report(key, "got %d; allowed: at least two segments, %d, or nothing would be written to memory", length, 2*s.Model.Segment)
		case length <= before || length > passkey.MaxLength:
			report(key, "got %d; allowed: more than the length before, %d, and at most %d", length, before, passkey.MaxLength)
		}
		before = length
	}
}
