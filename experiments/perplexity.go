package experiments

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"infinibench/baselines"
	"infinibench/internal/config"
	"infinibench/internal/results"
	"infinibench/models"
)

// perplexityExperiment is the paper's Table 2: language models scored on long documents.
var perplexityExperiment = &experiment{
	name: "perplexity", everySeed: true, misreads: true,
	cells: perplexityCells, validate: validatePerplexity, count: countPerplexity, estimate: estimatePerplexity, make: makePerplexity,
	keys: perplexityKeys,
}

// perplexityCells is a cell for each model of each block.
func perplexityCells(p *Profile, seed uint64) []PlannedCell {
	var cells []PlannedCell
	for _, t := range p.Perplexity {
		for _, model := range t.Models {
			c := p.newCell(results.Cell{Corpus: t.Corpus, Model: model, Length: t.Length, Seed: seed})
			c.Settings.Evaluation = p.Evaluation
			if t.Batch != 0 {
				c.Settings.Training.Batch = t.Batch
			}
			if t.Steps != 0 {
				c.Settings.Training.Steps = t.Steps
			}
			cells = append(cells, c)
		}
	}
	return cells
}

// languageModels are the models that the profile trains on a corpus alone, each once.
func (p *Profile) languageModels() []string {
	var all []string
	for _, t := range p.Perplexity {
		for _, model := range t.Models {
			if !slices.Contains(all, model) {
				all = append(all, model)
			}
		}
	}
	return all
}

// LoadConfig reads the config.yaml of a cell that trains a model, as a profile that
// trains that model alone.
func LoadConfig(path string) (*Profile, error) {
	var s results.CellSettings
	if err := config.Load(path, &s); err != nil {
		return nil, err
	}
	if s.Model.Segment == 0 {
		return nil, fmt.Errorf("%s has no model; want the config.yaml of a run that trains one", path)
	}
	if from := s.Model.From; from != "" {
		return nil, fmt.Errorf("%s is of a run that trains the pretrained model %s and does not say where its folder is; name the folder or a checkpoint", path, from)
	}
	c := results.Cell{Experiment: s.Experiment, Corpus: s.CorpusName, Model: s.ModelID, Length: s.Length, Seed: s.Seed}
	p := &Profile{
		Name: c.Key(), Threads: s.Threads, Precision: s.Precision, Seeds: []uint64{s.Seed}, Model: s.Model, Baselines: s.Baselines, Training: s.Training,
		Corpora: map[string]results.CorpusSettings{s.CorpusName: s.Corpus}, Evaluation: s.Evaluation,
	}
	p.Perplexity = []results.PerplexitySettings{{Corpus: s.CorpusName, Models: []string{s.ModelID}, Length: s.Length}}
	return p, nil
}

func validatePerplexity(p *Profile, report reporter) {
	type trained struct {
		corpus, model string
		length        int
	}
	planned := make(map[trained]bool)
	for i, t := range p.Perplexity {
		key := fmt.Sprintf("perplexity[%d]", i)
		c, ok := p.Corpora[t.Corpus]
		if !ok {
			report(key+".corpus", "got %q, which corpora does not hold; allowed: %s", t.Corpus, strings.Join(slices.Sorted(maps.Keys(p.Corpora)), ", "))
		}
		if p.Model.Segment > 0 && t.Length%p.Model.Segment != 0 {
			report(key+".length", "got %d; allowed: a multiple of model.segment, %d", t.Length, p.Model.Segment)
		}
		if c.DocumentTokens != 0 && t.Length > c.DocumentTokens {
			report(key+".length", "got %d; allowed: at most document_tokens of %s, %d", t.Length, t.Corpus, c.DocumentTokens)
		}
		if t.Steps != 0 && p.Training.WarmupSteps > t.Steps {
			report(key+".steps", "got %d; allowed: at least training.warmup_steps, %d", t.Steps, p.Training.WarmupSteps)
		}
		for j, model := range t.Models {
			key := fmt.Sprintf("%s.models[%d]", key, j)
			validateModel(report, key, model)
			cell := trained{t.Corpus, model, t.Length}
			if planned[cell] {
				report(key, "%s on %s at length %d is listed twice; list it once", model, t.Corpus, t.Length)
			}
			planned[cell] = true
			full := baselines.FullAttention{Segments: p.Baselines.FullAttention.Segments}
			if reach := full.Length(models.Config{Segment: p.Model.Segment}); model == full.Name() && t.Length > reach {
				report(key, "full-attention sees %d tokens of a sequence of %d; allowed: with baselines.full-attention.segments of at least %d", reach, t.Length, t.Length/p.Model.Segment)
			}
		}
	}
}

// assumedDocumentTokens is the length in tokens assumed for a document that is scored whole and
// has not been read yet: a book.
const assumedDocumentTokens = 100_000

func countPerplexity(c PlannedCell, documents int, e *Estimate) error {
	s := c.Settings
	e.training("metrics.jsonl", s.Training.Steps, s.Training.Batch, s.Length)
	document := max(s.Corpus.DocumentTokens, s.Corpus.MaxTokens)
	if document == 0 {
		document = assumedDocumentTokens
	}
	e.EvaluateTokens = documents * document
	return nil
}

// estimatePerplexity: a model with a memory is scored once more for each ablation.
func estimatePerplexity(c PlannedCell, e *Estimate, calibrate calibrator) error {
	return e.calibrated(calibrate, c.Settings, func(m *models.Model, forward float64) (float64, error) {
		if m.Stateful() {
			return forward * float64(ablations), nil
		}
		return forward, nil
	})
}
