package pretrained

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/safetensors"
)

// fixture is a folder in the making: a Llama of 2 layers, width 8, 4 query heads on 2
// key/value heads of size 2, feed-forward 6 and 10 tokens. Numbers count up, so that each
// weight is known: the n-th of a tensor is first + n/64.
type fixture struct {
	config  map[string]any
	tensors []safetensors.Tensor
	files   map[string]string // further ones, which replace those above
	split   map[string]string // file of each tensor; nil: all in model.safetensors
}

func newFixture() *fixture {
	f := &fixture{
		config: map[string]any{
			"architectures": []string{"LlamaForCausalLM"}, "model_type": "llama", "vocab_size": 10, "hidden_size": 8, "intermediate_size": 6,
			"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 32, "rms_norm_eps": 1e-5,
			"hidden_act": "silu", "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": 2, "rope_theta": 10000.0, "rope_scaling": nil,
			"attention_bias": false, "mlp_bias": false, "use_cache": true, "torch_dtype": "float32",
		},
		files: map[string]string{},
	}
	f.add("model.embed_tokens.weight", 10, 8)
	for i := range 2 {
		layer := fmt.Sprintf("model.layers.%d.", i)
		f.add(layer+"input_layernorm.weight", 8)
		f.add(layer+"self_attn.q_proj.weight", 8, 8)
		f.add(layer+"self_attn.k_proj.weight", 4, 8)
		f.add(layer+"self_attn.v_proj.weight", 4, 8)
		f.add(layer+"self_attn.o_proj.weight", 8, 8)
		f.add(layer+"post_attention_layernorm.weight", 8)
		f.add(layer+"mlp.gate_proj.weight", 6, 8)
		f.add(layer+"mlp.up_proj.weight", 6, 8)
		f.add(layer+"mlp.down_proj.weight", 8, 6)
	}
	f.add("model.norm.weight", 8)
	return f
}

// add adds a tensor with values that no other tensor has.
func (f *fixture) add(name string, shape ...int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(len(f.tensors)) + float32(i)/64
	}
	f.tensors = append(f.tensors, safetensors.Tensor{Name: name, Shape: shape, Data: data})
}

func (f *fixture) tensor(name string) *safetensors.Tensor {
	for i := range f.tensors {
		if f.tensors[i].Name == name {
			return &f.tensors[i]
		}
	}
	panic("no tensor " + name)
}

func (f *fixture) remove(name string) {
	var kept []safetensors.Tensor
	for _, t := range f.tensors {
		if t.Name != name {
			kept = append(kept, t)
		}
	}
	f.tensors = kept
}

// shards spreads the tensors over two files by their layer.
func (f *fixture) shards() {
	f.split = map[string]string{}
	for _, t := range f.tensors {
		f.split[t.Name] = "model-00001-of-00002.safetensors"
		if strings.HasPrefix(t.Name, "model.layers.1.") || t.Name == "model.norm.weight" {
			f.split[t.Name] = "model-00002-of-00002.safetensors"
		}
	}
}

// write writes the folder.
func (f *fixture) write(t *testing.T) string {
	t.Helper()
	dir, err := f.writeTo(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (f *fixture) writeTo(dir string) (string, error) {
	put := func(name string, v any) error {
		data, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), data, 0o644)
	}
	words, err := tokenizer.NewWord([]string{"a", "b", "c", "d", "e", "f", "g", "h"})
	if err == nil {
		err = tokenizer.Save(words, filepath.Join(dir, "tokenizer.json"))
	}
	err = errors.Join(err, put("config.json", f.config), put("generation_config.json", map[string]any{"eos_token_id": []int{2, 3}}))
	of := map[string][]safetensors.Tensor{}
	for _, x := range f.tensors {
		name := f.split[x.Name]
		if f.split == nil {
			name = "model.safetensors"
		}
		of[name] = append(of[name], x)
	}
	for name, tensors := range of {
		if name != "" {
			err = errors.Join(err, writeForeign(filepath.Join(dir, name), tensors))
		}
	}
	if f.split != nil {
		err = errors.Join(err, put("model.safetensors.index.json", map[string]any{"metadata": map[string]any{"total_size": 1}, "weight_map": f.split}))
	}
	for name, content := range f.files {
		path := filepath.Join(dir, name)
		if content == "" {
			err = errors.Join(err, os.RemoveAll(path))
		} else {
			err = errors.Join(err, os.WriteFile(path, []byte(content), 0o644))
		}
	}
	return dir, err
}

// writeForeign writes a file as another program would, without a checksum.
func writeForeign(path string, tensors []safetensors.Tensor) error {
	if err := safetensors.Write(path, nil, tensors); err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	n := int(binary.LittleEndian.Uint64(data))
	header := string(data[8 : 8+n])
	start := strings.Index(header, `"}`) // the end of __metadata__
	plain := `{"__metadata__":{"format":"pt"}` + header[start+2:]
	plain += strings.Repeat(" ", n-len(plain))
	copy(data[8:], plain)
	return os.WriteFile(path, data, 0o644)
}

// with returns the fixture with settings changed; absent removes a field.
func with(change map[string]any) *fixture {
	f := newFixture()
	for k, v := range change {
		if v == absent {
			delete(f.config, k)
			continue
		}
		f.config[k] = v
	}
	return f
}

// absent, as a value, removes a field.
const absent = "\x00absent"
