package experiments

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/config"
	"infinibench/internal/results"
)

// PlannedCell is a cell of a profile with everything that decides its result.
type PlannedCell struct {
	results.Cell
	Settings results.CellSettings

	experiment *experiment
	folder     *modelFolder        // of the pretrained model, once Identify has opened it; nil without one
	tokenizer  tokenizer.Tokenizer // of a corpus that names it by its path, once Identify has loaded it
}

// Cells lists the work of a profile in the order it is to be done: seed by seed what is
// repeated with every seed, then what is run once. Seeds come first so that a run that is
// cut short has compared all models, if with fewer seeds.
func (p *Profile) Cells() []PlannedCell {
	var all []PlannedCell
	add := func(e *experiment, seed uint64) {
		if len(p.only) > 0 && !slices.Contains(p.only, e.name) {
			return
		}
		for _, c := range e.cells(p, seed) {
			c.experiment, c.Experiment, c.Settings.Experiment = e, e.name, e.name
			if c.folder = p.folders[c.Settings.Model.From]; c.folder != nil {
				c.Settings.Model.From = c.folder.id
			}
			c.tokenizer = p.tokenizers[c.Corpus]
			all = append(all, c)
		}
	}
	for _, seed := range p.Seeds {
		for _, e := range experiments {
			if e.everySeed {
				add(e, seed)
			}
		}
	}
	for _, e := range experiments {
		if !e.everySeed {
			add(e, p.Seeds[0])
		}
	}
	return all
}

// Names are the names of the cells, in the order of the work.
func (p *Profile) Names() []string {
	var names []string
	for _, c := range p.Cells() {
		names = append(names, c.Key())
	}
	return names
}

// newCell is a cell with the settings that all experiments share; Cells adds its
// experiment. A cell that is trained
// on a corpus also gets that corpus, the profile's training, and what its model's
// memory depends on.
func (p *Profile) newCell(c results.Cell) PlannedCell {
	s := results.CellSettings{
		Version: results.Version, ModelID: c.Model, Length: c.Length, Seed: c.Seed,
		Threads: p.Threads, Model: p.Model, Precision: p.Precision,
	}
	if c.Corpus != "" {
		s.CorpusName, s.Corpus, s.Fingerprint = c.Corpus, p.Corpora[c.Corpus], p.fingerprints[c.Corpus]
		if t := p.tokenizers[c.Corpus]; t != nil {
			s.Corpus.Tokenizer, s.TokenizerSize = t.Name(), t.Size()
		}
		s.Training, s.Baselines = p.Training, baselinesFor(p.Baselines, c.Model)
	}
	return PlannedCell{Cell: c, Settings: s}
}

// find is one of the profile's cells with its settings.
func (p *Profile) find(c results.Cell) (PlannedCell, error) {
	cells := p.Cells()
	i := slices.IndexFunc(cells, func(have PlannedCell) bool { return have.Cell == c })
	if i < 0 {
		return PlannedCell{}, fmt.Errorf("experiments: profile %s has no cell %s", p.Name, c.Key())
	}
	return cells[i], nil
}

// Restrict limits the profile to the cells of some experiments. Their settings do not
// change, so neither do their results. An experiment that the profile lacks is an error.
func (p *Profile) Restrict(names ...string) error {
	var has []string
	for _, c := range p.Cells() {
		if !slices.Contains(has, c.Experiment) {
			has = append(has, c.Experiment)
		}
	}
	for _, name := range names {
		if !slices.Contains(has, name) {
			return fmt.Errorf("profile %s has no experiment %q; it has %s", p.Name, name, strings.Join(has, ", "))
		}
	}
	p.only = names
	return nil
}

// corpora are the names of the corpora that the cells read.
func (p *Profile) corpora() []string {
	var names []string
	for _, c := range p.Cells() {
		if name := c.Settings.CorpusName; name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// configOf is the content of config.yaml: one text for one value. It panics if the profile
// that the settings come from is not valid.
func configOf(s results.CellSettings) []byte {
	data, err := config.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("experiments: the profile was not validated: %v", err))
	}
	return data
}

// hashOf is the SHA-256 of config in hexadecimal: what sha256sum prints for it.
func hashOf(s results.CellSettings) string {
	return fmt.Sprintf("%x", sha256.Sum256(configOf(s)))
}
