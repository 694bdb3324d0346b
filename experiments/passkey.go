package experiments

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/results"
)

// passkeyExperiment is the paper's Table 3.
var passkeyExperiment = &experiment{
	name:  "passkey",
	model: func(p *Profile) *results.ModelSettings { return &p.Passkey.Model },
	cells: passkeyCells, validate: validatePasskey, count: countPasskey, estimate: estimatePasskey, make: makePasskey,
	keys: passkeyKeys,
}

// passkeyLongest is the longest prompt.
func passkeyLongest(s results.PasskeySettings) int { return s.Lengths[len(s.Lengths)-1] }

// passkeyCells is a cell for each model, of the first seed: what varies, and has an
// interval, is the samples.
func passkeyCells(p *Profile, seed uint64) []PlannedCell {
	var cells []PlannedCell
	for _, model := range p.Passkey.Models {
		c := p.newCell(results.Cell{Corpus: p.Passkey.Corpus, Model: model, Length: passkeyLongest(p.Passkey), Seed: seed})
		c.Settings.Model, c.Settings.Passkey = p.Passkey.Model, passkeyFor(p.Passkey, model)
		cells = append(cells, c)
	}
	return cells
}

// passkeyFor returns the settings that apply to one model, without the other models'.
func passkeyFor(s results.PasskeySettings, model string) results.PasskeySettings {
	s.Models = []string{model}
	if !strings.HasPrefix(model, "infini-") {
		s.Samples = s.Others
	}
	return s
}

// passkeyStages are the trainings of a cell, in order.
func passkeyStages(s results.PasskeySettings) []passkeyStage {
	return []passkeyStage{
		{results.StageZeroShot, s.Language, s.Others},
		{results.StagePaper, s.Paper, cmp.Or(s.PaperSamples, s.Others)},
		{results.StageRecipe, s.Recipe.Training, s.Samples},
	}
}

type passkeyStage struct {
	name    string
	train   results.PasskeyTraining
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
	validateModelSettings("passkey.model", s.Model, report)
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
