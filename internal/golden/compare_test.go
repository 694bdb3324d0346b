package golden

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/models"
	"infinibench/models/pretrained"
)

func small(delta bool) network {
	n := network{memory: infini{}, Config: Config{
		Vocabulary: 11, Width: 6, Layers: 2, Heads: 3, FFN: 5, Segment: 4, Segments: 2, Tail: 3, Batch: 3,
		Delta: delta, MemoryEpsilon: 1e-6, NormEpsilon: 1e-5, RopeBase: 10000,
	}}
	n.draw(rand.New(rand.NewPCG(1, 2)))
	return n
}

// smallNamed is a network of a model that the file names, with all that those can have:
// options, a state of several tensors, an auxiliary loss.
func smallNamed() network {
	n := small(false)
	n.Model, n.memory, n.Options = "compressive", compressive{slots: 3, rate: 2}, Options{Slots: new(3), Rate: new(2)}
	n.Batch, n.Layers, n.Heads, n.Tail = 1, 1, 1, 0
	n.draw(rand.New(rand.NewPCG(1, 2)))
	return n
}

// TestMadeReferences checks the models against naive networks of other sizes and
// settings than the reference files have.
func TestMadeReferences(t *testing.T) {
	// named is a network of another model; with enough segments that caches, memories and
	// slots are full, and drop what is old.
	named := func(id string, m memory, o Options, changes ...func(*network)) func(*network) {
		return func(n *network) {
			n.Model, n.memory, n.Options, n.Delta = id, m, o, false
			n.Vocabulary, n.Width, n.Heads, n.Batch, n.Segment, n.Segments, n.Tail = 5, 4, 2, 2, 4, 3, 1
			for _, change := range changes {
				change(n)
			}
		}
	}
	// llama is a network of the Llama family: 4 heads on 2 key/value heads of size 2, in a
	// model of width 5.
	llama := func(id string, m memory, o Options, changes ...func(*network)) func(*network) {
		return named(id, m, o, append([]func(*network){func(n *network) {
			n.Width, n.Heads, n.KeyValueHeads, n.HeadSize, n.FFN = 5, 4, 2, 2, 3
		}}, changes...)...)
	}
	everything := func(n *network) {
		n.Bias, n.QKNorm, n.Tied = true, true, new(bool)
		// Of the frequencies 1, 50^-⅓ and 50^-⅔, the first stays, the second is interpolated
		// and the third divided.
		n.HeadSize, n.RopeBase, n.Batch, n.Layers = 6, 50, 1, 1
		n.RopeScaling = &RopeScaling{"llama3", models.RopeScaling{Factor: 8, LowFrequency: 1, HighFrequency: 3, OriginalContext: 20}}
	}
	oneToken := func(n *network) { n.Segment, n.Segments, n.Tail = 1, 5, 0 }
	tailOnly := func(n *network) { n.Segments = 0 }
	for _, c := range []struct {
		name   string
		change func(*network)
	}{
		{"infini-linear, batch 3 and a tail", func(*network) {}},
		{"infini-delta, batch 3 and a tail", func(n *network) { n.Delta = true }},
		{"infini-delta, one head, one layer, wide epsilons, short rotation", func(n *network) {
			n.Delta, n.Layers, n.Heads, n.Vocabulary, n.FFN, n.Batch = true, 1, 1, 5, 7, 1
			n.Segment, n.Segments, n.Tail = 7, 3, 0
			n.MemoryEpsilon, n.NormEpsilon, n.RopeBase = 0.1, 0.02, 50
		}},
		{"infini-linear, tail only", tailOnly},
		{"infini-delta, segments of one token", func(n *network) { n.Delta = true; oneToken(n) }},
		{"infini-linear by name, ungated start", named("infini-linear", infini{ungatedStart: true}, Options{UngatedStart: true})},
		{"infini-delta by name, positions", named("infini-delta", infini{positions: true}, Options{MemoryPositions: true})},
		{"local-only", named("local-only", localOnly{}, Options{})},
		{"transformer-xl", named("transformer-xl", transformerXL{cache: 4}, Options{})},
		{"transformer-xl, cache 6", named("transformer-xl", transformerXL{cache: 6}, Options{Cache: new(6)})},
		{"transformer-xl, cache 3, tail only", named("transformer-xl", transformerXL{cache: 3}, Options{Cache: new(3)}, tailOnly, func(n *network) { n.Tail = 3 })},
		// Far enough for a bias that is shared by several distances.
		{"transformer-xl, T5", named("transformer-xl", transformerXL{cache: 18, t5: true}, Options{Cache: new(18), T5: true}, func(n *network) {
			n.Segment, n.Segments, n.Batch, n.Layers = 11, 2, 1, 1
		})},
		{"memorizing, 7 entries", named("memorizing", memorizing{transformerXL{cache: 2}, 7, 3}, Options{Cache: new(2), Entries: new(7), K: new(3)})},
		{"memorizing, T5, fewer entries than neighbours", named("memorizing", memorizing{transformerXL{cache: 4, t5: true}, 128, 32}, Options{T5: true})},
		{"rmt", named("rmt", recurrent{tokens: 2}, Options{Tokens: new(2)})},
		{"rmt, segments of one token", named("rmt", recurrent{tokens: 1}, Options{}, oneToken)},
		{"compressive", named("compressive", compressive{slots: 4, rate: 2}, Options{}, func(n *network) { n.Segments = 5; n.Batch = 1 })},
		{"compressive, 2 slots, rate 3", named("compressive", compressive{slots: 2, rate: 3}, Options{Slots: new(2), Rate: new(3)})},
		{"full-attention", named("full-attention", newFull(4), Options{})},
		{"local-scaled", named("local-scaled", localScaled{}, Options{})},
		{"Llama, local-only", llama("local-only", localOnly{}, Options{})},
		{"Llama, untied, one key/value head", llama("infini-linear", infini{}, Options{}, func(n *network) { n.KeyValueHeads, n.Tied = 1, new(bool) })},
		{"Llama, biases, as many key/value heads", llama("infini-delta", infini{}, Options{}, func(n *network) { n.KeyValueHeads, n.Bias = 4, true })},
		{"Llama, norms of queries and keys, ungated start", llama("infini-delta", infini{ungatedStart: true}, Options{}, func(n *network) { n.QKNorm, n.UngatedStart = true, true })},
		{"Llama, scaled frequencies, positions", llama("infini-linear", infini{positions: true}, Options{MemoryPositions: true}, everything)},
		{"Llama, everything, transformer-xl", llama("transformer-xl", transformerXL{cache: 6}, Options{Cache: new(6)}, everything)},
		{"Llama, everything, transformer-xl, short cache, tail only", llama("transformer-xl", transformerXL{cache: 3}, Options{Cache: new(3)}, everything, tailOnly, func(n *network) { n.Tail = 3 })},
		{"Llama, everything, memorizing", llama("memorizing", memorizing{transformerXL{cache: 2}, 7, 3}, Options{Cache: new(2), Entries: new(7), K: new(3)}, everything)},
		{"Llama, everything, full-attention", llama("full-attention", newFull(4), Options{}, everything)},
		{"Llama, everything, rmt", llama("rmt", recurrent{tokens: 2}, Options{Tokens: new(2)}, everything)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(3, 4))
			n := small(false)
			c.change(&n)
			n.draw(r)
			for _, d := range compare(t, n.reference(r)) {
				if !d.Passed() {
					t.Errorf("%s is off by %.2g with interval %d, tolerance %.0e", d.Name, d.Error, d.Interval, d.Tolerance)
				}
			}
		})
	}
}

// compare takes a reference through its file format.
func compare(t *testing.T, f *File) []Deviation {
	t.Helper()
	parsed, err := Parse(encode(t, f))
	if err != nil {
		t.Fatal(err)
	}
	deviations, err := Compare(parsed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return deviations
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestCompareSeesDeviations: a reference that is wrong in one place fails there.
func TestCompareSeesDeviations(t *testing.T) {
	unnamed := encode(t, small(false).reference(rand.New(rand.NewPCG(5, 6))))
	named := encode(t, smallNamed().reference(rand.New(rand.NewPCG(5, 6))))
	for _, c := range []struct {
		file   []byte
		change func(*File)
		fails  string // names of all that fail, "…" for any more
	}{
		{unnamed, func(*File) {}, ""},
		{unnamed, func(f *File) { f.Logits.Data[100] += 1e-3 }, "logits decoding.logits"},
		{unnamed, func(f *File) { *f.Loss *= 1.0001 }, "loss"},
		{unnamed, func(f *File) { f.Memory[1].Data[7] += 1e-2 }, "memory.1 decoding.memory.1"},
		{unnamed, func(f *File) { f.Gradients["layers.1.beta"][2] *= 1.01 }, "gradient.layers.1.beta"},
		{unnamed, func(f *File) { f.Gradients["embedding"] = nil }, "gradient.embedding"},
		{unnamed, func(f *File) { f.Config.Delta = true }, "logits loss memory.0 memory.1 …"},
		{unnamed, func(f *File) { f.Weights["layers.1.w_o"].Data[3] += 0.1 }, "logits loss …"},
		{named, func(*File) {}, ""},
		{named, func(f *File) { *f.Auxiliary *= 1.0001 }, "auxiliary"},
		{named, func(f *File) { f.State[0]["values"].Data[7] += 1e-2 }, "state.0.values decoding.state.0.values"},
		{named, func(f *File) { f.State[0]["filled"].Data[0]++ }, "state.0.filled decoding.state.0.filled"},
		{named, func(f *File) { f.Gradients["layers.0.w_compress_key"][2] *= 1.1 }, "gradient.layers.0.w_compress_key"},
	} {
		f, err := Parse(c.file)
		if err != nil {
			t.Fatal(err)
		}
		c.change(f)
		var failed []string
		for _, d := range compare(t, f) {
			if !d.Passed() {
				failed = append(failed, d.Name)
			}
		}
		got, want := strings.Join(failed, " "), c.fails
		if start, more := strings.CutSuffix(want, "…"); got != want && !(more && strings.HasPrefix(got+" ", start)) {
			t.Errorf("fails are %q, want %q", got, want)
		}
	}
}

// TestReferences checks the models against files that others computed.
func TestReferences(t *testing.T) {
	for _, name := range []string{
		"infini_linear.json", "infini_delta.json",
		"models/transformer_xl.json", "models/transformer_xl_t5.json", "models/memorizing.json", "models/rmt.json",
		"models/llama_tiny_gqa.json", "models/llama_tiny_gqa_ungated.json",
	} {
		checkReference(t, name, nil)
	}
}

func checkReference(t *testing.T, name string, base *pretrained.Folder) {
	t.Helper()
	f, err := Load(shared(t, "goldens/"+name))
	if err != nil {
		t.Fatal(err)
	}
	deviations, err := Compare(f, base)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deviations {
		if !d.Passed() {
			t.Errorf("%s: %s is off by %.2g, tolerance %.0e", name, d.Name, d.Error, d.Tolerance)
		} else {
			t.Logf("%s: %-32s %.2g", name, d.Name, d.Error)
		}
	}
}

// shared finds a file of the shared folder beside the repository, or skips.
func shared(t *testing.T, name string) string {
	path := filepath.Join("..", "..", "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s beside the repository: this check needs the reference numbers", name)
	}
	return path
}
