package pretrained

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
)

// Verdict is what becomes of a field of config.json.
type Verdict string

const (
	Used    Verdict = "used"
	Ignored Verdict = "ignored" // does not change what the model computes
	Refused Verdict = "refused" // would change it, and is not supported
)

// Setting is a field of config.json.
type Setting struct {
	Name    string  `json:"name"`
	Value   string  `json:"value"` // JSON
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why,omitempty"` // it is refused
}

func (s Setting) String() string {
	return fmt.Sprintf("%s is %.80s, which is not supported: %s", s.Name, s.Value, s.Why)
}

// modelTypes are those supported.
var modelTypes = []string{"llama", "mistral", "qwen2", "qwen3", ownType}

// otherTypes says what sets well-known relatives apart.
var otherTypes = []struct{ prefix, why string }{
	{"gemma", "norms multiply by 1 + w, embeddings by √d, and logits have soft caps"},
	{"phi", "queries, keys and values are one fused matrix"},
	{"granite", "embedding, residual, attention and logits have multipliers"},
	{"smollm3", "some layers have no positions"},
	{"llama4", "a mixture of experts, and layers without positions"},
	{"mixtral", "a mixture of experts"},
	{"cohere", "layers run in parallel, and norms subtract the mean"},
	{"olmo", "norms are placed or shaped otherwise"},
	{"gpt", "positions are learned or partial, and norms subtract the mean"},
	{"deepseek", "attention is latent, with a mixture of experts"},
}

// changes lists the unsupported fields that alter a model's computation. Each may be null or
// have its harmless value.
var changes = []struct{ name, harmless, why string }{
	{"mlp_bias", "false", "the feed-forward block has biases"},
	{"rope_interleaved", "false", "rotary positions pair neighbours, not halves"},
	{"no_rope_layers", "", "some layers have no positions"}, // a list of ones is harmless
	{"no_rope_layer_interval", "", "some layers have no positions"},
	{"quantization_config", "", "the weights are quantized"},
	{"compression_config", "", "the weights are quantized"},
	{"attn_logit_softcapping", "", "scores have a soft cap"},
	{"final_logit_softcapping", "", "logits have a soft cap"},
	{"query_pre_attn_scalar", "", "scores have another scale"},
	{"attention_multiplier", "", "scores have another scale"},
	{"embedding_multiplier", "1", "embeddings have a multiplier"},
	{"residual_multiplier", "1", "residuals have a multiplier"},
	{"logits_scaling", "1", "logits have a divisor"},
	{"logit_scale", "1", "logits have a multiplier"},
	{"scale_emb", "1", "embeddings have a multiplier"},
	{"scale_depth", "", "residuals have a multiplier"},
	{"partial_rotary_factor", "1", "only part of a head has positions"},
	{"rotary_pct", "1", "only part of a head has positions"},
	{"rope_local_base_freq", "", "layers have two kinds of positions"},
	{"use_qk_norm", "false", "queries and keys are normalised otherwise"},
	{"qk_layernorm", "false", "queries and keys are normalised otherwise"},
	{"clip_qkv", "", "queries, keys and values are clipped"},
	{"attention_chunk_size", "", "attention has chunks"},
	{"num_local_experts", "0", "a mixture of experts"},
	{"num_experts", "0", "a mixture of experts"},
	{"n_routed_experts", "0", "a mixture of experts"},
	{"kv_lora_rank", "", "attention is latent"},
	{"q_lora_rank", "", "attention is latent"},
	{"alibi", "false", "positions are biases"},
	{"parallel_attn", "false", "layers run in parallel"},
	{"use_parallel_residual", "false", "layers run in parallel"},
	{"hidden_activation", `"silu"`, "the activation is another"},
	{"text_config", "", "the language model is part of a larger one"},
	{"vision_config", "", "the language model is part of a larger one"},
	{"audio_config", "", "the language model is part of a larger one"},
	{"is_encoder_decoder", "false", "the model has an encoder"},
	{"add_cross_attention", "false", "the model has an encoder"},
}

// settings is the verdict on each field, in the order of the names.
func (r *rawConfig) settings() []Setting {
	all := map[string]*Setting{}
	used := func(name string, v any) {
		text, _ := json.Marshal(v)
		if string(text) != "null" {
			all[name] = &Setting{Name: name, Value: string(text), Verdict: Used}
		}
	}
	refuse := func(name, value, why string) {
		all[name] = &Setting{Name: name, Value: value, Verdict: Refused, Why: why}
	}
	used("vocab_size", r.VocabSize)
	used("hidden_size", r.HiddenSize)
	used("intermediate_size", r.IntermediateSize)
	used("num_hidden_layers", r.Layers)
	used("num_attention_heads", r.Heads)
	used("num_key_value_heads", r.KeyValueHeads)
	used("head_dim", r.HeadDim)
	used("max_position_embeddings", r.Positions)
	used("rms_norm_eps", r.NormEpsilon)
	used("hidden_act", r.HiddenAct)
	used("initializer_range", r.InitializerRange)
	used("tie_word_embeddings", r.TieEmbeddings)
	used("attention_bias", r.AttentionBias)
	used("rope_theta", r.RopeTheta)
	used("sliding_window", r.SlidingWindow)
	used("use_sliding_window", r.UseWindow)
	used("layer_types", r.LayerTypes)
	used("bos_token_id", r.Begin.text())
	used("eos_token_id", r.End.text())
	if len(r.Infini) > 0 && string(r.Infini) != "null" {
		all["infini_attention"] = &Setting{Name: "infini_attention", Value: compact(r.Infini), Verdict: Used}
	}
	r.judgeType(used, refuse)
	if act, want := value(r.HiddenAct, "silu"), r.activation(); act != want && !(want == "silu" && act == "swish") {
		refuse("hidden_act", fmt.Sprintf("%q", act), "only "+want)
	}
	if r.QKNorm != nil && r.kind() == ownType {
		used("qk_norm", r.QKNorm)
	}
	r.RopeScaling.judge("rope_scaling", used, refuse)
	r.RopeParameters.judge("rope_parameters", used, refuse)
	if r.LayerTypes != nil {
		for _, t := range *r.LayerTypes {
			if t != "full_attention" && t != "sliding_attention" {
				refuse("layer_types", fmt.Sprintf("%q", t), "only full_attention and sliding_attention")
				break
			}
		}
	}
	if r.SlidingWindow != nil && *r.SlidingWindow < 1 {
		refuse("sliding_window", fmt.Sprint(*r.SlidingWindow), "must be above 0")
	}
	for name, v := range r.Other {
		all[name] = &Setting{Name: name, Value: compact(v), Verdict: Ignored}
	}
	for _, c := range changes {
		v, ok := r.Other[c.name]
		switch {
		case !ok:
		case harmless(v, c.harmless), c.name == "no_rope_layers" && onlyOnes(v):
			all[c.name].Verdict = Used
		default:
			refuse(c.name, compact(v), c.why)
		}
	}
	var sorted []Setting
	for _, name := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, *all[name])
	}
	return sorted
}

func (r *rawConfig) judgeType(used func(string, any), refuse func(name, value, why string)) {
	kind := r.kind()
	if kind == "" {
		refuse("model_type", "missing", "must be one of "+strings.Join(modelTypes, ", "))
		return
	}
	if slices.Contains(modelTypes, kind) {
		used("model_type", kind)
		return
	}
	why := "must be one of " + strings.Join(modelTypes, ", ")
	for _, o := range otherTypes {
		if strings.HasPrefix(kind, o.prefix) {
			why = o.why
		}
	}
	refuse("model_type", fmt.Sprintf("%q", kind), why)
}

// activation is the only one supported.
func (r *rawConfig) activation() string {
	if r.kind() == ownType {
		return "gelu"
	}
	return "silu"
}

func (r *rawRope) judge(name string, used func(string, any), refuse func(name, value, why string)) {
	if r == nil {
		return
	}
	kind := r.kind()
	used(name, kind)
	switch {
	case r.Type != nil && r.OldType != nil && *r.Type != *r.OldType:
		refuse(name, fmt.Sprintf("of rope_type %q and type %q", *r.Type, *r.OldType), "the two must agree")
	case kind != "default" && kind != "llama3":
		refuse(name, fmt.Sprintf("of rope_type %q", kind), "only default and llama3")
	}
	for _, key := range slices.Sorted(maps.Keys(r.Other)) {
		v := r.Other[key]
		switch {
		case key == "partial_rotary_factor" && !harmless(v, "1"):
			refuse(name+"."+key, compact(v), "only part of a head has positions")
		case v.Kind() == '{':
			refuse(name+"."+key, compact(v), "layers have several kinds of positions")
		}
	}
}

// harmless reports whether a field has the value that changes nothing.
func harmless(v jsontext.Value, value string) bool {
	if text := string(v); text == "null" || text == value {
		return true
	}
	number, err := strconv.ParseFloat(string(v), 64)
	return err == nil && value == strconv.FormatFloat(number, 'g', -1, 64)
}

// compact is a value on one line.
func compact(v jsontext.Value) string {
	v = v.Clone()
	_ = v.Compact() // it was parsed, so it is valid
	return string(v)
}

// onlyOnes reports whether a list of flags is set for every layer.
func onlyOnes(v jsontext.Value) bool {
	return v.Kind() == '[' && strings.Trim(string(v), "[]1, \n\t\r") == ""
}

// Settings is the verdict on each field of the config.json of a folder, also if the model is
// not supported.
func Settings(dir string) ([]Setting, error) {
	f := &Folder{Dir: dir}
	text, err := f.file(configFile)
	if err != nil {
		return nil, fmt.Errorf("model folder %s: %w", dir, err)
	}
	var raw rawConfig
	if err := jsonread.Document(text, &raw); err != nil {
		return nil, fmt.Errorf("model folder %s: %s: %w", dir, configFile, err)
	}
	return raw.settings(), nil
}
