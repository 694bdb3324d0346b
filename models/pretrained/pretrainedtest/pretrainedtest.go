// Package pretrainedtest makes small model folders for tests.
package pretrainedtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"infinibench/baselines"
	"infinibench/datasets/tokenizer"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// The stand-in's sizes, and its tokens beside the 256 bytes. Two of its 260 ids have no
// token, as in many published models.
const (
	Context    = 128
	Vocabulary = 260
	Begin, End = 256, 257 // <s>, which its template puts before a text, and </s>
)

// Write writes the folder of a base model with random weights from a seed: a Llama of 2
// layers, width 16, 4 query heads on 2 key/value heads of size 4 and a feed-forward block of
// 24, whose tokens are bytes. dir must not exist, or be empty.
func Write(dir string, seed uint64) error {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.KeyValueHeads, c.HeadSize, c.FFN, c.Segment, c.SwiGLU = Vocabulary, 2, 4, 2, 4, 24, Context, true
	c.InitStd = 0.25
	m, err := models.New(c, baselines.LocalOnly{}, seed)
	if err != nil {
		return err
	}
	text, err := tokenizerText()
	if err != nil {
		return err
	}
	config := fmt.Appendf(nil, `{
  "architectures": ["LlamaForCausalLM"],
  "model_type": "llama",
  "vocab_size": %d,
  "hidden_size": 16,
  "intermediate_size": 24,
  "num_hidden_layers": 2,
  "num_attention_heads": 4,
  "num_key_value_heads": 2,
  "max_position_embeddings": %d,
  "rms_norm_eps": 1e-05,
  "rope_theta": 10000.0,
  "tie_word_embeddings": true,
  "hidden_act": "silu",
  "bos_token_id": %d,
  "eos_token_id": %d,
  "torch_dtype": "float32"
}
`, Vocabulary, Context, Begin, End)
	if err := pretrained.Write(dir, m, "", &pretrained.Source{Config: config, Tokenizer: text}); err != nil {
		return err
	}
	// A base model says nothing of a memory.
	return os.WriteFile(filepath.Join(dir, "config.json"), config, 0o644)
}

// tokenizerText is the tokenizer.json of bytes with two special tokens and a template.
func tokenizerText() ([]byte, error) {
	dir, err := os.MkdirTemp("", "pretrainedtest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tokenizer.json")
	if err := tokenizer.Save(tokenizer.Bytes(), path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	special := func(id int, content string) map[string]any {
		return map[string]any{"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}
	}
	file["added_tokens"] = []any{special(Begin, "<s>"), special(End, "</s>")}
	begin := map[string]any{"SpecialToken": map[string]any{"id": "<s>", "type_id": 0}}
	file["post_processor"] = map[string]any{
		"type":           "TemplateProcessing",
		"single":         []any{begin, map[string]any{"Sequence": map[string]any{"id": "A", "type_id": 0}}},
		"pair":           []any{},
		"special_tokens": map[string]any{"<s>": map[string]any{"id": "<s>", "ids": []int{Begin}, "tokens": []string{"<s>"}}},
	}
	return json.MarshalIndent(file, "", "  ")
}
