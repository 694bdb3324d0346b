package pretrained

import (
	"math"
	"slices"
	"strings"
	"testing"

	"infinibench/models"
)

// A model whose matrices stay in the folder's type computes the same numbers, bit for bit.
func TestLoadStored(t *testing.T) {
	for name, kind := range map[string]func(i int) string{
		"BF16":  func(int) string { return "BF16" },
		"F16":   func(int) string { return "F16" },
		"mixed": func(i int) string { return []string{"BF16", "F16", "F32", "BF16"}[i%4] },
	} {
		f := newFixture()
		for i := range f.tensors { // small enough that no softmax decides alone
			for j := range f.tensors[i].Data {
				f.tensors[i].Data[j] = float32((j*7+i*3)%11-5) / 16
			}
		}
		f.typed(kind)
		opened, err := Open(f.write(t))
		if err != nil {
			t.Fatal(err)
		}
		c := opened.Config
		c.Segment = 4
		plain, err := opened.Load(c, models.Infini{Delta: true}, 1)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := opened.LoadStored(c, models.Infini{Delta: true}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := stored.Parameters(), plain.Parameters(); got != want {
			t.Errorf("%s: %d weights, want %d", name, got, want)
		}
		checkStorage(t, f, stored)
		for i, m := range stored.Params {
			if m.Value.Dtype().String() != "float32" {
				continue
			}
			if !slices.Equal(m.Data(), plain.Params[i].Data()) {
				t.Errorf("%s: %s differs", name, m.Name)
			}
		}
		ids := []int32{1, 7, 3, 9, 2, 4, 0, 8, 5, 6}
		var nlls [2][]float64
		var logits [2][]float32
		for i, m := range []*models.Model{plain, stored} {
			state, scorer := m.NewState(1), m.NewScorer(1, 4)
			for at := 0; at < 8; at += 4 {
				nll, err := scorer.Score(ids[at:at+4], ids[at+1:at+5], state)
				if err != nil {
					t.Fatal(err)
				}
				nlls[i] = append(nlls[i], nll...)
			}
			d := m.NewDecoder(1)
			for _, part := range [][]int32{ids[:6], ids[6:7], ids[7:8], ids[8:]} {
				l, err := d.Feed(part)
				if err != nil {
					t.Fatal(err)
				}
				logits[i] = append(logits[i], l...)
			}
		}
		if !slices.Equal(nlls[0], nlls[1]) {
			t.Errorf("%s: losses %v, in float32 %v", name, nlls[1], nlls[0])
		}
		if !slices.Equal(logits[0], logits[1]) {
			t.Errorf("%s: logits %v, in float32 %v", name, logits[1], logits[0])
		}
		if err := stored.FiniteWeights(nil); err != nil {
			t.Error(err)
		}
	}
}

// checkStorage: a matrix keeps the type of its tensors if they agree; all else is float32.
func checkStorage(t *testing.T, f *fixture, m *models.Model) {
	t.Helper()
	types := map[string][]string{}
	for _, p := range Parts(m.Config, m.Memory) {
		if p.Memory || len(p.Shape) != 2 {
			types[p.Param] = append(types[p.Param], "F32")
			continue
		}
		types[p.Param] = append(types[p.Param], f.tensor(p.Tensor).Type)
	}
	for _, p := range m.Params {
		want := "float32"
		if kinds := slices.Compact(slices.Sorted(slices.Values(types[p.Name]))); len(kinds) == 1 {
			want = map[string]string{"F32": "float32", "F16": "kernel.Float16", "BF16": "kernel.BFloat16"}[kinds[0]]
		}
		if got := p.Value.Dtype().String(); got != want {
			t.Errorf("%s, of %v, is stored as %s, want %s", p.Name, types[p.Name], got, want)
		}
	}
}

// Numbers that are not finite are refused in each type, with the place.
func TestLoadStoredNotFinite(t *testing.T) {
	for _, kind := range []string{"BF16", "F16"} {
		f := newFixture()
		f.typed(func(int) string { return kind })
		f.tensor("model.layers.1.mlp.up_proj.weight").Data[5] = -inf
		opened, err := Open(f.write(t))
		if err != nil {
			t.Fatal(err)
		}
		const want = `model.safetensors: tensor "model.layers.1.mlp.up_proj.weight" holds -Inf at 5`
		if _, err := opened.LoadStored(opened.Config, models.Infini{}, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", kind, err, want)
		}
	}
}

var inf = float32(math.Inf(1))
