package experiments

import (
	"fmt"
	"slices"
	"strings"

	"infinibench/datasets/booksum"
)

// BooksumSettings is the paper's third experiment (Table 4 and Figure 4): models that
// are trained as language models of books, then on books with their summaries, and
// then summarise books of which they read more and more.
type BooksumSettings struct {
	Corpus string   `yaml:"corpus,omitempty"` // chronicle or booksum; one of corpora
	Models []string `yaml:"models,omitempty"`

	Pretraining PhaseSettings `yaml:"pretraining" required:"true"` // length: tokens of a stretch of a book
	Finetuning  PhaseSettings `yaml:"finetuning" required:"true"`  // length: tokens of a book, from its start

	// SummaryTokens is where summaries end: longer references are cut in training.
	SummaryTokens int `yaml:"summary_tokens" required:"true" min:"1" max:"65536"`
	// Lengths is how many tokens of a book are read, rising; a shorter book is read whole.
	Lengths []int `yaml:"lengths" required:"true" min:"1" max:"64"`

	Decodes     int     `yaml:"decodes" required:"true" min:"1" max:"1000"`    // summaries sampled for each book and length
	Temperature float64 `yaml:"temperature" required:"true" min:"0" max:"100"` // 0: greedy
	TopP        float64 `yaml:"top_p" required:"true" min:"1e-6" max:"1"`      // share of the probability to draw from
	BadPairs    string  `yaml:"bad_pairs" required:"true" oneof:"skip stop"`   // what to do when pairs cannot be used
}

// PhaseSettings is what a phase of training has of its own; the rest is the profile's.
type PhaseSettings struct {
	Length           int     `yaml:"length" required:"true" min:"1" max:"16777216"`
	Batch            int     `yaml:"batch" required:"true" min:"1" max:"65536"`
	Steps            int     `yaml:"steps" required:"true" min:"1" max:"10000000"`
	WarmupSteps      int     `yaml:"warmup_steps" required:"true" min:"0" max:"10000000"`
	LearningRate     float64 `yaml:"learning_rate" required:"true" min:"1e-8" max:"10"`
	GateLearningRate float64 `yaml:"gate_learning_rate" required:"true" min:"0" max:"10"`
}

// of is the settings of a phase of a training.
func (p PhaseSettings) of(t TrainingSettings) TrainingSettings {
	t.Batch, t.Steps, t.WarmupSteps = p.Batch, p.Steps, p.WarmupSteps
	t.LearningRate, t.GateLearningRate = p.LearningRate, p.GateLearningRate
	return t
}

// Summarised says whether the profile has the experiment.
func (s BooksumSettings) Summarised() bool { return s.Corpus != "" }

// row is the tokens of a training sequence: a book, the mark that asks, and a summary.
func (s BooksumSettings) row() int { return s.Finetuning.Length + 1 + s.SummaryTokens }

// readInTraining is the tokens that each phase of the training reads.
func (s BooksumSettings) readInTraining() (pretraining, finetuning int64) {
	p, f := s.Pretraining, s.Finetuning
	return int64(p.Steps) * int64(p.Batch) * int64(p.Length), int64(f.Steps) * int64(f.Batch) * int64(s.row())
}

// trainTokens is what both phases train on.
func (s BooksumSettings) trainTokens() int {
	pretraining, finetuning := s.readInTraining()
	return int(pretraining + finetuning)
}

// readTokens is what is read and drawn of one book at most.
func (s BooksumSettings) readTokens() int {
	return s.Lengths[len(s.Lengths)-1] + len(s.Lengths)*s.Decodes*s.SummaryTokens
}

// booksumCells is a cell for each model and seed; its length is the longest input.
func (p *Profile) booksumCells(seed uint64) []Cell {
	var cells []Cell
	if s := p.Booksum; s.Summarised() {
		for _, model := range s.Models {
			cells = append(cells, Cell{
				Experiment: booksumExperiment, Corpus: s.Corpus, Model: model, Length: s.Lengths[len(s.Lengths)-1], Seed: seed,
			})
		}
	}
	return cells
}

// booksumSettings resolves the settings of a cell of the experiment.
func (p *Profile) booksumSettings(c Cell) CellSettings {
	s := p.Booksum
	s.Corpus, s.Models = "", nil // of other cells too
	return CellSettings{
		Version: ResultVersion, Experiment: c.Experiment, ModelID: c.Model, CorpusName: c.Corpus, Length: s.row(), Seed: c.Seed,
		Threads: p.Threads, Model: p.Model, Baselines: p.Baselines.of(c.Model), Training: s.Finetuning.of(p.Training),
		Corpus: p.Corpora[c.Corpus], Booksum: s, Fingerprint: p.fingerprints[c.Corpus],
	}
}

func (p *Profile) validateBooksum(report reporter) {
	s := p.Booksum
	if len(s.Lengths) == 0 {
		return // there is no such block, or what is missing has been reported
	}
	c, ok := p.Corpora[s.Corpus]
	switch {
	case s.Corpus != "chronicle" && s.Corpus != "booksum":
		report("booksum.corpus", "got %q; allowed: chronicle, booksum, as other books have no summaries", s.Corpus)
	case !ok:
		report("booksum.corpus", "got %q, which corpora does not hold", s.Corpus)
	case s.Corpus == "chronicle" && c.DocumentTokens > 0 && c.Documents > 0:
		if _, err := booksum.NewChronicle(c.DocumentTokens, c.Documents); err != nil {
			report("corpora.chronicle.document_tokens", "%v", err)
		}
	}
	if s.Temperature == 0 && s.Decodes > 1 {
		report("booksum.decodes", "got %d; allowed: 1, as at temperature 0 all summaries of a book are the same", s.Decodes)
	}
	if len(s.Models) == 0 {
		report("booksum.models", "missing; allowed: a list of length at least 1")
	}
	for i, model := range s.Models {
		key := fmt.Sprintf("booksum.models[%d]", i)
		if !slices.Contains(Models, model) {
			report(key, "got %q; allowed: %s", model, strings.Join(Models, ", "))
		}
		if slices.Contains(s.Models[:i], model) {
			report(key, "%s stands there twice; allowed: once", model)
		}
	}
	length := func(key string, n int) {
		if p.Model.Segment > 0 && n%p.Model.Segment != 0 {
			report(key, "got %d; allowed: a multiple of model.segment, %d, so that a summary starts a segment", n, p.Model.Segment)
		}
		if c.DocumentTokens != 0 && n > c.DocumentTokens {
			report(key, "got %d; allowed: at most document_tokens of %s, %d", n, s.Corpus, c.DocumentTokens)
		}
	}
	for _, phase := range []struct {
		key string
		PhaseSettings
	}{{"booksum.pretraining", s.Pretraining}, {"booksum.finetuning", s.Finetuning}} {
		length(phase.key+".length", phase.Length)
		if phase.WarmupSteps > phase.Steps {
			report(phase.key+".warmup_steps", "got %d; allowed: at most its steps, %d", phase.WarmupSteps, phase.Steps)
		}
	}
	before := 0
	for i, n := range s.Lengths {
		key := fmt.Sprintf("booksum.lengths[%d]", i)
		length(key, n)
		if n <= before || n > 1<<24 {
			report(key, "got %d; allowed: more than the length before, %d, and at most %d", n, before, 1<<24)
		}
		before = n
	}
}
