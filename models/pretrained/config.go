package pretrained

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
	"infinibench/models"
)

// rawConfig holds the fields read from config.json. An absent or null field is nil.
type rawConfig struct {
	Architectures []string `json:"architectures"`
	ModelType     string   `json:"model_type"`

	VocabSize        *int     `json:"vocab_size"`
	HiddenSize       *int     `json:"hidden_size"`
	IntermediateSize *int     `json:"intermediate_size"`
	Layers           *int     `json:"num_hidden_layers"`
	Heads            *int     `json:"num_attention_heads"`
	KeyValueHeads    *int     `json:"num_key_value_heads"`
	HeadDim          *int     `json:"head_dim"`
	Positions        *int     `json:"max_position_embeddings"`
	NormEpsilon      *float64 `json:"rms_norm_eps"`
	HiddenAct        *string  `json:"hidden_act"`
	InitializerRange *float64 `json:"initializer_range"`
	TieEmbeddings    *bool    `json:"tie_word_embeddings"`
	AttentionBias    *bool    `json:"attention_bias"`

	RopeTheta      *float64  `json:"rope_theta"`
	RopeScaling    *rawRope  `json:"rope_scaling"`
	RopeParameters *rawRope  `json:"rope_parameters"` // of transformers 5, in place of both
	SlidingWindow  *int      `json:"sliding_window"`
	UseWindow      *bool     `json:"use_sliding_window"`
	LayerTypes     *[]string `json:"layer_types"`

	Begin tokenIDs `json:"bos_token_id"`
	End   tokenIDs `json:"eos_token_id"`

	Infini jsontext.Value            `json:"infini_attention"`
	QKNorm *bool                     `json:"qk_norm"` // of model_type infinibench
	Other  map[string]jsontext.Value `json:",embed"`
}

// rawRope is rope_scaling or rope_parameters.
type rawRope struct {
	Theta   *float64                  `json:"rope_theta"`
	Type    *string                   `json:"rope_type"`
	OldType *string                   `json:"type"`
	Factor  *float64                  `json:"factor"`
	Low     *float64                  `json:"low_freq_factor"`
	High    *float64                  `json:"high_freq_factor"`
	Context *int                      `json:"original_max_position_embeddings"`
	Other   map[string]jsontext.Value `json:",embed"`
}

// ownType is the model_type of the paper's trunk, which no other program knows: Llama's with
// an ungated feed-forward block, W_down·gelu(W_up·x).
const ownType = "infinibench"

// parseConfig reads config.json and refuses what is not supported, all of it in one error.
func parseConfig(text []byte) (*rawConfig, error) {
	var raw rawConfig
	if err := jsonread.Document(text, &raw); err != nil {
		return nil, err
	}
	var refused []string
	for _, s := range raw.settings() {
		if s.Verdict == Refused {
			refused = append(refused, s.String())
		}
	}
	if len(refused) > 0 {
		return nil, errors.New(strings.Join(refused, "; "))
	}
	return &raw, nil
}

// configure fills in the model's configuration from config.json and from which tensors there
// are.
func (f *Folder) configure(raw *rawConfig) error {
	c := models.Defaults()
	if len(raw.Architectures) > 0 {
		f.Architecture = raw.Architectures[0]
	}
	f.ModelType, f.Context, f.Window = raw.kind(), value(raw.Positions, 0), raw.window()

	heads, err := raw.sizes(&c)
	if err != nil {
		return err
	}
	if c.Layers > len(f.tensors) {
		return fmt.Errorf("num_hidden_layers is %d, but the weight files hold only %d tensors", c.Layers, len(f.tensors))
	}
	if err := raw.rope(&c); err != nil {
		return err
	}
	c.NormEpsilon = value(raw.NormEpsilon, 1e-6)
	c.InitStd = value(raw.InitializerRange, c.InitStd)
	c.SwiGLU = f.ModelType != ownType
	c.UntiedHead = !value(raw.TieEmbeddings, false)
	c.QKNorm = f.ModelType == "qwen3" || value(raw.QKNorm, false)
	c.QKVBias = f.ModelType == "qwen2" || value(raw.AttentionBias, false) || f.hasBias()

	c.Segment = cmp.Or(f.Context, defaultContext)
	if f.Window > 0 {
		c.Segment = min(c.Segment, f.Window)
	}
	// As few fields as possible, so that equal models have equal configurations.
	if c.ModelWidth = value(raw.HiddenSize, 0); c.ModelWidth == c.AttentionWidth() {
		c.ModelWidth = 0
	}
	if heads != c.Heads {
		c.KeyValueHeads = heads
	}
	if f.Plugged, err = raw.plugged(&c); err != nil {
		return err
	}
	if f.Window > 0 && c.Segment > f.Window {
		return windowError(f.Window, c.Segment)
	}
	f.Config = c
	if err := c.Validate(); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}

// defaultContext is what transformers takes if max_position_embeddings is absent.
const defaultContext = 2048

func windowError(window, segment int) error {
	return fmt.Errorf("sliding_window is %d tokens, shorter than a segment of %d: choose a segment of at most %d", window, segment, window)
}

// sizes reads the sizes, and returns the number of key/value heads.
func (r *rawConfig) sizes(c *models.Config) (kvHeads int, err error) {
	for _, s := range []struct {
		name string
		from *int
		to   *int
	}{
		{"vocab_size", r.VocabSize, &c.Vocabulary},
		{"hidden_size", r.HiddenSize, new(int)},
		{"intermediate_size", r.IntermediateSize, &c.FFN},
		{"num_hidden_layers", r.Layers, &c.Layers},
		{"num_attention_heads", r.Heads, &c.Heads},
	} {
		if s.from == nil {
			return 0, fmt.Errorf("%s is missing", s.name)
		}
		*s.to = *s.from
		if err := inRange(s.name, *s.from); err != nil {
			return 0, err
		}
	}
	kvHeads = value(r.KeyValueHeads, c.Heads)
	if kvHeads < 1 || c.Heads%kvHeads != 0 {
		return 0, fmt.Errorf("num_key_value_heads is %d, which does not divide num_attention_heads, %d", kvHeads, c.Heads)
	}
	switch {
	case r.HeadDim != nil:
		c.HeadSize = *r.HeadDim
		err = inRange("head_dim", c.HeadSize)
	case *r.HiddenSize%c.Heads != 0:
		err = fmt.Errorf("head_dim is missing, and num_attention_heads, %d, does not divide hidden_size, %d", c.Heads, *r.HiddenSize)
	default:
		c.HeadSize = *r.HiddenSize / c.Heads
	}
	if err == nil && r.Positions != nil {
		err = inRange("max_position_embeddings", *r.Positions)
	}
	return kvHeads, err
}

func inRange(name string, v int) error {
	const largest = 1 << 20 // of models.Config
	limit := largest
	if name == "max_position_embeddings" {
		limit = 1 << 30 // of which a segment takes what it can
	}
	if v < 1 || v > limit {
		return fmt.Errorf("%s is %d, must be 1 to %d", name, v, limit)
	}
	return nil
}

// rope reads the base and the scaling of the rotary positions from either place.
func (r *rawConfig) rope(c *models.Config) error {
	theta, scaling, at := r.RopeTheta, r.RopeScaling, "rope_scaling"
	if p := r.RopeParameters; p != nil {
		if theta != nil && p.Theta != nil && *theta != *p.Theta {
			return fmt.Errorf("rope_theta is %g, in rope_parameters %g", *theta, *p.Theta)
		}
		if p.Theta != nil {
			theta = p.Theta
		}
		if scaling == nil || p.kind() != "default" {
			scaling, at = p, "rope_parameters"
		}
	}
	c.RopeBase = value(theta, c.RopeBase)
	if scaling == nil || scaling.kind() == "default" {
		return nil
	}
	s := &c.RopeScaling
	for _, n := range []struct {
		name string
		from *float64
		to   *float64
	}{
		{"factor", scaling.Factor, &s.Factor},
		{"low_freq_factor", scaling.Low, &s.LowFrequency},
		{"high_freq_factor", scaling.High, &s.HighFrequency},
	} {
		if n.from == nil || !(*n.from > 0) || *n.from > 1e6 {
			return fmt.Errorf("%s.%s is missing or not above 0", at, n.name)
		}
		*n.to = *n.from
	}
	switch {
	case scaling.Context == nil || *scaling.Context < 1:
		return fmt.Errorf("%s.original_max_position_embeddings is missing or below 1", at)
	case s.HighFrequency <= s.LowFrequency:
		return fmt.Errorf("%s.high_freq_factor is %g, not above low_freq_factor, %g", at, s.HighFrequency, s.LowFrequency)
	case s.Factor < 1:
		return fmt.Errorf("%s.factor is %g, below 1", at, s.Factor)
	}
	s.OriginalContext = *scaling.Context
	return nil
}

// kind is the type of scaling, by its new or its old name.
func (r *rawRope) kind() string {
	switch {
	case r.Type != nil:
		return *r.Type
	case r.OldType != nil:
		return *r.OldType
	}
	return "default"
}

// kind is model_type or, in its absence, what the architecture implies.
func (r *rawConfig) kind() string {
	if r.ModelType == "" {
		for _, a := range r.Architectures {
			if kind, ok := strings.CutSuffix(strings.ToLower(a), "forcausallm"); ok {
				return kind
			}
		}
	}
	return r.ModelType
}

// window is how far attention reaches in the layers where it has a limit; 0: nowhere.
func (r *rawConfig) window() int {
	switch {
	case r.SlidingWindow == nil,
		strings.HasPrefix(r.kind(), "qwen") && !value(r.UseWindow, false),
		r.LayerTypes != nil && !slices.Contains(*r.LayerTypes, "sliding_attention"):
		return 0
	}
	return *r.SlidingWindow
}

func value[T any](v *T, absent T) T {
	if v == nil {
		return absent
	}
	return *v
}

// CheckConfig returns an error that names what a config.json has that is not supported.
func CheckConfig(text []byte) error {
	if _, err := parseConfig(text); err != nil {
		return fmt.Errorf("%s: %w", configFile, err)
	}
	return nil
}
