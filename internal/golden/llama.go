package golden

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"infinibench/baselines"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// Llama is the settings of a trunk of the Llama family; kv_heads marks one. Without
// config.model its weights have Hugging Face's names and shapes, or are in the folder of a
// published model, and without Memory nothing is carried.
type Llama struct {
	KeyValueHeads int          `json:"kv_heads,omitempty"`
	HeadSize      int          `json:"head_dim,omitempty"`       // 0: d_model / heads
	Bias          bool         `json:"attention_bias,omitempty"` // on queries, keys and values
	QKNorm        bool         `json:"qk_norm,omitempty"`
	Tied          *bool        `json:"tied,omitempty"` // the head is the embedding; omitted: true
	UngatedStart  bool         `json:"ungated_start,omitempty"`
	RopeScaling   *RopeScaling `json:"rope_scaling,omitempty"`
}

// RopeScaling is as in a config.json.
type RopeScaling struct {
	Type string `json:"rope_type"` // "llama3"
	models.RopeScaling
}

// ofLlama sets what the Llama family adds to a network's configuration.
func (c Config) ofLlama(to *models.Config) {
	if c.KeyValueHeads == 0 {
		return
	}
	to.SwiGLU, to.ModelWidth, to.KeyValueHeads = true, c.Width, c.KeyValueHeads
	if c.HeadSize > 0 {
		to.HeadSize = c.HeadSize
	}
	to.QKVBias, to.QKNorm, to.UntiedHead = c.Bias, c.QKNorm, c.Tied != nil && !*c.Tied
	to.UngatedStart = to.UngatedStart || c.UngatedStart
	if c.RopeScaling != nil {
		to.RopeScaling = c.RopeScaling.RopeScaling
	}
}

// checkLlama refuses settings of the Llama family where they have no effect.
func (c Config) checkLlama() error {
	switch {
	case c.KeyValueHeads < 0 || c.KeyValueHeads > 1<<20:
		return fmt.Errorf("config.kv_heads is %d, must be 1 to %d", c.KeyValueHeads, 1<<20)
	case c.KeyValueHeads == 0 && c.Llama != (Llama{}):
		return errors.New("config.kv_heads is missing: head_dim, attention_bias, qk_norm, tied, ungated_start and rope_scaling are of references that have it")
	case c.RopeScaling != nil && c.RopeScaling.Type != "llama3":
		return fmt.Errorf("config.rope_scaling.rope_type is %q, must be llama3", c.RopeScaling.Type)
	}
	return nil
}

// memory is the memory of the network.
func (f *File) memory() (models.Memory, error) {
	if f.Config.KeyValueHeads > 0 && f.Config.Model == "" && f.Memory == nil {
		return baselines.LocalOnly{}, nil
	}
	return f.Config.memory()
}

// bare reports that the weights are in the folder of a published model.
func (f *File) bare() bool {
	return f.Config.KeyValueHeads > 0 && f.Config.Model == "" && f.Weights == nil
}

// parts lists what the reference calls the weights of its network.
func (f *File) parts(memory models.Memory) []pretrained.Part {
	c := f.model()
	if f.Config.KeyValueHeads > 0 && f.Config.Model == "" {
		return pretrained.Parts(c, memory)
	}
	shapes := models.Shapes(c, memory)
	var parts []pretrained.Part
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		parts = append(parts, pretrained.Part{Tensor: name, Param: name, Shape: shapes[name]})
	}
	return parts
}

// within returns a part's slice of the numbers of its weight, or of the weight's gradient.
func within(p pretrained.Part, numbers []float32) []float32 {
	row := 1
	for _, n := range p.Shape[1:] {
		row *= n
	}
	return numbers[p.From*row:][:p.Shape[0]*row]
}

// load reads the published model behind a reference without weights.
func (f *File) load(base *pretrained.Folder, memory models.Memory) (*models.Model, error) {
	if base == nil {
		return nil, errors.New("weights is missing; to check a published model, name its folder with --model")
	}
	c, have := f.model(), base.Config
	for _, s := range []struct {
		key        string
		want, have any
	}{
		{"vocab", c.Vocabulary, have.Vocabulary},
		{"d_model", c.Width(), have.Width()},
		{"layers", c.Layers, have.Layers},
		{"heads", c.Heads, have.Heads},
		{"kv_heads", c.KVHeads(), have.KVHeads()},
		{"head_dim", c.HeadSize, have.HeadSize},
		{"ffn", c.FFN, have.FFN},
		{"attention_bias", c.QKVBias, have.QKVBias},
		{"qk_norm", c.QKNorm, have.QKNorm},
		{"tied", !c.UntiedHead, !have.UntiedHead},
		{"norm_epsilon", c.NormEpsilon, have.NormEpsilon},
		{"rope_base", c.RopeBase, have.RopeBase},
		{"rope_scaling", c.RopeScaling, have.RopeScaling},
	} {
		if s.want != s.have {
			return nil, fmt.Errorf("config.%s is %v, but %s has %v", s.key, s.want, base.Dir, s.have)
		}
	}
	have.Segment, have.MemoryEpsilon, have.UngatedStart = c.Segment, c.MemoryEpsilon, c.UngatedStart
	if f.Beta != nil {
		have.GateInit = *f.Beta
	}
	return base.Load(have, memory, 0)
}

// positions are the tokens that have logits.
func (f *File) positions() []int {
	if f.Positions != nil {
		return f.Positions
	}
	all := make([]int, f.Config.Length())
	for i := range all {
		all[i] = i
	}
	return all
}

// checkPublished checks what only references of published models have.
func (f *File) checkPublished() error {
	for i, at := range f.Positions {
		if at < 0 || at >= f.Config.Length() {
			return fmt.Errorf("positions[%d] is %d, must be 0 to %d", i, at, f.Config.Length()-1)
		}
	}
	for i, id := range f.Greedy {
		if id < 0 || int(id) >= f.Config.Vocabulary {
			return fmt.Errorf("greedy[%d] is %d, vocabulary is %d", i, id, f.Config.Vocabulary)
		}
	}
	if n := f.prompt(); f.Greedy != nil && (n == 0 || n == len(f.Greedy)) {
		return errors.New("greedy must begin as ids[0] does and then differ")
	}
	return nil
}

// prompt is how many tokens Greedy and IDs[0] have in common.
func (f *File) prompt() int {
	n := 0
	for n < min(len(f.Greedy), len(f.IDs[0])) && f.Greedy[n] == f.IDs[0][n] {
		n++
	}
	return n
}
