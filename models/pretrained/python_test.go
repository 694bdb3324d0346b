package pretrained

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"infinibench/baselines"
	"infinibench/models"
)

// python is a Python 3 with NumPy.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import numpy").Run() == nil {
			return name
		}
	}
	t.Skip("no Python 3 with NumPy")
	return ""
}

// A program without any code of ours computes our logits from an exported folder:
// docs/read_model.py.
func TestPythonReadsFolder(t *testing.T) {
	python := python(t)
	for reason, c := range map[string]struct {
		memory models.Memory
		change func(*models.Config)
	}{
		"the paper's trunk": {models.Infini{}, func(*models.Config) {}},
		"Llama":             {models.Infini{Delta: true}, func(c *models.Config) { c.SwiGLU, c.KeyValueHeads, c.UngatedStart = true, 2, true }},
		"Llama 3": {models.Infini{}, func(c *models.Config) {
			c.SwiGLU, c.UntiedHead, c.RopeScaling, c.RopeBase = true, true, models.RopeScaling{Factor: 8, LowFrequency: 1, HighFrequency: 4, OriginalContext: 16}, 5e5
		}},
		"Qwen 2": {models.Infini{Delta: true}, func(c *models.Config) { c.SwiGLU, c.QKVBias, c.ModelWidth = true, true, 12 }},
		"Qwen 3": {models.Infini{}, func(c *models.Config) { c.SwiGLU, c.QKNorm, c.KeyValueHeads, c.MemoryPositions = true, true, 1, true }},
		"local":  {baselines.LocalOnly{}, func(c *models.Config) { c.SwiGLU, c.KeyValueHeads = true, 1 }},
	} {
		config := models.Defaults()
		config.Vocabulary, config.Layers, config.Heads, config.HeadSize, config.FFN, config.Segment = 10, 2, 4, 4, 6, 5
		c.change(&config)
		m, err := models.New(config, c.memory, 1)
		if err != nil {
			t.Fatalf("%s: %v", reason, err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for _, p := range m.Params {
			for i := range p.Data() {
				p.Data()[i] += float32(r.NormFloat64()) * 0.5 // nothing is left at 0 or 1
			}
		}
		out := filepath.Join(t.TempDir(), "out")
		if err := Write(out, m, "", &Source{Tokenizer: []byte(files(t, newFixture().write(t))["tokenizer.json"])}); err != nil {
			t.Fatalf("%s: %v", reason, err)
		}
		const tokens = 13 // two segments and a part
		args := []string{filepath.Join("..", "..", "docs", "read_model.py"), out}
		var ids []int32
		for range tokens {
			ids = append(ids, r.Int32N(10))
			args = append(args, strconv.Itoa(int(ids[len(ids)-1])))
		}
		printed, err := exec.Command(python, args...).Output()
		if err != nil {
			t.Fatalf("%s: %v", reason, err)
		}
		var theirs [][]float64
		if err := json.Unmarshal(printed, &theirs); err != nil || len(theirs) != tokens {
			t.Fatalf("%s: %d rows, %v", reason, len(theirs), err)
		}
		d := m.NewDecoder(1)
		worst := 0.0
		for i, id := range ids {
			ours, err := d.Feed([]int32{id})
			if err != nil {
				t.Fatal(err)
			}
			for j, v := range ours {
				worst = max(worst, math.Abs(float64(v)-theirs[i][j])/max(1, math.Abs(theirs[i][j])))
			}
		}
		t.Logf("%s: logits differ by %.1e at most", reason, worst)
		if !(worst < 1e-4) {
			t.Errorf("%s: logits differ by %g", reason, worst)
		}
	}
}
