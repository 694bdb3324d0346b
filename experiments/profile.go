package experiments

import (
	"embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/config"
	"infinibench/internal/kernel"
	"infinibench/internal/results"
)

// Profile is everything one reproduction runs, and how: profiles/tiny.yaml is an
// example with comments. A loaded profile is valid; config.Marshal says whether
// one that was changed afterwards still is.
type Profile struct {
	Name  string `yaml:"name" required:"true"`  // of the directory under runs/
	About string `yaml:"about" required:"true"` // one sentence

	// How it runs; of these only Threads and Precision can touch a result.
	Workers   int    `yaml:"workers" required:"true" min:"1" max:"256"`         // cells trained at the same time
	Threads   int    `yaml:"threads" required:"true" min:"1" max:"256"`         // of each cell
	Precision string `yaml:"precision,omitempty" oneof:"float32 bf16"`          // of dense products; a loaded profile has "" for float32
	SaveEvery int    `yaml:"save_every" required:"true" min:"1" max:"10000000"` // steps between checkpoints

	Seeds      []uint64                          `yaml:"seeds" required:"true" min:"1" max:"100"`
	Model      results.ModelSettings             `yaml:"model" required:"true"`
	Baselines  results.BaselineSettings          `yaml:"baselines,omitempty"`
	Training   results.TrainingSettings          `yaml:"training" required:"true"`
	Corpora    map[string]results.CorpusSettings `yaml:"corpora" required:"true" min:"1"`
	Evaluation results.EvaluationSettings        `yaml:"evaluation" required:"true"`

	results.ExperimentSettings `yaml:",inline"`

	only         []string                       // experiments that are run; see Restrict
	fingerprints map[string]string              // of the corpora, by name; see Identify
	tokenizers   map[string]tokenizer.Tokenizer // of the corpora whose tokenizer is a path; see Identify
	folders      map[string]*modelFolder        // of pretrained models, by their paths; see Identify
}

// ReadsFiles says whether any of the profile's cells reads a corpus from files.
func (p *Profile) ReadsFiles() bool {
	for _, name := range p.corpora() {
		if slices.Contains(readCorpora, name) {
			return true
		}
	}
	return false
}

//go:embed profiles/*.yaml
var builtin embed.FS

// ProfileNames lists the built-in profiles in alphabetical order.
func ProfileNames() []string {
	files, err := builtin.ReadDir("profiles")
	if err != nil {
		panic(err) // the directory is part of the program
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// IsProfileFile says whether a profile is named by the path of a file, which ends in
// .yaml or .yml, and not by the name of a built-in one.
func IsProfileFile(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return true
	}
	return false
}

// LoadProfile reads a profile: a built-in one by its name, or a file by its path,
// which ends in .yaml or .yml. The error names every problem with its file, line and key.
func LoadProfile(nameOrPath string) (*Profile, error) {
	p, _, err := readProfile(nameOrPath)
	return p, err
}

// readProfile is LoadProfile with the line of each key that the profile holds.
func readProfile(nameOrPath string) (*Profile, map[string]int, error) {
	path := nameOrPath
	var data []byte
	var err error
	if IsProfileFile(nameOrPath) {
		data, err = config.Read(path)
	} else if data, err = builtinProfile(nameOrPath); err != nil {
		err = fmt.Errorf("%w, and the path of your own ends in .yaml or .yml", err)
	} else {
		path = "profiles/" + nameOrPath + ".yaml"
	}
	if err != nil {
		return nil, nil, err
	}
	p := new(Profile)
	lines, err := config.ParseLines(path, data, p)
	if err != nil {
		return nil, nil, err
	}
	p.normalise()
	return p, lines, nil
}

// normalise gives settings that mean the same the same value.
func (p *Profile) normalise() {
	if p.Precision == kernel.Float32 {
		p.Precision = ""
	}
	for name, c := range p.Corpora {
		if c.BadTexts == "stop" {
			c.BadTexts = ""
			p.Corpora[name] = c
		}
	}
}

// configure sets the threads and the precision of everything that is computed from here on.
func (p *Profile) configure() error {
	kernel.SetThreads(p.Threads)
	if err := kernel.SetPrecision(p.Precision); err != nil {
		return fmt.Errorf("experiments: precision of profile %s: %w", p.Name, err)
	}
	return nil
}
