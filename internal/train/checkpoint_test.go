package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/safetensors"
	"infinibench/models"

	"github.com/google/go-cmp/cmp"
)

// savedModel is a model whose checkpoint has few bytes.
func savedModel(t *testing.T, memory models.Memory, seed uint64, change func(*models.Config)) *models.Model {
	t.Helper()
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment, c.GateInit = 7, 1, 2, 2, 3, 4, 0.25
	if change != nil {
		change(&c)
	}
	m, err := models.New(c, memory, seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func infiniOnly(id string, _ map[string]string) (models.Memory, error) {
	for _, m := range []models.Memory{models.Infini{}, models.Infini{Delta: true}} {
		if m.Name() == id {
			return m, nil
		}
	}
	return nil, fmt.Errorf("unknown model %q", id)
}

// numbers is a copy of every weight, by name.
func numbers(m *models.Model) map[string][]float32 {
	all := map[string][]float32{}
	for _, p := range m.Params {
		all[p.Name] = slices.Clone(p.Data())
	}
	return all
}

func TestSaveModel(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b") // made by SaveModel
	m := savedModel(t, models.Infini{Delta: true}, 3, nil)
	want := map[string]string{"tokenizer": "bpe-256", "": "empty", "format": "mine"}
	for range 2 {
		if err := SaveModel(dir, m, want); err != nil {
			t.Fatal(err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 || files[0].Name() != "model.safetensors" {
		t.Errorf("got files %v", files)
	}
	got, extra, err := LoadModel(dir, infiniOnly)
	if err != nil {
		t.Fatal(err)
	}
	if got.Config != m.Config || got.Memory != m.Memory || !maps.Equal(extra, want) {
		t.Errorf("got %+v, %v, %v", got.Config, got.Memory, extra)
	}
	if diff := cmp.Diff(numbers(m), numbers(got)); diff != "" {
		t.Error(diff)
	}
}

// A trunk of the Llama family, narrower than its attention, has fewer weights than one of
// the width of its heads.
func TestSaveModelOfLlama(t *testing.T) {
	dir := t.TempDir()
	m := savedModel(t, models.Infini{}, 3, func(c *models.Config) {
		c.ModelWidth, c.Heads, c.KeyValueHeads, c.HeadSize = 3, 4, 2, 8
		c.SwiGLU, c.QKVBias, c.QKNorm, c.UntiedHead = true, true, true, true
		c.RopeScaling = models.RopeScaling{Factor: 8, LowFrequency: 1, HighFrequency: 4, OriginalContext: 16}
	})
	if err := SaveModel(dir, m, nil); err != nil {
		t.Fatal(err)
	}
	got, _, err := LoadModel(dir, infiniOnly)
	if err != nil {
		t.Fatal(err)
	}
	if got.Config != m.Config {
		t.Errorf("got %+v, saved %+v", got.Config, m.Config)
	}
	if diff := cmp.Diff(numbers(m), numbers(got)); diff != "" {
		t.Error(diff)
	}
}

// The names and shapes are what other programs read the file by.
func TestSaveModelTensors(t *testing.T) {
	dir := t.TempDir()
	if err := SaveModel(dir, savedModel(t, models.Infini{}, 1, nil), nil); err != nil {
		t.Fatal(err)
	}
	_, tensors, err := safetensors.Read(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]int{}
	for _, x := range tensors {
		got[x.Name] = x.Shape
	}
	want := map[string][]int{ // d = 2 heads of 2
		"embedding": {7, 4}, "norm_final": {4},
		"layers.0.norm_attention": {4}, "layers.0.norm_ffn": {4}, "layers.0.beta": {2},
		"layers.0.w_qkv": {12, 4}, "layers.0.w_o": {4, 4}, "layers.0.w_up": {3, 4}, "layers.0.w_down": {4, 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSaveModelRefuses(t *testing.T) {
	dir := t.TempDir()
	m := savedModel(t, models.Infini{}, 1, nil)
	if err := SaveModel(dir, m, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "model.safetensors")
	before, _ := os.ReadFile(path)
	m.Param("layers.0.w_o").Data()[5] = float32(math.Inf(-1))
	err := SaveModel(dir, m, nil)
	if want := "train: checkpoint " + path + ` is not written: tensor "layers.0.w_o" holds -Inf at 5`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the good checkpoint was overwritten")
	}

	m = savedModel(t, models.Infini{}, 1, nil)
	err = SaveModel(filepath.Join(path, "below"), m, nil) // below a regular file
	if err == nil || !strings.HasPrefix(err.Error(), "train: checkpoint "+filepath.Join(path, "below", "model.safetensors")+": ") || !strings.HasSuffix(err.Error(), "not a directory") {
		t.Errorf("got %v", err)
	}
}

func TestLoadModelRefuses(t *testing.T) {
	m := savedModel(t, models.Infini{}, 1, nil)
	for _, c := range []struct {
		reason string
		change func(metadata map[string]string, tensors *[]safetensors.Tensor)
		want   string
	}{
		{"another format", func(x map[string]string, _ *[]safetensors.Tensor) { x["format"] = "infinibench model 2" },
			`train: checkpoint FILE has the format "infinibench model 2", this program reads "infinibench model 1": delete it, or use the program that wrote it`},
		{"a memory nobody knows", func(x map[string]string, _ *[]safetensors.Tensor) { x["memory"] = "hippocampus" },
			`train: checkpoint FILE is of the model "hippocampus": unknown model "hippocampus"`},
		{"no config", func(x map[string]string, _ *[]safetensors.Tensor) { delete(x, "config") },
			`train: checkpoint FILE: config: column 1: the text is empty`},
		{"a setting nobody knows", func(x map[string]string, _ *[]safetensors.Tensor) { x["config"] = `{"dropout":0.1}` },
			`train: checkpoint FILE: config: column 2: "dropout": unknown key`},
		{"an invalid config", func(x map[string]string, _ *[]safetensors.Tensor) {
			x["config"] = strings.Replace(x["config"], `"heads":2`, `"heads":0`, 1)
		}, `train: checkpoint FILE: config: models: heads is 0, must be 1 to 1048576`},
		{"a model larger than the file", func(x map[string]string, _ *[]safetensors.Tensor) {
			x["config"] = strings.Replace(x["config"], `"vocabulary":7`, `"vocabulary":1000000`, 1)
			// 4·10⁶ + 1·4·(16 + 6 + 2) + 4; the file: 28 + 4 + 4 + 4 + 2 + 48 + 16 + 12 + 12
		}, `train: checkpoint FILE: config: describes a model of 4000100 weights or more, the file holds 130`},
		{"sizes whose product is no int", func(x map[string]string, _ *[]safetensors.Tensor) {
			x["config"] = strings.Replace(x["config"], `"heads":2,"head_size":2`, `"heads":4294967296,"head_size":4294967296`, 1)
		}, `models: head_size is 4294967296, must be 1 to 1048576`},
		{"a tensor too few", func(_ map[string]string, x *[]safetensors.Tensor) { *x = slices.Delete(*x, 3, 4) },
			`train: checkpoint FILE does not fit its model "infini-linear": tensor "layers.0.beta" is missing`},
		{"a tensor too many", func(_ map[string]string, x *[]safetensors.Tensor) {
			*x = append(*x, safetensors.Tensor{Name: "layers.1.beta"}, safetensors.Tensor{Name: "bias", Shape: []int{0}})
			(*x)[len(*x)-2].Data = []float32{0}
		}, `train: checkpoint FILE does not fit its model "infini-linear": tensor "bias" has no place in the model`},
		{"a tensor on its side", func(_ map[string]string, x *[]safetensors.Tensor) { (*x)[0].Shape = []int{4, 7} },
			`train: checkpoint FILE does not fit its model "infini-linear": tensor "embedding" has shape [4 7], want [7 4]`},
		{"a weight that is no number", func(_ map[string]string, x *[]safetensors.Tensor) {
			(*x)[0].Data = slices.Repeat([]float32{float32(math.NaN())}, 28)
		}, `train: checkpoint FILE does not fit its model "infini-linear": tensor "embedding" holds NaN at 0`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			dir := t.TempDir()
			if err := SaveModel(dir, m, nil); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "model.safetensors")
			rewrite(t, path, c.change)
			got, extra, err := LoadModel(dir, infiniOnly)
			want := strings.Replace(c.want, "FILE", path, 1)
			if err == nil || !strings.HasSuffix(err.Error(), want) || got != nil || extra != nil {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// rewrite changes a checkpoint and gives it a new checksum.
func rewrite(t *testing.T, path string, change func(map[string]string, *[]safetensors.Tensor)) {
	t.Helper()
	metadata, tensors, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	change(metadata, &tensors)
	delete(metadata, "sha256")
	if err := safetensors.Write(path, metadata, tensors); err != nil {
		t.Fatal(err)
	}
}

func TestLoadModelWithoutOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model.safetensors")
	_, _, err := LoadModel(dir, infiniOnly)
	if want := "train: checkpoint: safetensors: open " + path + ": no such file or directory"; !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	foreign := "\x08\x00\x00\x00\x00\x00\x00\x00{}      " // the empty file of the format's own library
	if err := os.WriteFile(path, []byte(foreign), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err = LoadModel(dir, infiniOnly)
	if want := "train: checkpoint " + path + " has no checksum: it is damaged or was written by another program; delete it, or put a good copy in its place"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The tests of safetensors flip every bit of a file; here the point is that damage
// to the name of the checksum, which makes it a file of another program there, is
// noticed too, and that the errors help.
func TestLoadModelNoticesDamage(t *testing.T) {
	dir := t.TempDir()
	if err := SaveModel(dir, savedModel(t, models.Infini{}, 1, nil), map[string]string{"tokenizer": "bytes"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "model.safetensors")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, damaged []byte) {
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := LoadModel(dir, infiniOnly); err == nil {
			t.Errorf("%s was not noticed", what)
		} else if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "delete it") && !strings.Contains(err.Error(), "convert") {
			t.Errorf("%s: the error does not help: %v", what, err)
		}
	}
	for i := range good {
		bits := []int{i % 8}
		if i < 8+len(`{"__metadata__":{"sha256":"`) {
			bits = []int{0, 1, 2, 3, 4, 5, 6, 7}
		} else if i%29 != 0 {
			continue
		}
		for _, bit := range bits {
			b := slices.Clone(good)
			b[i] ^= 1 << bit
			check(fmt.Sprintf("bit %d of byte %d", bit, i), b)
		}
		check(fmt.Sprintf("an end after %d bytes", i), good[:i])
	}
}

// No configuration makes LoadModel build a model larger than the file.
func FuzzSavedConfig(f *testing.F) {
	good, err := json.Marshal(models.Config{Vocabulary: 7, Layers: 1, Heads: 2, HeadSize: 2, FFN: 3, Segment: 4, MemoryEpsilon: 1, NormEpsilon: 1, RopeBase: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	f.Add(strings.Replace(string(good), `"vocabulary":7`, `"vocabulary":8`, 1))
	f.Add(strings.Replace(string(good), `"heads":2,"head_size":2`, `"heads":4294967296,"head_size":4294967296`, 1))
	f.Add(`{"layers":1e99}`)
	f.Add(`{"layers":null} {`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := savedConfig(text, []safetensors.Tensor{{Data: make([]float32, 128)}})
		if err == nil && (c.Vocabulary > 128 || c.Layers > 128 || c.Heads > 128 || c.HeadSize > 128 || c.FFN > 128) {
			t.Errorf("128 numbers are enough for %+v", c)
		}
	})
}
