package pretrained

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/atomicfile"
	"infinibench/internal/safetensors"
	"infinibench/models"
)

// files is the content of a folder by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	return all
}

// typed gives every tensor of the fixture a type, and rounds its numbers to it.
func (f *fixture) typed(kind func(i int) string) {
	for i := range f.tensors {
		x := &f.tensors[i]
		x.Type = kind(i)
		for j, v := range x.Data {
			x.Data[j] = safetensors.Round(v, x.Type)
		}
	}
}

// A folder that was read and written is the same folder, apart from the memory plugged in.
func TestWriteReadBack(t *testing.T) {
	f := newFixture()
	f.shards()
	f.typed(func(i int) string { return []string{"BF16", "BF16", "F16", "BF16", "F32"}[i%5] })
	f.files["config.json"] = strings.Replace(encode(t, f.config), "{", "{\n\t\"a_field\": [1,   2.50],", 1)
	dir := f.write(t)
	opened, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := opened.Config
	c.Segment, c.GateInit, c.UngatedStart, c.MemoryEpsilon = 4, -2, true, 1e-5
	m, err := opened.Load(c, models.Infini{Delta: true}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Param("layers.1.beta").Data()[2] = float32(math.Inf(-1))
	m.Param("layers.0.beta").Data()[1] = 1.0000001

	source, err := SourceOf(opened.Source().Extra(), opened.Source().Tokenizer) // through a checkpoint
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "below", "out")
	if err := Write(out, m, "", source); err != nil {
		t.Fatal(err)
	}
	before, after := files(t, dir), files(t, out)
	for _, name := range []string{"tokenizer.json", "generation_config.json"} {
		if after[name] != before[name] {
			t.Errorf("%s is %q, was %q", name, after[name], before[name])
		}
	}
	// By hand: the file as it was, with a last member.
	wantConfig := strings.TrimSuffix(before["config.json"], "\n}") + ",\n  \"infini_attention\": " + `{
    "memory": "infini-delta",
    "segment": 4,
    "gate_init": -2,
    "memory_epsilon": 0.00001,
    "ungated_start": true,
    "memory_positions": false
  }` + "\n}"
	if diff := cmp.Diff(wantConfig, after["config.json"]); diff != "" {
		t.Error(diff)
	}
	back, err := Open(out)
	if err != nil {
		t.Fatal(err)
	}
	if back.Config != c || *back.Plugged != (Plugged{Memory: "infini-delta"}) {
		t.Errorf("got %+v, %+v", back.Config, back.Plugged)
	}
	again, err := back.Load(back.Config, models.Infini{Delta: true}, 2)
	if err != nil {
		t.Fatal(err)
	}
	sameWeights(t, m, again)
	for name, x := range opened.tensors {
		if got := back.tensors[name].Type; got != x.Type {
			t.Errorf("%s is %s, was %s", name, got, x.Type)
		}
	}
	if got := back.tensors["model.layers.0.self_attn.beta"].Type; got != "F32" {
		t.Errorf("gates are %s, want F32", got)
	}
	// A second trip changes no byte.
	second := filepath.Join(t.TempDir(), "second")
	if err := Write(second, again, "", back.Source()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(after, files(t, second)); diff != "" {
		t.Error("the second folder differs")
	}
	if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func sameWeights(t *testing.T, a, b *models.Model) {
	t.Helper()
	if len(a.Params) != len(b.Params) {
		t.Fatalf("%d and %d weights", len(a.Params), len(b.Params))
	}
	for i, p := range a.Params {
		for j, v := range p.Data() {
			if math.Float32bits(v) != math.Float32bits(b.Params[i].Data()[j]) {
				t.Fatalf("%s differs at %d: %g and %g", p.Name, j, v, b.Params[i].Data()[j])
			}
		}
	}
}

// A model of our own is written with a config.json from which it is read again.
func TestWriteWithoutSource(t *testing.T) {
	for reason, change := range map[string]func(*models.Config){
		"the paper's trunk": func(*models.Config) {},
		"Llama":             func(c *models.Config) { c.SwiGLU, c.KeyValueHeads = true, 1 },
		"Llama, scaled": func(c *models.Config) {
			c.SwiGLU, c.UntiedHead, c.RopeScaling = true, true, models.RopeScaling{Factor: 8, LowFrequency: 1, HighFrequency: 4, OriginalContext: 8}
		},
		"Qwen 2":          func(c *models.Config) { c.SwiGLU, c.QKVBias, c.ModelWidth = true, true, 6 },
		"Qwen 3":          func(c *models.Config) { c.SwiGLU, c.QKNorm, c.QKVBias = true, true, true },
		"another epsilon": func(c *models.Config) { c.NormEpsilon, c.RopeBase, c.UngatedStart = 1e-6, 5e5, true },
	} {
		c := models.Defaults()
		c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment = 10, 2, 2, 4, 6, 16
		change(&c)
		m, err := models.New(c, models.Infini{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out")
		if err := Write(out, m, "", &Source{Tokenizer: []byte(files(t, newFixture().write(t))["tokenizer.json"])}); err != nil {
			t.Fatalf("%s: %v", reason, err)
		}
		f, err := Open(out)
		if err != nil {
			t.Fatalf("%s: %v", reason, err)
		}
		if f.Config != c {
			t.Errorf("%s: got %+v, want %+v", reason, f.Config, c)
		}
		back, err := f.Load(f.Config, models.Infini{}, 2)
		if err != nil {
			t.Fatalf("%s: %v", reason, err)
		}
		sameWeights(t, m, back)
	}
}

func TestSetMember(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, "{\n  \"k\": 7}"},
		{"{ \"a\" : [1] }\n", "{ \"a\" : [1],\n  \"k\": 7 }\n"},
		{`{"k": {"k": 1}, "b": 2}`, `{"k": 7, "b": 2}`},
		{`{"a": {"k": 1}, "k":null}`, `{"a": {"k": 1}, "k":7}`},
		{"\ufeff{\"a\": 1}", "{\"a\": 1,\n  \"k\": 7}"},
	} {
		got, err := setMember([]byte(c.text), "k", []byte("7"))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.text, got, err, c.want)
		}
	}
}

func smallModel(t *testing.T) (*models.Model, *Source) {
	t.Helper()
	f, err := Open(newFixture().ungated().write(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Load(f.Config, models.Infini{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m, f.Source()
}

func TestWriteRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for reason, c := range map[string]struct {
		edit func(m *models.Model, s *Source, out string)
		want string
	}{
		"a folder with files": {func(_ *models.Model, _ *Source, out string) {
			os.Mkdir(out, 0o755)
			os.WriteFile(filepath.Join(out, "mine"), nil, 0o644)
		}, "is not empty; it holds mine: choose another folder"},
		"a file": {func(_ *models.Model, _ *Source, out string) { os.WriteFile(out, []byte("x"), 0o644) }, "not a directory"},
		"NaN":    {func(m *models.Model, _ *Source, _ string) { m.Param("norm_final").Data()[2] = nan }, `tensor "model.norm.weight" holds NaN at 2`},
		"a half's overflow": {func(m *models.Model, s *Source, _ string) {
			s.Types = map[string]string{"": "F16"}
			m.Param("norm_final").Data()[2] = 65520
		}, `tensor "model.norm.weight" holds 65520 at 2, too large for F16, the type in the base model`},
		"another model's source": {func(_ *models.Model, s *Source, _ string) {
			s.Config = []byte(strings.Replace(string(s.Config), `"rms_norm_eps": 0.00001`, `"rms_norm_eps": 0.1`, 1))
		}, `config.json describes`},
		"a source of other sizes": {func(_ *models.Model, s *Source, _ string) {
			s.Config = []byte(strings.Replace(string(s.Config), `"intermediate_size": 6`, `"intermediate_size": 7`, 1))
		}, `has the shape [6 8], config.json makes it [7 8]`},
	} {
		m, s := smallModel(t)
		out := filepath.Join(t.TempDir(), "out")
		c.edit(m, s, out)
		before, _ := os.ReadDir(filepath.Dir(out))
		err := Write(out, m, "", s)
		if err == nil || !strings.HasPrefix(err.Error(), "write model folder "+out+": ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", reason, err, c.want)
		}
		if after, _ := os.ReadDir(filepath.Dir(out)); len(after) != len(before) {
			t.Errorf("%s: left behind: %v", reason, after)
		}
	}
}

// Whichever file operation fails, only the previous content remains.
func TestWriteFailures(t *testing.T) {
	m, s := smallModel(t)
	defer atomicfile.SetHook(nil)
	for fail := 0; ; fail++ {
		out := filepath.Join(t.TempDir(), "out")
		if fail%2 == 1 { // an empty folder is as good as none
			if err := os.Mkdir(out, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		changes := 0
		broken := errors.New("the disk is full")
		atomicfile.SetHook(func(change, _ string) error {
			if changes++; changes == fail+1 && change != "remove" {
				return broken
			}
			return nil
		})
		err := Write(out, m, "", s)
		atomicfile.SetHook(nil)
		left, readErr := os.ReadDir(filepath.Dir(out))
		if readErr != nil {
			t.Fatal(readErr)
		}
		if err == nil && changes <= fail {
			if fail < 10 {
				t.Errorf("only %d changes were made to fail", fail)
			}
			return
		}
		if err == nil { // the change that failed was a clean-up
			continue
		}
		if !errors.Is(err, broken) {
			t.Fatalf("change %d: %v", fail, err)
		}
		if len(left) > fail%2 {
			t.Fatalf("change %d: left behind: %v", fail, left)
		}
	}
}
