package pretrained

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/safetensors"
	"infinibench/internal/textfile"
	"infinibench/models"
)

// newConfig is the config.json of a model that has none.
type newConfig struct {
	Architectures []string     `json:"architectures"`
	AttentionBias bool         `json:"attention_bias"`
	HeadDim       int          `json:"head_dim"`
	HiddenAct     string       `json:"hidden_act"`
	HiddenSize    int          `json:"hidden_size"`
	InitStd       float64      `json:"initializer_range"`
	FFN           int          `json:"intermediate_size"`
	Positions     int          `json:"max_position_embeddings"`
	ModelType     string       `json:"model_type"`
	Heads         int          `json:"num_attention_heads"`
	Layers        int          `json:"num_hidden_layers"`
	KeyValueHeads int          `json:"num_key_value_heads"`
	QKNorm        bool         `json:"qk_norm,omitempty"`
	NormEpsilon   float64      `json:"rms_norm_eps"`
	RopeScaling   *llama3Scale `json:"rope_scaling"`
	RopeTheta     float64      `json:"rope_theta"`
	Tied          bool         `json:"tie_word_embeddings"`
	Type          string       `json:"torch_dtype"`
	Vocabulary    int          `json:"vocab_size"`
}

type llama3Scale struct {
	models.RopeScaling
	Type string `json:"rope_type"`
}

// configText writes the config.json of a model as the family that has its parts.
func configText(c models.Config, kind string) []byte {
	n := newConfig{
		AttentionBias: c.QKVBias, HeadDim: c.HeadSize, HiddenAct: "silu", HiddenSize: c.Width(), InitStd: c.InitStd, FFN: c.FFN,
		Positions: c.Segment, Heads: c.Heads, Layers: c.Layers, KeyValueHeads: c.KVHeads(), NormEpsilon: c.NormEpsilon, RopeTheta: c.RopeBase,
		Tied: !c.UntiedHead, Vocabulary: c.Vocabulary,
		Type: map[string]string{safetensors.F32: "float32", safetensors.F16: "float16", safetensors.BF16: "bfloat16"}[kind],
	}
	switch {
	case !c.SwiGLU:
		n.ModelType, n.Architectures, n.HiddenAct, n.QKNorm = ownType, []string{"InfiniTransformer"}, "gelu", c.QKNorm
	case c.QKNorm:
		n.ModelType, n.Architectures = "qwen3", []string{"Qwen3ForCausalLM"}
	case c.QKVBias:
		n.ModelType, n.Architectures = "qwen2", []string{"Qwen2ForCausalLM"}
	default:
		n.ModelType, n.Architectures = "llama", []string{"LlamaForCausalLM"}
	}
	if c.RopeScaling != (models.RopeScaling{}) {
		n.RopeScaling = &llama3Scale{c.RopeScaling, "llama3"}
	}
	text, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("pretrained: %v", err)) // a NaN, which Config.Validate refuses
	}
	return append(text, '\n')
}

// setMember sets a key of a JSON object and leaves every other byte as it is.
func setMember(text []byte, key string, value []byte) ([]byte, error) {
	text, err := textfile.Strip(text)
	if err != nil {
		return nil, err
	}
	d := jsontext.NewDecoder(bytes.NewReader(text))
	open, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	if open.Kind() != '{' {
		return nil, fmt.Errorf("not an object")
	}
	end, comma := d.InputOffset(), ""
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		found := name.String() == key // before ReadValue, which reuses the token
		old, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		end, comma = d.InputOffset(), ","
		if found {
			return slices.Concat(text[:end-int64(len(old))], value, text[end:]), nil
		}
	}
	return slices.Concat(text[:end], fmt.Appendf(nil, "%s\n  %q: %s", comma, key, value), text[end:]), nil
}
