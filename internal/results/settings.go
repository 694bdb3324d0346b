package results

// ExperimentSettings is the settings of every experiment: one key each, in a profile and
// in the settings of a cell, which hold only its own experiment's. The zero value
// of a key means that the profile lacks the experiment. The order of the keys is part of
// the hash of every cell, so a new one comes last.
type ExperimentSettings struct {
	Perplexity []PerplexitySettings `yaml:"perplexity,omitempty" json:",omitempty"` // never in a cell, which has a training and a corpus of its own
	Cost       CostSettings         `yaml:"cost,omitempty" json:",omitzero"`
	Passkey    PasskeySettings      `yaml:"passkey,omitempty" json:",omitzero"`
	Booksum    BooksumSettings      `yaml:"booksum,omitempty" json:",omitzero"`
	Recall     RecallSettings       `yaml:"recall,omitempty" json:",omitzero"`
	Adapt      AdaptSettings        `yaml:"adapt,omitempty" json:",omitzero"`
}

// ModelSettings is the size of every model of a profile, d_model being heads × head size,
// or the pretrained model that From names: the sizes and InitStd are then 0.
type ModelSettings struct {
	Layers        int     `yaml:"layers,omitempty" min:"1" max:"256"`
	Heads         int     `yaml:"heads,omitempty" min:"1" max:"256"`
	HeadSize      int     `yaml:"head_size,omitempty" min:"2" max:"1024"`       // d_key = d_value; even, for rotary positions
	FFN           int     `yaml:"ffn,omitempty" min:"1" max:"1048576"`          // hidden width of the feed-forward block
	Segment       int     `yaml:"segment" required:"true" min:"1" max:"65536"`  // tokens
	GateInit      float64 `yaml:"gate_init" required:"true" min:"-20" max:"20"` // β before training
	InitStd       float64 `yaml:"init_std,omitempty" min:"1e-4" max:"10"`       // standard deviation of the initial weights
	MemoryEpsilon float64 `yaml:"memory_epsilon" required:"true" min:"1e-12" max:"0.01"`

	UngatedStart    bool `yaml:"ungated_start,omitempty"`    // the gate is left out while the memory is empty; else it holds from the first segment on
	MemoryPositions bool `yaml:"memory_positions,omitempty"` // rotary positions in the memory, which the paper leaves out

	// From is the folder of a pretrained model, whose weights training starts from. In the
	// settings of a cell, it is replaced by a name that depends on the model alone, not on
	// where the folder is.
	From string `yaml:"from,omitempty" json:",omitempty"`
	// Scratch takes the sizes and the tokenizer of From, but draws the weights.
	Scratch bool `yaml:"from_scratch,omitempty" json:",omitempty"`
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

	// Memory is what a segment reads in training in place of its own document's memory: an
	// empty one, or another document's of the same batch. It does not concern evaluation.
	Memory string `yaml:"memory,omitempty" json:",omitempty" oneof:"empty other"`
}

// CorpusSettings says how much of a corpus is read, and in which tokens. Zero
// documents or max_tokens means all.
type CorpusSettings struct {
	// Tokenizer is word, bpe, gpt2, bytes, or the path of a tokenizer.json or its folder. In
	// the settings of a cell, a path is replaced by the name of the tokenizer, which depends
	// only on the content of the file. A profile whose model is pretrained may leave it out,
	// for the model's own.
	Tokenizer  string `yaml:"tokenizer"`
	Vocabulary int    `yaml:"vocabulary,omitempty" min:"257" max:"1000000"`  // of a bpe, which is trained on the training split; 256 ids are the bytes
	Split      string `yaml:"split" required:"true" oneof:"validation test"` // that is scored
	Documents  int    `yaml:"documents" min:"0" max:"10000000"`              // scored, the first of the split
	MaxTokens  int    `yaml:"max_tokens" min:"0" max:"1000000000"`           // scored of each document

	// DocumentTokens is how long the documents of a generated corpus are written.
	DocumentTokens int `yaml:"document_tokens,omitempty" min:"2" max:"100000000"`

	// BadTexts is what to do when texts cannot be read: stop, or skip and count them. A
	// loaded profile has "" for stop, so that saying the default changes no hash.
	BadTexts string `yaml:"bad_texts,omitempty" json:",omitempty" oneof:"stop skip"`

	Template bool `yaml:"template,omitempty" json:",omitempty"` // texts start with the special tokens of the tokenizer's template
}

// EvaluationSettings is how a trained model is scored.
type EvaluationSettings struct {
	Batch          int `yaml:"batch" required:"true" min:"1" max:"65536"`              // documents side by side
	PositionBucket int `yaml:"position_bucket" required:"true" min:"1" max:"16777216"` // tokens to one point of "loss by position"
}

// CellSettings is everything that decides the result of one cell, and nothing else: not
// the other cells, nor the profile's name, workers and save_every. Threads and the batch
// of the evaluation count, since sums of floats depend on how they are split. So do the
// names and sizes of the files of a corpus, once Identify has seen them. The order of the
// keys is part of the hash.
type CellSettings struct {
	Version    int                `yaml:"version"` // results.Version
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

	ExperimentSettings `yaml:",inline"`

	Fingerprint string `yaml:"fingerprint,omitempty"` // datasets.Fingerprint of the corpus

	TokenizerSize int `yaml:"tokenizer_size,omitempty" json:",omitempty"` // of a tokenizer that the profile names by its path

	Precision string `yaml:"precision,omitempty" json:",omitempty"` // of dense products; "" is float32
}
