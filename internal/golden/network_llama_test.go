package golden

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"infinibench/models/pretrained"
)

// What the Llama family has, in float64: Llama (Touvron et al. 2023), grouped queries
// (Ainslie et al. 2023), the biases of Qwen 2, the norms of queries and keys of Qwen 3, and
// the scaled frequencies of Llama 3.1, the last three as transformers has them.

func (n network) headSize() int {
	if n.HeadSize > 0 {
		return n.HeadSize
	}
	return n.Width / n.Heads
}

func (n network) kvHeads() int {
	if n.KeyValueHeads > 0 {
		return n.KeyValueHeads
	}
	return n.Heads
}

// group is the key/value head of a query head: of 6 on 2, the first three have the first.
func (n network) group(h int) int { return h / (n.Heads / n.kvHeads()) }

// queries and keys are the widths of all queries and of all keys of a token.
func (n network) queries() int { return n.Heads * n.headSize() }
func (n network) keys() int    { return n.kvHeads() * n.headSize() }

func (n network) untied() bool { return n.Tied != nil && !*n.Tied }

// head is what logits are products with.
func (n network) head() []float64 {
	if n.untied() {
		return n.weights["head"]
	}
	return n.weights["embedding"]
}

// llamaShapes adds the weights of a layer that the paper's trunk lacks.
func (n network) llamaShapes(layer map[string][]int) {
	if n.KeyValueHeads > 0 {
		layer["w_gate"] = []int{n.FFN, n.Width}
	}
	if n.Bias {
		layer["b_qkv"] = []int{n.queries() + 2*n.keys()}
	}
	if n.QKNorm {
		maps.Copy(layer, map[string][]int{"norm_q": {n.headSize()}, "norm_k": {n.headSize()}})
	}
}

// project is what becomes of W_qkv·x: a bias, and every query and key normalised.
func (n network) project(l int, qkv []float64) []float64 {
	if n.Bias {
		add(qkv, n.layer(l, "b_qkv"))
	}
	if n.QKNorm {
		d := n.headSize()
		for at := 0; at < n.queries()+n.keys(); at += d {
			gain := n.layer(l, "norm_q")
			if at >= n.queries() {
				gain = n.layer(l, "norm_k")
			}
			copy(qkv[at:at+d], n.norm(qkv[at:at+d], gain))
		}
	}
	return qkv
}

// frequency scales a rotary frequency as in Llama 3.1: wavelengths below context/high are
// unchanged, wavelengths above context/low are multiplied by `factor`, and those between are
// interpolated by the number of turns in the context.
func (n network) frequency(f float64) float64 {
	s := n.RopeScaling
	if s == nil {
		return f
	}
	turns := float64(s.OriginalContext) * f / (2 * math.Pi)
	switch {
	case turns > s.HighFrequency:
		return f
	case turns < s.LowFrequency:
		return f / s.Factor
	}
	smooth := (turns - s.LowFrequency) / (s.HighFrequency - s.LowFrequency)
	return (1-smooth)*f/s.Factor + smooth*f
}

// TestFrequencies compares the network's frequencies with the values from transformers.
func TestFrequencies(t *testing.T) {
	data, err := os.ReadFile(shared(t, "goldens/models/rope_frequencies.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			About       string
			HeadSize    int          `json:"head_dim"`
			RopeBase    float64      `json:"rope_theta"`
			RopeScaling *RopeScaling `json:"rope_scaling"`
			Frequencies []float64
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		n := network{Config: Config{RopeBase: c.RopeBase, Llama: Llama{RopeScaling: c.RopeScaling}}}
		for i, want := range c.Frequencies {
			// The file has nine digits.
			got := n.frequency(math.Pow(n.RopeBase, -2*float64(i)/float64(c.HeadSize)))
			if math.Abs(got-want) > 1e-8*want {
				t.Errorf("%s: frequency %d is %g, want %g", c.About, i, got, want)
			}
		}
	}
}

// hub is a reference with Hugging Face tensor names, as in the Llama family.
func hub(t testing.TB, n network, r *rand.Rand) *File {
	t.Helper()
	f := n.reference(r)
	memory, err := f.Config.memory()
	if err != nil {
		t.Fatal(err)
	}
	weights, gradients := map[string]Array{}, map[string][]float64{}
	for _, p := range pretrained.Parts(f.model(), memory) {
		row := size(p.Shape[1:])
		cut := func(x []float64) []float64 { return slices.Clone(x[p.From*row : (p.From+p.Shape[0])*row]) }
		weights[p.Tensor], gradients[p.Tensor] = Array{p.Shape, cut(f.Weights[p.Param].Data)}, cut(f.Gradients[p.Param])
	}
	f.Weights, f.Gradients = weights, gradients
	for _, layer := range f.State {
		f.Memory = append(f.Memory, layer["memory"])
	}
	f.Config.Delta = f.Config.Model == "infini-delta"
	f.Config.Model, f.State, f.Auxiliary = "", nil, nil
	return f
}

func smallLlama() network {
	n := small(false)
	n.Width, n.Heads, n.KeyValueHeads, n.HeadSize, n.FFN, n.Batch = 5, 4, 2, 2, 3, 2
	n.Bias, n.QKNorm, n.Tied = true, true, new(bool)
	n.Model = "infini-delta"
	n.draw(rand.New(rand.NewPCG(1, 2)))
	return n
}

// TestHubNames: a reference with Hugging Face's names is read as one with ours, and a wrong
// number in one tensor fails there alone.
func TestHubNames(t *testing.T) {
	f := hub(t, smallLlama(), rand.New(rand.NewPCG(1, 2)))
	for _, d := range compare(t, f) {
		if !d.Passed() {
			t.Errorf("%s is off by %.2g, tolerance %.0e", d.Name, d.Error, d.Tolerance)
		}
	}
	const wrong = "model.layers.1.self_attn.k_proj.bias"
	f.Gradients[wrong][2] += 1
	for _, d := range compare(t, f) {
		if d.Passed() == (d.Name == "gradient."+wrong) {
			t.Errorf("%s passes: %t", d.Name, d.Passed())
		}
	}
}

// TestPublished: the weights and the texts of a published model are in its folder.
func TestPublished(t *testing.T) {
	base, err := pretrained.Open(shared(t, "data/models/stories260K"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"models/stories260k_base.json", "models/stories260k_infini_linear.json"} {
		checkReference(t, name, base)
	}
	f, err := Load(shared(t, "goldens/models/stories260k_base.json"))
	if err != nil {
		t.Fatal(err)
	}
	f.Greedy[40], f.GreedyText, f.Text = 3, f.GreedyText+".", f.Text+"."
	*f.Loss *= 1.0001
	found, err := Compare(f, base)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, d := range found {
		if !d.Passed() {
			failed = append(failed, d.Name)
		}
	}
	if got := strings.Join(failed, " "); got != "loss greedy text greedy_text" {
		t.Errorf("of a spoilt reference, %s fail", got)
	}
	for _, c := range []struct {
		spoil func(*File)
		err   string
	}{
		{func(f *File) { f.Config.KeyValueHeads = 8 }, "config.kv_heads is 8, but " + base.Dir + " has 4"},
		{func(f *File) { f.Config.RopeBase = 500000 }, "config.rope_base is 500000, but " + base.Dir + " has 10000"},
		{func(f *File) { f.Config.Tied = new(bool) }, "config.tied is false, but " + base.Dir + " has true"},
	} {
		f, err := Load(shared(t, "goldens/models/stories260k_base.json"))
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(f)
		if _, err := Compare(f, base); err == nil || err.Error() != c.err {
			t.Errorf("error %v, want %s", err, c.err)
		}
	}
	if _, err := Compare(f, nil); err == nil || err.Error() != "weights is missing; to check a published model, name its folder with --model" {
		t.Errorf("error %v", err)
	}
}

// TestPluggedInSeesAnOpenGate: the check of a published model passes, and would not if the
// gate were open.
func TestPluggedInSeesAnOpenGate(t *testing.T) {
	base, err := pretrained.Open(shared(t, "data/models/stories260K"))
	if err != nil {
		t.Fatal(err)
	}
	for beta, want := range map[float64]bool{math.Inf(-1): true, -10: false} {
		found, err := pluggedIn(base, beta)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 8 {
			t.Errorf("%d quantities are checked, want 2 of 4 memories", len(found))
		}
		for _, d := range found {
			// The cache has no gate.
			if gated := !strings.HasPrefix(d.Name, "transformer-xl."); gated && d.Passed() != want {
				t.Errorf("β %g: %s passes: %t, %g of its numbers differ", beta, d.Name, d.Passed(), d.Error)
			}
		}
	}
}

func TestParseRefusesLlama(t *testing.T) {
	refuses(t, sync.OnceValues(func() ([]byte, error) {
		return json.Marshal(hub(t, smallLlama(), rand.New(rand.NewPCG(1, 1))))
	}), invalidLlama)
}

// invalidLlama is how a reference of the Llama family is refused. Each of its two layers has
// 15 tensors, 3 of them biases; embedding, last norm and head make 33.
var invalidLlama = []struct {
	spoil func(map[string]any)
	err   string
}{
	{set("kv_heads", 3, "config"), "models: key_value_heads is 3, must divide heads, 4, so that each is shared by as many"},
	{set("kv_heads", -2, "config"), "config.kv_heads is -2, must be 1 to 1048576"},
	{remove("kv_heads", "config"), "config.kv_heads is missing: head_dim, attention_bias, qk_norm, tied, ungated_start and rope_scaling are of references that have it"},
	{set("head_dim", 3, "config"), "models: head_size is 3, must be even for rotary positions"},
	{remove("head_dim", "config"), "config.d_model 5 is not a multiple of config.heads 4"},
	{set("rope_scaling", map[string]any{"rope_type": "yarn", "factor": 2}, "config"), `config.rope_scaling.rope_type is "yarn", must be llama3`},
	{set("rope_scaling", map[string]any{"rope_type": "llama3", "factor": 2}, "config"), "models: rope_scaling.low_freq_factor is 0 and high_freq_factor 0, must be above 0 and in this order"},
	{set("attention_bias", false, "config"), "weights has 33 entries, this network has 27"},
	{set("tied", true, "config"), "weights has 33 entries, this network has 32"},
	{remove("model.layers.1.mlp.gate_proj.weight", "weights"), "weights[model.layers.1.mlp.gate_proj.weight] is missing"},
	{set("shape", []int{8, 5}, "weights", "model.layers.0.self_attn.k_proj.weight"), "weights[model.layers.0.self_attn.k_proj.weight] has shape [8 5], want [4 5]"},
	{set("positions", []int{0, 11}), "positions[1] is 11, must be 0 to 10"},
	{set("positions", []int{0, 3}), "logits has shape [2 11 11], want [2 2 11]"},
	{set("greedy", []int{1, 11}), "greedy[1] is 11, vocabulary is 11"},
	{set("greedy", []int{}), "greedy must begin as ids[0] does and then differ"},
	{remove("ffn", "config"), "models: ffn is 0, must be 1 to 1048576"},
}
