package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"infinibench/internal/safetensors"
	"infinibench/models"

	"github.com/google/go-cmp/cmp"
)

var progressBefore = Progress{
	Step: 5, Tokens: 1 << 40, Seconds: 0.1 + 0.2,
	Cursor: json.RawMessage(`{"document":3,"at":[1,2]}`), ConfigHash: "abc",
}

// trainOn updates a model on ids drawn from r.
func trainOn(t *testing.T, m *models.Model, o Optimizer, r *rand.Rand, steps int) {
	t.Helper()
	const documents, length = 2, 10 // two segments and a tail
	b := NewBackprop(m, documents, 1)
	ids, targets, weights := make([]int32, documents*length), make([]int32, documents*length), make([]float32, documents*length)
	for range steps {
		for i := range ids {
			ids[i], targets[i], weights[i] = r.Int32N(7), r.Int32N(7), 1.0/(documents*length)
		}
		if _, err := b.Run(ids, targets, weights); err != nil {
			t.Fatal(err)
		}
		o.Step(b.Gradients, 0.01, 0.05)
	}
}

// Ten steps without a stop and five, a stop, and five more end in the same bits.
func TestResumeIsExact(t *testing.T) {
	for _, name := range []string{"adamw", "adafactor"} {
		t.Run(name, func(t *testing.T) {
			begin := func(seed uint64) (*models.Model, Optimizer) {
				m := savedModel(t, models.Infini{Delta: true}, seed, func(c *models.Config) { c.Layers = 2 })
				o, err := NewOptimizer(name, m.Params, map[string]float64{"adamw": 0.1}[name])
				if err != nil {
					t.Fatal(err)
				}
				return m, o
			}
			whole, wholeOptimizer := begin(1)
			trainOn(t, whole, wholeOptimizer, rand.New(rand.NewPCG(5, 6)), 10)

			dir := t.TempDir()
			first, firstOptimizer := begin(1)
			source := rand.NewPCG(5, 6)
			trainOn(t, first, firstOptimizer, rand.New(source), 5)
			p := progressBefore
			state, _ := source.MarshalBinary()
			p.Cursor, _ = json.Marshal(state)
			if err := SaveProgress(dir, first, firstOptimizer, p); err != nil {
				t.Fatal(err)
			}

			second, secondOptimizer := begin(2) // other weights, all to be replaced
			got, found, err := LoadProgress(dir, second, secondOptimizer, "abc")
			if err != nil || !found {
				t.Fatal(found, err)
			}
			if diff := cmp.Diff(p, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(numbers(first), numbers(second)); diff != "" {
				t.Error(diff)
			}
			if err := json.Unmarshal(got.Cursor, &state); err != nil {
				t.Fatal(err)
			}
			if err := source.UnmarshalBinary(state); err != nil {
				t.Fatal(err)
			}
			trainOn(t, second, secondOptimizer, rand.New(source), 5)
			if diff := cmp.Diff(numbers(whole), numbers(second)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(wholeOptimizer.Moments(), secondOptimizer.Moments()); diff != "" {
				t.Error(diff)
			}
			if got := secondOptimizer.Steps(); got != 10 {
				t.Errorf("%d updates", got)
			}
			// The comparisons above say nothing if training does nothing.
			if slices.Equal(first.Param("layers.1.beta").Data(), second.Param("layers.1.beta").Data()) {
				t.Error("the gates did not move")
			}
		})
	}
}

func TestLoadProgressWithoutOne(t *testing.T) {
	m := savedModel(t, models.Infini{}, 1, nil)
	o := NewAdamW(m.Params, 0)
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "not", "there")} {
		if p, found, err := LoadProgress(dir, m, o, ""); found || err != nil || !cmp.Equal(p, Progress{}) {
			t.Errorf("got %v, %v, %v", p, found, err)
		}
	}
}

func TestLoadProgressRefuses(t *testing.T) {
	const advice = ": go back to its settings, or delete it to train from the start"
	segment := func(c *models.Config) { c.Segment, c.GateInit = 8, -1 }
	for _, c := range []struct {
		reason string
		memory models.Memory
		config func(*models.Config)
		adam   bool
		hash   string
		change func(map[string]string, *[]safetensors.Tensor)
		want   string
	}{
		{reason: "another memory", memory: models.Infini{Delta: true},
			want: `is of the model "infini-linear", not "infini-delta"`},
		{reason: "another config", config: segment,
			want: `is of a model with gate_init 0.25, not -1, segment 4, not 8`},
		{reason: "another optimizer", adam: true,
			want: `was made with the optimizer "adafactor", not "adamw"`},
		{reason: "other settings", hash: "def",
			want: `was made with other settings: their hash is "abc", now it is "def"`},
		{reason: "a config that is none", change: func(x map[string]string, _ *[]safetensors.Tensor) { x["config"] = "?" },
			want: `is of a model with an unreadable config`},
		{reason: "progress that is none", change: func(x map[string]string, _ *[]safetensors.Tensor) { x["progress"] = `[]` },
			want: `has unreadable progress: column 1: got an array, want an object`},
		{reason: "negative progress", change: func(x map[string]string, _ *[]safetensors.Tensor) {
			x["progress"] = `{"step":-1,"config_hash":"abc"}`
		}, want: `has impossible progress: 0 updates, {"step":-1,"config_hash":"abc"}`},
		{reason: "negative updates", change: func(x map[string]string, _ *[]safetensors.Tensor) {
			x["updates"], x["progress"] = "-1", `{"config_hash":"abc"}`
		}, want: `has impossible progress: -1 updates, {"config_hash":"abc"}`},
		{reason: "a moment too few", change: func(_ map[string]string, x *[]safetensors.Tensor) {
			*x = slices.DeleteFunc(*x, func(t safetensors.Tensor) bool { return t.Name == "moment.rows.layers.0.w_o" })
		}, want: `does not fit: tensor "moment.rows.layers.0.w_o" is missing`},
		{reason: "a tensor too many", change: func(_ map[string]string, x *[]safetensors.Tensor) {
			*x = append(*x, safetensors.Tensor{Name: "moment.m.embedding", Shape: []int{0}})
		}, want: `does not fit: tensor "moment.m.embedding" has no place in the model`},
		{reason: "a moment of another size", change: func(_ map[string]string, x *[]safetensors.Tensor) {
			last := &(*x)[len(*x)-1] // of norm_final, by order of the names
			last.Shape, last.Data = []int{1}, []float32{0}
		}, want: `does not fit: tensor "moment.v.norm_final" has shape [1], want [4]`},
		{reason: "a moment that is no number", change: func(_ map[string]string, x *[]safetensors.Tensor) {
			(*x)[len(*x)-1].Data[2] = float32(math.NaN())
		}, want: `does not fit: tensor "moment.v.norm_final" holds NaN at 2`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			dir := t.TempDir()
			saved := savedModel(t, models.Infini{}, 1, nil)
			if err := SaveProgress(dir, saved, NewAdafactor(saved.Params), progressBefore); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "training.safetensors")
			if c.change != nil {
				rewrite(t, path, c.change)
			}
			memory, hash := c.memory, "abc"
			if memory == nil {
				memory = models.Infini{}
			}
			if c.hash != "" {
				hash = c.hash
			}
			m := savedModel(t, memory, 2, c.config)
			var o Optimizer = NewAdafactor(m.Params)
			if c.adam {
				o = NewAdamW(m.Params, 0)
			}
			o.SetSteps(77)
			before := numbers(m)
			p, found, err := LoadProgress(dir, m, o, hash)
			if want := "train: checkpoint " + path + " " + c.want + advice; err == nil || err.Error() != want || found || !cmp.Equal(p, Progress{}) {
				t.Errorf("got  %v, %v, %v\nwant %s", p, found, err, want)
			}
			if !cmp.Equal(before, numbers(m)) || o.Steps() != 77 {
				t.Error("a refused checkpoint changed the model or the optimizer")
			}
		})
	}
}

// A model is not a training, although both are checkpoints.
func TestLoadProgressOfModelFile(t *testing.T) {
	dir := t.TempDir()
	m := savedModel(t, models.Infini{}, 1, nil)
	if err := SaveModel(dir, m, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "training.safetensors")
	if err := os.Rename(filepath.Join(dir, "model.safetensors"), path); err != nil {
		t.Fatal(err)
	}
	_, _, err := LoadProgress(dir, m, NewAdafactor(m.Params), "")
	want := "train: checkpoint " + path + ` has the format "infinibench model 1", this program reads "infinibench training 1": delete it, or use the program that wrote it`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A damaged checkpoint is an error, not a missing one, which would restart the training and
// overwrite the evidence. The files stay unchanged.
func TestLoadProgressNoticesDamage(t *testing.T) {
	dir := t.TempDir()
	m := savedModel(t, models.Infini{}, 1, nil)
	o := NewAdafactor(m.Params)
	if err := SaveProgress(dir, m, o, progressBefore); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "training.safetensors")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params {
		clear(p.Data())
	}
	before := numbers(m)
	for i := 0; i < len(good); i += 29 {
		flipped := slices.Clone(good)
		flipped[i] ^= 0x80 >> (i % 8)
		for what, damaged := range map[string][]byte{"a flipped bit": flipped, "an end": good[:i]} {
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			if _, found, err := LoadProgress(dir, m, o, "abc"); err == nil || found || !strings.Contains(err.Error(), path) {
				t.Errorf("%s at byte %d: %v, %v", what, i, found, err)
			}
		}
	}
	if !maps.EqualFunc(before, numbers(m), slices.Equal) {
		t.Error("a damaged checkpoint changed the model")
	}
}

func TestSaveProgressRefuses(t *testing.T) {
	dir := t.TempDir()
	m := savedModel(t, models.Infini{}, 1, nil)
	o := NewAdamW(m.Params, 0)
	if err := SaveProgress(dir, m, o, progressBefore); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "training.safetensors")
	before, _ := os.ReadFile(path)

	broken := progressBefore
	broken.Cursor = json.RawMessage(`{`)
	err := SaveProgress(dir, m, o, broken)
	if err == nil || !strings.HasPrefix(err.Error(), "train: checkpoint "+path+": progress: ") {
		t.Errorf("got %v", err)
	}
	o.Moments()["v.embedding"][1] = float32(math.NaN())
	err = SaveProgress(dir, m, o, progressBefore)
	if want := "train: checkpoint " + path + ` is not written: tensor "moment.v.embedding" holds NaN at 1`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the good checkpoint was overwritten")
	}
}

func TestSaveProgressAtTheSameTime(t *testing.T) {
	dir := t.TempDir()
	m := savedModel(t, models.Infini{}, 1, nil)
	o := NewAdamW(m.Params, 0)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if err := SaveProgress(dir, m, o, Progress{Step: i, ConfigHash: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	files, err := os.ReadDir(dir)
	for _, f := range files {
		if f.Name() != "training.safetensors" && f.Name() != "training.previous.safetensors" {
			t.Errorf("left %s", f.Name())
		}
	}
	if err != nil {
		t.Error(err)
	}
	if _, _, err := LoadProgress(dir, m, o, "none of them"); err == nil || !strings.Contains(err.Error(), "other settings") {
		t.Errorf("the last file is not whole: %v", err)
	}
}

// damagedFile changes one byte of a file.
func damagedFile(t *testing.T, path string, at int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRepairGoesBackOneCheckpoint: a damaged checkpoint is named and removed, and training
// resumes from the one before it, or from the start if that is damaged as well.
func TestRepairGoesBackOneCheckpoint(t *testing.T) {
	dir := t.TempDir()
	m := savedModel(t, models.Infini{}, 1, nil)
	o := NewAdamW(m.Params, 0)
	path := func(name string) string { return filepath.Join(dir, name) }
	for step := 1; step <= 3; step++ {
		if err := SaveProgress(dir, m, o, Progress{Step: step, ConfigHash: "abc"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := SaveModel(dir, m, nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		damage string // file to be damaged
		note   string
		step   int // that LoadProgress finds then; 0: none
	}{
		{"", "", 3},
		{"model.safetensors", "trained again from the last checkpoint", 3},
		{"training.safetensors", "resuming from the checkpoint before it", 2},
		{"training.previous.safetensors", "training from the start", 0},
	} {
		var want []string
		if test.damage != "" {
			damagedFile(t, path(test.damage), 200)
			want = []string{path(test.damage) + " is damaged: " + test.note}
		}
		notes, err := Repair(dir)
		if err != nil || !slices.Equal(notes, want) {
			t.Errorf("%q damaged: notes %q, want %q; %v", test.damage, notes, want, err)
		}
		p, found, err := LoadProgress(dir, m, o, "abc")
		if err != nil || found != (test.step > 0) || p.Step != test.step {
			t.Errorf("%q damaged: found step %d, %v, want %d; %v", test.damage, p.Step, found, test.step, err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left %v", files)
	}
	if notes, err := Repair(path("absent")); len(notes) != 0 || err != nil {
		t.Errorf("no directory: %q, %v", notes, err)
	}
	// What cannot be read may be good: it stays.
	if err := os.Mkdir(path("model.safetensors"), 0o755); err != nil {
		t.Fatal(err)
	}
	if notes, err := Repair(dir); err == nil || len(notes) != 0 {
		t.Errorf("a directory in the place of a file: %q, %v", notes, err)
	}
}
