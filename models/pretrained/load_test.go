package pretrained

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"infinibench/internal/safetensors"
	"infinibench/models"
)

// ungated makes the fixture a model of the paper's trunk.
func (f *fixture) ungated() *fixture {
	f.config["model_type"], f.config["hidden_act"], f.config["num_key_value_heads"] = ownType, "gelu", 4
	for _, layer := range []string{"0", "1"} {
		f.remove("model.layers." + layer + ".mlp.gate_proj.weight")
		for _, p := range []string{"k", "v"} {
			f.remove("model.layers." + layer + ".self_attn." + p + "_proj.weight")
			f.add("model.layers."+layer+".self_attn."+p+"_proj.weight", 8, 8)
		}
	}
	return f
}

// load opens a folder and loads it with a memory.
func load(t *testing.T, dir string, m models.Memory, change func(*models.Config)) (*models.Model, error) {
	t.Helper()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := f.Config
	if change != nil {
		change(&c)
	}
	return f.Load(c, m, 1)
}

// Every number of every tensor is where the names say (docs of transformers' LlamaModel):
// queries, keys and values one below the other.
func TestLoad(t *testing.T) {
	for i := range 4 {
		f := newFixture()
		if i%2 == 1 {
			f.ungated()
		}
		if i >= 2 {
			f.shards()
		}
		for i := range f.tensors { // a type each
			f.tensors[i].Type = []string{safetensors.F32, safetensors.BF16, safetensors.F16}[i%3]
			for j, v := range f.tensors[i].Data {
				f.tensors[i].Data[j] = safetensors.Round(v, f.tensors[i].Type)
			}
		}
		m, err := load(t, f.write(t), models.Infini{Delta: true}, func(c *models.Config) { c.Segment, c.GateInit = 4, -2 })
		if err != nil {
			t.Fatal(err)
		}
		checkWeights(t, f, m)
		for _, name := range []string{"layers.0.beta", "layers.1.beta"} {
			for _, v := range m.Param(name).Data() {
				if v != -2 {
					t.Errorf("%s starts at %g, want -2", name, v)
				}
			}
		}
		if m.Config.Segment != 4 || m.Memory.Name() != "infini-delta" {
			t.Errorf("got segment %d, %s", m.Config.Segment, m.Memory.Name())
		}
	}
}

// checkWeights compares a model with a fixture without biases, norms of heads and a head.
func checkWeights(t *testing.T, f *fixture, m *models.Model) {
	t.Helper()
	want := map[string][]float32{"embedding": f.tensor("model.embed_tokens.weight").Data, "norm_final": f.tensor("model.norm.weight").Data}
	for _, layer := range []string{"0", "1"} {
		of := func(name string) []float32 { return f.tensor("model.layers." + layer + "." + name + ".weight").Data }
		param := "layers." + layer + "."
		want[param+"norm_attention"], want[param+"norm_ffn"] = of("input_layernorm"), of("post_attention_layernorm")
		want[param+"w_o"], want[param+"w_up"], want[param+"w_down"] = of("self_attn.o_proj"), of("mlp.up_proj"), of("mlp.down_proj")
		want[param+"w_qkv"] = append(append(append([]float32{}, of("self_attn.q_proj")...), of("self_attn.k_proj")...), of("self_attn.v_proj")...)
		if m.Config.SwiGLU {
			want[param+"w_gate"] = of("mlp.gate_proj")
		}
	}
	for name, data := range want {
		p := m.Param(name)
		if p == nil || len(p.Data()) != len(data) {
			t.Fatalf("weight %s is %+v, want %d numbers", name, p, len(data))
		}
		for i, v := range p.Data() {
			if v != data[i] {
				t.Fatalf("%s is %g at %d, want %g", name, v, i, data[i])
			}
		}
	}
}

// Gates are read, also those that are shut, whatever the memory that is plugged in.
func TestLoadGates(t *testing.T) {
	f := newFixture().ungated()
	f.config["infini_attention"] = map[string]any{"memory": "infini-linear", "segment": 4, "gate_init": 0, "ungated_start": false, "memory_positions": false}
	gates(f)
	f.tensor("model.layers.1.self_attn.beta").Data = []float32{1, 2, 3, float32(math.Inf(-1))}
	dir := f.write(t)
	for _, delta := range []bool{false, true} {
		m, err := load(t, dir, models.Infini{Delta: delta}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Param("layers.1.beta").Data(); got[2] != 3 || !math.IsInf(float64(got[3]), -1) {
			t.Errorf("got %v", got)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for reason, c := range map[string]struct {
		edit   func(*fixture)
		change func(*models.Config)
		want   string
	}{
		"NaN":               {edit: func(f *fixture) { f.tensor("model.norm.weight").Data[3] = nan }, want: `model.safetensors: tensor "model.norm.weight" holds NaN at 3`},
		"a head of its own": {edit: func(f *fixture) { f.add("lm_head.weight", 10, 8) }, want: `tensor "lm_head.weight" is 18 at 0, the embedding 0, though tie_word_embeddings is true`},
		"another width":     {change: func(c *models.Config) { c.FFN = 7 }, want: `is not the folder's`},
		"a window":          {edit: func(f *fixture) { f.config["sliding_window"] = 16 }, change: func(c *models.Config) { c.Segment = 17 }, want: `sliding_window is 16 tokens, shorter than a segment of 17: choose a segment of at most 16`},
	} {
		f := newFixture().ungated()
		if c.edit != nil {
			c.edit(f)
		}
		dir := f.write(t)
		m, err := load(t, dir, models.Infini{}, c.change)
		if err == nil || m != nil || !strings.HasPrefix(err.Error(), "model folder "+dir+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %s", reason, err, c.want)
		}
	}
}

// A head that is a copy of the embedding is the embedding.
func TestLoadCopiedHead(t *testing.T) {
	f := newFixture().ungated()
	f.add("lm_head.weight", 10, 8)
	f.tensor("lm_head.weight").Data = f.tensor("model.embed_tokens.weight").Data
	m, err := load(t, f.write(t), models.Infini{}, nil)
	if err != nil || m.Config.UntiedHead {
		t.Errorf("got %+v, %v", m, err)
	}
}

// A folder that something writes to is refused, whichever file it is.
func TestLoadChangedFolder(t *testing.T) {
	for _, name := range []string{"config.json", "generation_config.json", "tokenizer.json", "model-00001-of-00002.safetensors", "model.safetensors.index.json"} {
		f := newFixture().ungated()
		f.shards()
		dir := f.write(t)
		opened, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err = opened.Load(opened.Config, models.Infini{}, 1)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "changed while") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// meddler writes to a file when the model is made, after Load has looked at the folder for
// the first time.
type meddler struct {
	models.Infini
	calls *int
	path  string
}

func (m meddler) Params(c models.Config, layer int) []models.ParamSpec {
	if *m.calls++; *m.calls > c.Layers {
		os.Chtimes(m.path, time.Time{}, time.Now().Add(time.Second))
	}
	return m.Infini.Params(c, layer)
}

func TestLoadChangedMeanwhile(t *testing.T) {
	f := newFixture()
	dir := f.write(t)
	opened, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = opened.Load(opened.Config, meddler{calls: new(int), path: filepath.Join(dir, "config.json")}, 1)
	if err == nil || !strings.Contains(err.Error(), "config.json changed while the folder was read") {
		t.Errorf("got %v", err)
	}
}

// What Write of package safetensors wrote is checked against its checksum.
func TestLoadDamaged(t *testing.T) {
	f := newFixture().ungated()
	dir := f.write(t)
	path := filepath.Join(dir, "model.safetensors")
	if err := safetensors.Write(path, nil, f.tensors); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, dir, models.Infini{}, nil); err == nil || !strings.Contains(err.Error(), "the file is damaged") {
		t.Errorf("got %v", err)
	}
}

// The tensors that only some models have.
func TestLoadVariants(t *testing.T) {
	f := with(map[string]any{"model_type": "qwen3", "tie_word_embeddings": false, "attention_bias": true})
	biases(f)
	headNorms(f)
	f.add("lm_head.weight", 10, 8)
	m, err := load(t, f.write(t), models.Infini{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkWeights(t, f, m)
	for param, tensors := range map[string][]string{
		"head":            {"lm_head.weight"},
		"layers.1.norm_q": {"model.layers.1.self_attn.q_norm.weight"},
		"layers.0.norm_k": {"model.layers.0.self_attn.k_norm.weight"},
		"layers.1.b_qkv":  {"model.layers.1.self_attn.q_proj.bias", "model.layers.1.self_attn.k_proj.bias", "model.layers.1.self_attn.v_proj.bias"},
	} {
		var want []float32
		for _, name := range tensors {
			want = append(want, f.tensor(name).Data...)
		}
		if got := m.Param(param).Data(); !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", param, got, want)
		}
	}
}

func TestLoadStories(t *testing.T) {
	m, err := load(t, stories(t), models.Infini{}, func(c *models.Config) { c.Segment = 64 })
	if err != nil {
		t.Fatal(err)
	}
	if m.Parameters() != 260_032+5*8 { // the README's, and the gates
		t.Errorf("got %d weights", m.Parameters())
	}
}
