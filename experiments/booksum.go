package experiments

import (
	"fmt"

	"infinibench/datasets/booksum"
	"infinibench/internal/results"
	"infinibench/models"
)

// booksumExperiment is the paper's Table 4 and Figure 4.
var booksumExperiment = &experiment{
	name: "booksum", everySeed: true,
	cells: booksumCells, validate: validateBooksum, count: countBooksum, estimate: estimateBooksum, make: makeBooksum,
	keys: booksumKeys,
}

// phaseTraining returns the training settings, overridden by the phase's.
func phaseTraining(t results.PhaseSettings, s results.TrainingSettings) results.TrainingSettings {
	s.Batch, s.Steps, s.WarmupSteps = t.Batch, t.Steps, t.WarmupSteps
	s.LearningRate, s.GateLearningRate = t.LearningRate, t.GateLearningRate
	return s
}

// booksumRow is the tokens of a training sequence: a book, the mark that asks, and a summary.
func booksumRow(s results.BooksumSettings) int { return s.Finetuning.Length + 1 + s.SummaryTokens }

// booksumPhaseTokens is the tokens that each phase of the training reads.
func booksumPhaseTokens(s results.BooksumSettings) (pretraining, finetuning int64) {
	p, f := s.Pretraining, s.Finetuning
	return int64(p.Steps) * int64(p.Batch) * int64(p.Length), int64(f.Steps) * int64(f.Batch) * int64(booksumRow(s))
}

// booksumTrainTokens is what both phases train on.
func booksumTrainTokens(s results.BooksumSettings) int {
	pretraining, finetuning := booksumPhaseTokens(s)
	return int(pretraining + finetuning)
}

// booksumReadTokens is the maximum number of tokens read and sampled for one book.
func booksumReadTokens(s results.BooksumSettings) int {
	return s.Lengths[len(s.Lengths)-1] + len(s.Lengths)*s.Decodes*s.SummaryTokens
}

// booksumCells is a cell for each model; its length is the longest input.
func booksumCells(p *Profile, seed uint64) []PlannedCell {
	s := p.Booksum
	if !s.Summarised() {
		return nil
	}
	var cells []PlannedCell
	for _, model := range s.Models {
		c := p.newCell(results.Cell{Corpus: s.Corpus, Model: model, Length: s.Lengths[len(s.Lengths)-1], Seed: seed})
		c.Settings.Length, c.Settings.Training, c.Settings.Booksum = booksumRow(s), phaseTraining(s.Finetuning, p.Training), s
		c.Settings.Booksum.Corpus, c.Settings.Booksum.Models = "", nil // also of other cells
		cells = append(cells, c)
	}
	return cells
}

// countBooksum reads every book once, and samples its summaries at each length.
func countBooksum(c PlannedCell, documents int, e *Estimate) error {
	s, pretraining := c.Settings, c.Settings.Booksum.Pretraining
	e.training("pretraining.jsonl", pretraining.Steps, pretraining.Batch, pretraining.Length)
	e.training("metrics.jsonl", s.Training.Steps, s.Training.Batch, s.Length)
	e.EvaluateTokens = documents * booksumReadTokens(s.Booksum)
	return nil
}

// estimateBooksum is calibrated on reading and on drawing tokens, which takes far longer for
// each token.
func estimateBooksum(c PlannedCell, e *Estimate, calibrate calibrator) error {
	s := c.Settings.Booksum
	return e.calibrated(calibrate, c.Settings, func(m *models.Model, forward float64) (float64, error) {
		d, next := m.NewDecoder(s.Decodes), make([]int32, s.Decodes)
		draw, err := perToken(s.Decodes, func() error {
			_, err := d.Feed(next)
			return err
		})
		drawn := len(s.Lengths) * s.Decodes * s.SummaryTokens
		return forward + (draw-forward)*float64(drawn)/float64(booksumReadTokens(s)), err
	})
}

func validateBooksum(p *Profile, report reporter) {
	s := p.Booksum
	if len(s.Lengths) == 0 {
		return // there is no such block, or what is missing has been reported
	}
	validateBooksumCorpus(s, p, report)
	if len(s.Models) == 0 {
		report("booksum.models", "missing; allowed: a list of length at least 1")
	}
	validateModels(report, "booksum.models", s.Models)
	if s.Temperature == 0 && s.Decodes > 1 {
		report("booksum.decodes", "got %d; allowed: 1, as at temperature 0 all summaries of a book are the same", s.Decodes)
	}
	validateBooksumPhase(s.Pretraining, p, s.Corpus, "booksum.pretraining", report)
	validateBooksumPhase(s.Finetuning, p, s.Corpus, "booksum.finetuning", report)
	before := 0
	for i, n := range s.Lengths {
		key := fmt.Sprintf("booksum.lengths[%d]", i)
		validateBookLength(p, s.Corpus, key, n, report)
		if n <= before || n > 1<<24 {
			report(key, "got %d; allowed: more than the length before, %d, and at most %d", n, before, 1<<24)
		}
		before = n
	}
}

// validateBooksumCorpus reports a corpus that has no summaries, or books too short for them.
func validateBooksumCorpus(s results.BooksumSettings, p *Profile, report reporter) {
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
}

// validateBooksumPhase reports a phase that does not fit the books or its own steps.
func validateBooksumPhase(t results.PhaseSettings, p *Profile, corpus, key string, report reporter) {
	validateBookLength(p, corpus, key+".length", t.Length, report)
	if t.WarmupSteps > t.Steps {
		report(key+".warmup_steps", "got %d; allowed: at most its steps, %d", t.WarmupSteps, t.Steps)
	}
}

// validateBookLength reports a number of tokens that exceeds every book, or after which a
// summary would not start at a segment boundary.
func validateBookLength(p *Profile, corpus, key string, n int, report reporter) {
	if p.Model.Segment > 0 && n%p.Model.Segment != 0 {
		report(key, "got %d; allowed: a multiple of model.segment, %d, so that a summary starts a segment", n, p.Model.Segment)
	}
	if most := p.Corpora[corpus].DocumentTokens; most != 0 && n > most {
		report(key, "got %d; allowed: at most document_tokens of %s, %d", n, corpus, most)
	}
}
