package experiments

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"infinibench/internal/config"
)

// Cells lists the work of a profile in the order it is to be done: for each seed,
// for each block of the file, for each of its models; then recall and the cost. Seeds come first
// so that a run that is broken off has compared all models, if with fewer seeds.
func (p *Profile) Cells() []Cell {
	var cells []Cell
	for _, seed := range p.Seeds {
		for _, t := range p.Perplexity {
			for _, model := range t.Models {
				cells = append(cells, Cell{
					Experiment: perplexityExperiment, Corpus: t.Corpus, Model: model, Length: t.Length, Seed: seed,
				})
			}
		}
		cells = append(cells, p.booksumCells(seed)...)
	}
	return slices.DeleteFunc(slices.Concat(cells, p.passkeyCells(), p.recallCells(), p.costCells()), func(c Cell) bool {
		return len(p.only) > 0 && !slices.Contains(p.only, c.Experiment)
	})
}

// Restrict leaves of the profile's cells those of some experiments. The cells' settings
// do not change, so what they lead to is the same. An experiment that the profile does
// not have is an error.
func (p *Profile) Restrict(experiments ...string) error {
	var has []string
	for _, c := range p.Cells() {
		if !slices.Contains(has, c.Experiment) {
			has = append(has, c.Experiment)
		}
	}
	for _, e := range experiments {
		if !slices.Contains(has, e) {
			return fmt.Errorf("profile %s has no experiment %q; it has %s", p.Name, e, strings.Join(has, ", "))
		}
	}
	p.only = experiments
	return nil
}

// corpora are the names of the corpora that the cells read.
func (p *Profile) corpora() []string {
	var names []string
	for _, c := range p.Cells() {
		if name := p.Settings(c).CorpusName; name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// The experiments, as cells name them.
const (
	perplexityExperiment = "perplexity" // paper Table 2
	booksumExperiment    = "booksum"    // paper Table 4 and Figure 4
	costExperiment       = "cost"
	recallExperiment     = "recall"
	passkeyExperiment    = "passkey" // paper Table 3
)

// FullAttention is the control of the cost: attention over the whole sequence, which is
// the local-only model with a single segment.
const FullAttention = "full-attention"

// costCells is a cell for each model of the profile, and one for the control, of no
// corpus and no seed. They come last, as nothing else may run beside them.
func (p *Profile) costCells() []Cell {
	if !p.Cost.Measured() || len(p.Perplexity) == 0 {
		return nil
	}
	var cells []Cell
	add := func(model string) {
		c := Cell{Experiment: costExperiment, Model: model, Length: p.Cost.Lengths[len(p.Cost.Lengths)-1]}
		if !slices.Contains(cells, c) {
			cells = append(cells, c)
		}
	}
	for _, t := range p.Perplexity {
		for _, model := range t.Models {
			add(model)
		}
	}
	add(FullAttention)
	return cells
}

// Key is the name of the cell's directory, unlike that of any other cell: for
// example perplexity-novel-infini-delta-1024-seed1, or cost-infini-delta-32768. A
// profile's cells need no characters but a-z, 0-9 and -.
func (c Cell) Key() string {
	if c.Experiment == costExperiment || c.Experiment == recallExperiment {
		return fmt.Sprintf("%s-%s-%d", c.Experiment, c.Model, c.Length)
	}
	return fmt.Sprintf("%s-%s-%s-%d-seed%d", c.Experiment, c.Corpus, c.Model, c.Length, c.Seed)
}

// CellSettings is all that decides the result of one cell, and nothing else: not
// the other cells, nor the profile's name, workers and save_every. Threads does
// count, since sums of floats depend on how they are split. So does the
// evaluation's batch, for the same reason. So do
// the names and sizes of the files of a corpus, once Identify has seen them.
type CellSettings struct {
	Version    int                `yaml:"version"` // ResultVersion
	Experiment string             `yaml:"experiment"`
	ModelID    string             `yaml:"model_id"`
	CorpusName string             `yaml:"corpus_name,omitempty"`
	Length     int                `yaml:"length"`
	Seed       uint64             `yaml:"seed"`
	Threads    int                `yaml:"threads"`
	Model      ModelSettings      `yaml:"model"`
	Baselines  BaselineSettings   `yaml:"baselines,omitempty" json:",omitzero"` // that the model depends on
	Training   TrainingSettings   `yaml:"training,omitempty"`                   // with the batch and the steps of the cell
	Corpus     CorpusSettings     `yaml:"corpus,omitempty"`
	Evaluation EvaluationSettings `yaml:"evaluation,omitempty"`
	Cost       CostSettings       `yaml:"cost,omitempty" json:",omitzero"`    // of a cell that measures it
	Passkey    PasskeySettings    `yaml:"passkey,omitempty" json:",omitzero"` // of a cell that asks for passkeys
	Booksum    BooksumSettings    `yaml:"booksum,omitempty" json:",omitzero"` // of a cell that summarises books
	Recall     RecallSettings     `yaml:"recall,omitempty" json:",omitzero"`  // of a cell that tries it, which needs nothing else but the memory's ε

	Fingerprint string `yaml:"fingerprint,omitempty"` // datasets.Fingerprint of the corpus
}

// Settings resolves the settings of one of the profile's cells. It panics on
// another's: a program asks for what Cells lists.
func (p *Profile) Settings(c Cell) CellSettings {
	if slices.Contains(p.costCells(), c) {
		// The vocabulary is that of the first corpus. One sequence is trained on, with
		// the paper's checkpoint after each segment, so that any length can be.
		corpus, training := p.Perplexity[0].Corpus, p.Training
		training.Batch, training.CheckpointInterval = 1, 1
		return CellSettings{
			Version: ResultVersion, Experiment: c.Experiment, ModelID: c.Model, CorpusName: corpus, Length: c.Length,
			Threads: p.Threads, Model: p.Model, Baselines: p.Baselines.of(c.Model), Training: training, Corpus: p.Corpora[corpus], Evaluation: p.Evaluation,
			Cost: p.Cost,
		}
	}
	if slices.Contains(p.passkeyCells(), c) {
		return p.passkeySettings(c)
	}
	if slices.Contains(p.recallCells(), c) {
		return CellSettings{
			Version: ResultVersion, Experiment: c.Experiment, ModelID: c.Model, Length: c.Length,
			Threads: p.Threads, Model: p.Model, Recall: p.Recall,
		}
	}
	if slices.Contains(p.booksumCells(c.Seed), c) {
		return p.booksumSettings(c)
	}
	for _, t := range p.Perplexity {
		if c.Experiment != perplexityExperiment || t.Corpus != c.Corpus || t.Length != c.Length || !slices.Contains(t.Models, c.Model) {
			continue
		}
		training := p.Training
		if t.Batch != 0 {
			training.Batch = t.Batch
		}
		if t.Steps != 0 {
			training.Steps = t.Steps
		}
		return CellSettings{
			Version: ResultVersion, Experiment: c.Experiment, ModelID: c.Model, CorpusName: c.Corpus, Length: c.Length, Seed: c.Seed,
			Threads: p.Threads, Model: p.Model, Baselines: p.Baselines.of(c.Model), Training: training, Corpus: p.Corpora[c.Corpus], Evaluation: p.Evaluation,
			Fingerprint: p.fingerprints[c.Corpus],
		}
	}
	panic(fmt.Sprintf("experiments: profile %s has no cell %s", p.Name, c.Key()))
}

// Config is the content of the cell's config.yaml: its settings, one way for one
// value. It panics if the profile is not valid.
func (p *Profile) Config(c Cell) []byte {
	data, err := config.Marshal(p.Settings(c))
	if err != nil {
		panic(fmt.Sprintf("experiments: profile %s was not validated: %v", p.Name, err))
	}
	return data
}

// LoadConfig reads the config.yaml of a cell that trains a model, as a profile of that
// cell alone.
func LoadConfig(path string) (*Profile, error) {
	var s CellSettings
	if err := config.Load(path, &s); err != nil {
		return nil, err
	}
	if s.Model.Segment == 0 {
		return nil, fmt.Errorf("%s has no model; want the config.yaml of a run that trains one", path)
	}
	c := Cell{Experiment: s.Experiment, Corpus: s.CorpusName, Model: s.ModelID, Length: s.Length, Seed: s.Seed}
	return &Profile{
		Name: c.Key(), Threads: s.Threads, Seeds: []uint64{s.Seed}, Model: s.Model, Baselines: s.Baselines, Training: s.Training,
		Corpora:    map[string]CorpusSettings{s.CorpusName: s.Corpus},
		Perplexity: []PerplexitySettings{{Corpus: s.CorpusName, Models: []string{s.ModelID}, Length: s.Length}},
		Evaluation: s.Evaluation,
	}, nil
}

// Hash is the sha256 of Config in hexadecimal: what sha256sum says of config.yaml.
func (p *Profile) Hash(c Cell) string {
	return fmt.Sprintf("%x", sha256.Sum256(p.Config(c)))
}
