package experiments

import (
	"fmt"
	"path/filepath"
	"strings"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/results"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// modelFolder is a pretrained model that cells are trained from.
type modelFolder struct {
	*pretrained.Folder
	id string // in the settings of cells: it depends on the model alone
}

func openModelFolder(dir string) (*modelFolder, error) {
	f, err := pretrained.Open(dir)
	if err != nil {
		return nil, err
	}
	hash, err := f.Hash()
	if err != nil {
		return nil, err
	}
	return &modelFolder{f, fmt.Sprintf("%s-%s-%.16s", f.ModelType, shortCount(f.Parameters()), hash)}, nil
}

// shortCount is a number of weights in three digits: 260K, 135M, 1.1B.
func shortCount(n int64) string {
	x, unit := float64(n), ""
	for _, larger := range []string{"K", "M", "B"} {
		if x < 999.5 {
			break
		}
		x, unit = x/1000, larger
	}
	if x < 9.95 && unit != "" {
		return fmt.Sprintf("%.1f%s", x, unit)
	}
	return fmt.Sprintf("%.0f%s", x, unit)
}

// config is the model's, with the settings of a memory.
func (f *modelFolder) config(s results.ModelSettings) models.Config {
	c := f.Config
	c.Segment, c.GateInit, c.MemoryEpsilon = s.Segment, s.GateInit, s.MemoryEpsilon
	c.UngatedStart, c.MemoryPositions = s.UngatedStart, s.MemoryPositions
	return c
}

// ownTokenizer is the model's, with its template if it has one.
func (f *modelFolder) ownTokenizer() (t tokenizer.Tokenizer, template bool) {
	if t, err := tokenizer.WithTemplate(f.Tokenizer); err == nil {
		return t, true
	}
	return f.Tokenizer, false
}

// reads returns an error unless a tokenizer has the model's vocabulary.
func (f *modelFolder) reads(corpus string, t tokenizer.Tokenizer) error {
	if have, want := strings.TrimSuffix(t.Name(), tokenizer.TemplateSuffix), f.Tokenizer.Name(); have != want {
		return fmt.Errorf("corpora.%s.tokenizer is %s, but the model in %s reads %s: leave the key out, for the model's own", corpus, have, f.Dir, want)
	}
	return nil
}

// suits returns an error if a cell needs a model that the folder cannot provide.
func (f *modelFolder) suits(c PlannedCell) error {
	config := f.config(c.Settings.Model)
	if err := fitsContext(f.Folder, config.Segment); err != nil {
		return err
	}
	memory, err := NewMemory(c.Settings.ModelID, c.Settings.Baselines)
	if err != nil {
		return err
	}
	return models.Check(config, memory)
}

// fitsContext refuses segments whose positions the model has not been trained on.
func fitsContext(f *pretrained.Folder, segment int) error {
	if f.Context > 0 && segment > f.Context {
		return fmt.Errorf("model folder %s: a segment of %d tokens is longer than the context of the model, %d, beyond which it knows no positions", f.Dir, segment, f.Context)
	}
	return nil
}

// commandLineModel is the value of model.from in a profile whose folder is given on the
// command line.
const commandLineModel = "--model"

// pretrained is the folder that the profile's models come from; "" if they are built from
// sizes.
func (p *Profile) pretrained() string {
	for _, m := range p.modelSettings() {
		if m.From != "" {
			return m.From
		}
	}
	return ""
}

// modelSettings is the profile's own settings, and the settings of experiments that have
// models of their own.
func (p *Profile) modelSettings() []*results.ModelSettings {
	all := []*results.ModelSettings{&p.Model}
	for _, e := range experiments {
		if e.model != nil {
			all = append(all, e.model(p))
		}
	}
	return all
}

// SetModel replaces the folder that the profile's models come from.
func (p *Profile) SetModel(dir string) error {
	if p.pretrained() == "" {
		return fmt.Errorf("profile %s builds its models from sizes: to train from %s, use the profile pretrained, or one with model.from", p.Name, dir)
	}
	for _, m := range p.modelSettings() {
		if m.From != "" {
			m.From = dir
		}
	}
	return nil
}

// folder opens a folder that the profile names, once.
func (p *Profile) folder(dir string) (*modelFolder, error) {
	switch f := p.folders[dir]; {
	case f != nil || dir == "":
		return f, nil
	case dir == commandLineModel:
		return nil, fmt.Errorf("profile %s trains from a pretrained model: name its folder with --model DIR (make: MODEL=DIR, bench train: --from DIR)", p.Name)
	}
	f, err := openModelFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("model.from: %w", err)
	}
	if p.folders == nil {
		p.folders = map[string]*modelFolder{}
	}
	p.folders[dir] = f
	return f, nil
}

// identifyModels opens the folders of the cells and checks that they fit the cells.
func (p *Profile) identifyModels() error {
	p.folders = nil
	for _, c := range p.Cells() {
		f, err := p.folder(c.Settings.Model.From)
		if err != nil {
			return err
		}
		if f == nil || c.experiment.sized {
			continue
		}
		if err := f.suits(c); err != nil {
			return fmt.Errorf("%s: %w", c.Key(), err)
		}
	}
	return nil
}

// readBy checks that the models of the cells of a corpus have its tokenizer's vocabulary.
func (p *Profile) readBy(corpus string, t tokenizer.Tokenizer) error {
	for _, c := range p.Cells() {
		if c.folder != nil && c.Corpus == corpus {
			if err := c.folder.reads(corpus, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeTokenizer gives the corpora that name no tokenizer the model's own.
func (p *Profile) takeTokenizer() error {
	f, err := p.folder(p.pretrained())
	if f == nil || err != nil {
		return err
	}
	for name, c := range p.Corpora {
		if c.Tokenizer == "" {
			_, c.Template = f.ownTokenizer()
			c.Tokenizer = tokenizerFile(f.Dir)
			p.Corpora[name] = c
		}
	}
	return nil
}

// loadTokenizer loads the tokenizer of a corpus that names it by a path. An open folder has
// loaded its own.
func (p *Profile) loadTokenizer(s results.CorpusSettings) (tokenizer.Tokenizer, error) {
	for _, f := range p.folders {
		if s.Tokenizer != tokenizerFile(f.Dir) {
			continue
		}
		if s.Template {
			return tokenizer.WithTemplate(f.Tokenizer)
		}
		return f.Tokenizer, nil
	}
	return loadTokenizer(s)
}

// tokenizerFile is the path of a folder's tokenizer.
func tokenizerFile(dir string) string { return filepath.Join(dir, "tokenizer.json") }
