package models_test

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"infinibench/baselines"
	"infinibench/models"
)

// llama is a small trunk with all that the Llama family adds: 6 heads on 2 key/value heads,
// a model narrower than its attention.
func llama() models.Config {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment = 11, 2, 6, 4, 10, 5
	c.ModelWidth, c.KeyValueHeads = 20, 2
	c.SwiGLU, c.QKVBias, c.QKNorm, c.UntiedHead = true, true, true, true
	c.RopeScaling = models.RopeScaling{Factor: 8, LowFrequency: 1, HighFrequency: 4, OriginalContext: 16}
	return c
}

func TestValidateLlama(t *testing.T) {
	if err := llama().Validate(); err != nil {
		t.Fatal(err)
	}
	scaling := func(change func(*models.RopeScaling)) func(*models.Config) {
		return func(c *models.Config) { change(&c.RopeScaling) }
	}
	for _, c := range []struct {
		change func(*models.Config)
		err    string // part of it
	}{
		{func(c *models.Config) { c.KeyValueHeads = 4 }, "models: key_value_heads is 4, must divide heads, 6"},
		{func(c *models.Config) { c.KeyValueHeads = 12 }, "models: key_value_heads is 12, must divide heads, 6"},
		{func(c *models.Config) { c.KeyValueHeads = -2 }, "models: key_value_heads is -2, must divide heads, 6"},
		{func(c *models.Config) { c.ModelWidth = -1 }, "models: d_model is -1, must be 1 to 1048576"},
		{func(c *models.Config) { c.ModelWidth = 1<<20 + 1 }, "models: d_model is 1048577, must be 1 to 1048576"},
		{func(c *models.Config) { c.HeadSize = 5 }, "models: head_size is 5, must be even"},
		{scaling(func(s *models.RopeScaling) { s.Factor = 0 }), "models: rope_scaling.factor is 0, must be 1 to"},
		{scaling(func(s *models.RopeScaling) { s.Factor = math.NaN() }), "models: rope_scaling.factor is NaN, must be 1 to"},
		{scaling(func(s *models.RopeScaling) { s.LowFrequency = 4 }), "models: rope_scaling.low_freq_factor is 4 and high_freq_factor 4, must be"},
		{scaling(func(s *models.RopeScaling) { s.HighFrequency = math.Inf(1) }), "models: rope_scaling.low_freq_factor is 1 and high_freq_factor +Inf, must be"},
		{scaling(func(s *models.RopeScaling) { s.OriginalContext = 0 }), "models: rope_scaling.original_max_position_embeddings is 0, must be 1 to"},
		// 2¹⁸·(2¹⁹ for the head and the embedding) is above 2³⁶ only together with W_gate:
		// 2¹⁸·(2·2¹⁷ + 2·3·2²⁰/…) by the three matrices of the block alone.
		{func(c *models.Config) { c.ModelWidth, c.FFN, c.Layers = 1<<15, 1<<20, 1 }, "models: 1.03e+11 parameters, more than the limit of 2³⁶"},
	} {
		changed := llama()
		c.change(&changed)
		if err := changed.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one that begins with %s", err, c.err)
		}
	}
}

// TestConfigOfThePaper: the paper's trunk is written as it was before the Llama family, so
// that hashes and checkpoints stay.
func TestConfigOfThePaper(t *testing.T) {
	got, err := json.Marshal(models.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"vocabulary":0,"layers":0,"heads":0,"head_size":0,"ffn":0,"segment":0,"gate_init":0,"memory_epsilon":0.000001,"norm_epsilon":0.00001,"rope_base":10000,"init_std":0.02,"ungated_start":false,"memory_positions":false}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if models.Defaults().Llama() {
		t.Error("the paper's trunk is taken for one of the Llama family")
	}
	data, err := json.Marshal(llama())
	if err != nil {
		t.Fatal(err)
	}
	var back models.Config
	if err := json.Unmarshal(data, &back); err != nil || back != llama() {
		t.Errorf("%s is read as %+v, error %v", data, back, err)
	}
}

// TestLlamaShapes: the shapes of the weights, and so the number of them, by hand.
func TestLlamaShapes(t *testing.T) {
	got := models.Shapes(llama(), models.Infini{})
	want := map[string][]int{"embedding": {11, 20}, "norm_final": {20}, "head": {11, 20}}
	for _, layer := range []string{"layers.0.", "layers.1."} {
		maps.Copy(want, map[string][]int{
			layer + "norm_attention": {20}, layer + "norm_ffn": {20}, layer + "norm_q": {4}, layer + "norm_k": {4},
			layer + "beta": {6}, layer + "w_qkv": {(6 + 2*2) * 4, 20}, layer + "b_qkv": {40}, layer + "w_o": {20, 24},
			layer + "w_gate": {10, 20}, layer + "w_up": {10, 20}, layer + "w_down": {20, 10},
		})
	}
	if !maps.EqualFunc(got, want, slices.Equal[[]int]) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	var matrices float64
	for name, shape := range want {
		if len(shape) == 2 && !strings.HasSuffix(name, "beta") {
			matrices += float64(shape[0] * shape[1])
		}
	}
	if n := llama().Matrices(); n != matrices {
		t.Errorf("the trunk's matrices have %g weights, want %g", n, matrices)
	}
}

// TestGroupedFootprint: one memory for each of two key/value heads, a third of what six
// heads have.
func TestGroupedFootprint(t *testing.T) {
	c := llama()
	for _, m := range []struct {
		memory  models.Memory
		formula string
		entries int64 // by hand
	}{
		{models.Infini{}, "d_key·(d_value+1)·K·l", 4 * 5 * 2 * 2},
		{baselines.TransformerXL{}, "(d_key+d_value)·K·N·l", 8 * 2 * 5 * 2},
		{baselines.TransformerXL{Cache: 7}, "(d_key+d_value)·K·C·l", 8 * 2 * 7 * 2},
		{baselines.Memorizing{Entries: 30}, "(d_key+d_value)·K·(N·l+M)", 8 * 2 * (5*2 + 30)},
		{baselines.LocalOnly{}, "0", 0},
	} {
		if formula, n := m.memory.Footprint(c); formula != m.formula || n != m.entries {
			t.Errorf("%s: %s is %d, want %s, %d", m.memory.Name(), formula, n, m.formula, m.entries)
		}
	}
}

// TestMemoriesThatDoNotFit: a memory with its own positions is refused in a Llama trunk.
func TestMemoriesThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		memory models.Memory
		err    string
	}{
		{baselines.Compressive{}, "compressive: its slots have no rotary positions, as each stands for several tokens, and a trunk of the Llama family has no others"},
		{baselines.TransformerXL{T5: true}, "transformer-xl: t5 is a choice of relative positions, and a trunk of the Llama family has rotary ones"},
		{baselines.Memorizing{TransformerXL: baselines.TransformerXL{T5: true}}, "memorizing: t5 is a choice of relative positions, and a trunk of the Llama family has rotary ones"},
	} {
		if _, err := models.New(llama(), c.memory, 1); err == nil || err.Error() != c.err {
			t.Errorf("error %v\nwant  %s", err, c.err)
		}
		if _, err := models.New(small(t).Config, c.memory, 1); err != nil {
			t.Error(err)
		}
	}
}

// TestHeadsOfNotFinite: which head a number belongs to, by hand: of the 40 rows of a
// projection, 24 are queries of 6 heads, then come keys and then values of 2 heads.
func TestHeadsOfNotFinite(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		weight string
		at     int
		want   string
	}{
		{"layers.1.w_qkv", 23*20 + 19, "w_qkv of layer 1, head 5 is NaN"},
		{"layers.1.w_qkv", 24 * 20, "w_qkv of layer 1, key/value head 0 is NaN"},
		{"layers.1.w_qkv", 31*20 + 19, "w_qkv of layer 1, key/value head 1 is NaN"},
		{"layers.1.w_qkv", 32 * 20, "w_qkv of layer 1, key/value head 0 is NaN"},
		{"layers.0.b_qkv", 39, "b_qkv of layer 0, key/value head 1 is NaN"},
		{"layers.0.b_qkv", 4, "b_qkv of layer 0, head 1 is NaN"},
		{"layers.0.w_o", 3*24 + 20, "w_o of layer 0, head 5 is NaN"},
		{"layers.0.beta", 3, "beta of layer 0, head 3 is NaN"},
		{"head", 7, "head is NaN"},
	} {
		m, err := models.New(llama(), models.Infini{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		m.Param(c.weight).Data()[c.at] = nan
		if err := m.FiniteWeights(nil); err == nil || err.Error() != c.want {
			t.Errorf("%s[%d]: error %v, want %s", c.weight, c.at, err, c.want)
		}
	}
	m, err := models.New(llama(), models.Infini{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := m.NewState(1)
	s.Data(1, 0)[20] = nan // after the 4·5 numbers of head 0
	if err := s.Finite(); err == nil || err.Error() != "memory of layer 1, key/value head 1 is NaN" {
		t.Errorf("error %v", err)
	}
}
