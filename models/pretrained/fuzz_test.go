package pretrained

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/jsonread"
)

// writeSeed is a folder for a fuzz target to change.
func writeSeed(f *testing.F, x *fixture) string {
	f.Helper()
	dir, err := x.writeTo(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	return dir
}

// FuzzConfig: whatever config.json holds, the folder is refused in one line, or it is a
// model whose every weight is in the files.
func FuzzConfig(f *testing.F) {
	for _, change := range []map[string]any{
		{},
		{"model_type": "gemma2", "rope_scaling": map[string]any{"type": "linear", "factor": 2}},
		{"rope_parameters": map[string]any{"rope_type": "llama3", "rope_theta": 5e5, "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 16}},
		{"sliding_window": 16, "layer_types": []string{"sliding_attention"}, "eos_token_id": []int{1, 2}},
		{"infini_attention": map[string]any{"memory": "infini-delta", "segment": 4, "memory_epsilon": 1e-5}},
		{"head_dim": 1 << 19, "num_hidden_layers": 1 << 20, "vocab_size": -1},
	} {
		text, err := json.Marshal(with(change).config)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	dir := writeSeed(f, newFixture())
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, configFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Open(dir)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %v", err)
			}
			return
		}
		if err := got.Config.Validate(); err != nil {
			t.Error(err)
		}
		for _, p := range Parts(got.Config, nil) {
			if x, ok := got.tensors[p.Tensor]; !ok || !slices.Equal(x.Shape, p.Shape) {
				t.Errorf("%s is %v, want %v", p.Tensor, x.Shape, p.Shape)
			}
		}
	})
}

// FuzzIndex: whatever an index holds, the files it names are in the folder.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata": {"total_size": 1}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "x.safetensors"}}`))
	f.Add([]byte(`{"weight_map": {"a": "../x.safetensors"}}`))
	f.Add([]byte(`{"weight_map": {"a": "..\\x.safetensors", "b": "/x.safetensors", "c": ".safetensors"}}`))
	f.Add([]byte(`{"weight_map": {"a": 1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		files, err := parseIndex(text)
		for name, tensors := range files {
			if filepath.Base(name) != name || !filepath.IsLocal(name) || strings.Contains(name, `\`) || len(tensors) == 0 {
				t.Errorf("%q holds %v", name, tensors)
			}
		}
		if err == nil && len(files) == 0 {
			t.Error("no files and no error")
		}
	})
}

// FuzzSetMember: a member that was set is there, and all the others are as they were.
func FuzzSetMember(f *testing.F) {
	for _, text := range []string{`{}`, `{"a": [1, {"k": 2}], "k": null}`, "\ufeff{ \"a\" : 1 }\n", `{"k": "}"}`, `[1]`, `{"k`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var before, after map[string]any
		if jsonread.Document(text, &before) != nil {
			return
		}
		got, err := setMember(text, "k", []byte(`{"x": 7}`))
		if before == nil && err == nil {
			t.Fatalf("%q became %q", text, got)
		}
		if err != nil {
			return
		}
		if err := jsonread.Document(got, &after); err != nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		before["k"] = map[string]any{"x": 7.0}
		want, _ := json.Marshal(before)
		have, _ := json.Marshal(after)
		if !bytes.Equal(want, have) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
