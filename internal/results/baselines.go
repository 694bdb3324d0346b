package results

// FullAttention is the id of a control that attends to the whole sequence: the local-only
// model with a single segment.
const FullAttention = "full-attention"

// BaselineSettings are the choices that the baselines' authors leave open or vary, by model
// id. Zero, or no key, means the default that the type in package
// baselines documents.
type BaselineSettings struct {
	TransformerXL TransformerXLSettings `yaml:"transformer-xl,omitempty" json:",omitzero"` // also the local part of memorizing
	Memorizing    MemorizingSettings    `yaml:"memorizing,omitempty" json:",omitzero"`
	RMT           RMTSettings           `yaml:"rmt,omitempty" json:",omitzero"`
	Compressive   CompressiveSettings   `yaml:"compressive,omitempty" json:",omitzero"`
	FullAttention FullAttentionSettings `yaml:"full-attention,omitempty" json:",omitzero"`
}

// TransformerXLSettings configures baselines.TransformerXL.
type TransformerXLSettings struct {
	Cache           int  `yaml:"cache,omitempty" min:"1" max:"1048576"`            // tokens; 0: one segment
	EvaluationCache int  `yaml:"evaluation_cache,omitempty" min:"1" max:"1048576"` // in place of cache once trained, as no weight depends on it
	T5              bool `yaml:"t5,omitempty"`                                     // T5's relative biases, on keys and queries of length 1
}

// MemorizingSettings configures baselines.Memorizing.
type MemorizingSettings struct {
	Entries int `yaml:"entries,omitempty" min:"1" max:"16777216"` // tokens in memory; 0: 32 segments
	K       int `yaml:"k,omitempty" min:"1" max:"65536"`          // entries found; 0: 32
}

// RMTSettings configures baselines.Recurrent.
type RMTSettings struct {
	Tokens     int     `yaml:"tokens,omitempty" min:"1" max:"65536"`                   // 0: 100 to 2048 of a segment
	Curriculum float64 `yaml:"curriculum,omitempty" json:",omitempty" min:"0" max:"1"` // share of the steps whose sequences are shorter; see train.Settings
}

// CompressiveSettings configures baselines.Compressive.
type CompressiveSettings struct {
	Slots int `yaml:"slots,omitempty" min:"1" max:"1048576"` // 0: as many as tokens in a segment
	Rate  int `yaml:"rate,omitempty" min:"1" max:"1024"`     // tokens to a slot; 0: 2
}

// FullAttentionSettings configures baselines.FullAttention.
type FullAttentionSettings struct {
	Segments   int     `yaml:"segments,omitempty" min:"2" max:"65536"`                 // of the sequence it attends over; 0: 16
	Curriculum float64 `yaml:"curriculum,omitempty" json:",omitempty" min:"0" max:"1"` // as for the RMT
}

// Curriculum is the share of the steps whose sequences are shorter, of a model whose settings
// these are. The settings of a cell hold only its own model's.
func (s BaselineSettings) Curriculum() float64 {
	return max(s.RMT.Curriculum, s.FullAttention.Curriculum)
}
