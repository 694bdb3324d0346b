package experiments

import (
	"embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"infinibench/internal/config"
)

// Profile is everything one reproduction runs, and how: profiles/tiny.yaml is an
// example with comments. A loaded profile is valid; config.Marshal says whether
// one that was changed afterwards still is.
type Profile struct {
	Name  string `yaml:"name" required:"true"`  // of the directory under runs/
	About string `yaml:"about" required:"true"` // one sentence

	// How it runs; of these only Threads can touch a result.
	Workers   int `yaml:"workers" required:"true" min:"1" max:"256"`         // cells trained at the same time
	Threads   int `yaml:"threads" required:"true" min:"1" max:"256"`         // of each cell
	SaveEvery int `yaml:"save_every" required:"true" min:"1" max:"10000000"` // steps between checkpoints

	Seeds      []uint64                  `yaml:"seeds" required:"true" min:"1" max:"100"`
	Model      ModelSettings             `yaml:"model" required:"true"`
	Baselines  BaselineSettings          `yaml:"baselines,omitempty"`
	Training   TrainingSettings          `yaml:"training" required:"true"`
	Corpora    map[string]CorpusSettings `yaml:"corpora" required:"true" min:"1"`
	Evaluation EvaluationSettings        `yaml:"evaluation" required:"true"`

	ExperimentSettings `yaml:",inline"`

	only         []string          // experiments that are run; see Restrict
	fingerprints map[string]string // of the corpora, by name; see Identify
}

// ModelSettings is the size of every model of a profile; d_model is heads × head size.
type ModelSettings struct {
	Layers        int     `yaml:"layers" required:"true" min:"1" max:"256"`
	Heads         int     `yaml:"heads" required:"true" min:"1" max:"256"`
	HeadSize      int     `yaml:"head_size" required:"true" min:"2" max:"1024"` // d_key = d_value; even, for rotary positions
	FFN           int     `yaml:"ffn" required:"true" min:"1" max:"1048576"`    // hidden width of the feed-forward block
	Segment       int     `yaml:"segment" required:"true" min:"1" max:"65536"`  // tokens
	GateInit      float64 `yaml:"gate_init" required:"true" min:"-20" max:"20"` // β before training
	InitStd       float64 `yaml:"init_std" required:"true" min:"1e-4" max:"10"` // standard deviation of the initial weights
	MemoryEpsilon float64 `yaml:"memory_epsilon" required:"true" min:"1e-12" max:"0.01"`

	UngatedStart    bool `yaml:"ungated_start,omitempty"`    // the gate is left out while the memory is empty; else it holds from the first segment on
	MemoryPositions bool `yaml:"memory_positions,omitempty"` // rotary positions in the memory, which the paper leaves out
}

// TrainingSettings is how every model of a profile is trained.
type TrainingSettings struct {
	Batch            int     `yaml:"batch" required:"true" min:"1" max:"65536"` // sequences of a step
	Optimizer        string  `yaml:"optimizer" required:"true" oneof:"adamw adafactor"`
	LearningRate     float64 `yaml:"learning_rate" required:"true" min:"1e-8" max:"10"`   // at the peak
	GateLearningRate float64 `yaml:"gate_learning_rate" required:"true" min:"0" max:"10"` // of β, at the peak; 0 freezes the gates
	Steps            int     `yaml:"steps" required:"true" min:"1" max:"10000000"`
	WarmupSteps      int     `yaml:"warmup_steps" required:"true" min:"0" max:"10000000"` // linear; then cosine to the last step
	// FinalLearningRate is the rate that the cosine ends at as a fraction of the peak, so
	// that it holds for the gates as well.
	FinalLearningRate  float64 `yaml:"final_learning_rate" required:"true" min:"0" max:"1"`
	WeightDecay        float64 `yaml:"weight_decay" required:"true" min:"0" max:"1"`           // never of the gates
	ClipNorm           float64 `yaml:"clip_norm" required:"true" min:"0" max:"1000"`           // largest norm of the whole gradient; 0: no limit
	CheckpointInterval int     `yaml:"checkpoint_interval" required:"true" min:"0" max:"1024"` // segments in one graph; 0: all of the sequence
}

// CorpusSettings says how much of a corpus is read, and in which tokens. Zero
// documents or max_tokens means all.
type CorpusSettings struct {
	Tokenizer  string `yaml:"tokenizer" required:"true" oneof:"word bpe gpt2 bytes"`
	Vocabulary int    `yaml:"vocabulary,omitempty" min:"257" max:"1000000"`  // of a bpe, which is trained on the training split; 256 ids are the bytes
	Split      string `yaml:"split" required:"true" oneof:"validation test"` // that is scored
	Documents  int    `yaml:"documents" min:"0" max:"10000000"`              // scored, the first of the split
	MaxTokens  int    `yaml:"max_tokens" min:"0" max:"1000000000"`           // scored of each document

	// DocumentTokens is how long the documents of a generated corpus are written.
	DocumentTokens int `yaml:"document_tokens,omitempty" min:"2" max:"100000000"`

	// BadTexts is what to do when texts cannot be read: stop, or skip and count them. A
	// loaded profile has "" for stop, so that saying the default changes no hash.
	BadTexts string `yaml:"bad_texts,omitempty" json:",omitempty" oneof:"stop skip"`
}

// EvaluationSettings is how a trained model is scored.
type EvaluationSettings struct {
	Batch          int `yaml:"batch" required:"true" min:"1" max:"65536"`              // documents side by side
	PositionBucket int `yaml:"position_bucket" required:"true" min:"1" max:"16777216"` // tokens to one point of "loss by position"
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
	for name, c := range p.Corpora {
		if c.BadTexts == "stop" {
			c.BadTexts = ""
			p.Corpora[name] = c
		}
	}
}
