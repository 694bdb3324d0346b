package golden

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func small(delta bool) network {
	n := network{memory: infini{}, Config: Config{
		Vocabulary: 11, Width: 6, Layers: 2, Heads: 3, FFN: 5, Segment: 4, Segments: 2, Tail: 3, Batch: 3,
		Delta: delta, MemoryEpsilon: 1e-6, NormEpsilon: 1e-5, RopeBase: 10000,
	}}
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
	deviations, err := Compare(parsed)
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
	right := encode(t, small(false).reference(rand.New(rand.NewPCG(5, 6))))
	for _, c := range []struct {
		change func(*File)
		fails  string // names of all that fail, "…" for any more
	}{
		{func(*File) {}, ""},
		{func(f *File) { f.Logits.Data[100] += 1e-3 }, "logits"},
		{func(f *File) { *f.Loss *= 1.0001 }, "loss"},
		{func(f *File) { f.Memory[1].Data[7] += 1e-2 }, "memory.1"},
		{func(f *File) { f.Memory[0].Data = f.Memory[0].Data[1:] }, "memory.0"},
		{func(f *File) { f.Gradients["layers.1.beta"][2] *= 1.01 }, "gradient.layers.1.beta"},
		{func(f *File) { f.Gradients["embedding"] = nil }, "gradient.embedding"},
		{func(f *File) { f.Config.Delta = true }, "logits loss memory.0 memory.1 …"},
		{func(f *File) { f.Weights["layers.1.w_o"].Data[3] += 0.1 }, "logits loss …"},
	} {
		f, err := Parse(right)
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

// valid is the smallest reference.
var valid = sync.OnceValues(func() ([]byte, error) {
	n := small(false)
	n.Segments, n.Batch, n.Layers, n.Tail = 1, 1, 1, 0
	n.draw(rand.New(rand.NewPCG(1, 1)))
	return json.Marshal(n.reference(rand.New(rand.NewPCG(1, 1))))
})

// plain is a valid reference as JSON objects, to be spoilt.
func plain(t testing.TB) map[string]any {
	t.Helper()
	data, err := valid()
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// at is an object inside a reference.
func at(all map[string]any, keys ...string) map[string]any {
	for _, k := range keys {
		all = all[k].(map[string]any)
	}
	return all
}

func set(key string, value any, path ...string) func(map[string]any) {
	return func(all map[string]any) { at(all, path...)[key] = value }
}

func remove(key string, path ...string) func(map[string]any) {
	return func(all map[string]any) { delete(at(all, path...), key) }
}

// invalid is every way in which a well-formed file is refused, with its message.
var invalid = []struct {
	spoil func(map[string]any)
	err   string
}{
	{remove("config"), "config.batch is 0, must be 1 to 1048576"},
	{set("batch", 1<<20+1, "config"), "config.batch is 1048577, must be 1 to 1048576"},
	{set("segments", -1, "config"), "config.segments is -1, must be 0 to 1048576"},
	{set("tail", -1, "config"), "config.tail is -1, must be 0 to 1048576"},
	{set("heads", 0, "config"), "config.heads is 0, must be 1 to 1048576"},
	{set("d_model", 7, "config"), "config.d_model 7 is not a multiple of config.heads 3"},
	{set("d_model", 9, "config"), "models: head_size is 3, must be even for rotary positions"},
	{set("vocab", 0, "config"), "models: vocabulary is 0, must be 1 to 1048576"},
	{set("segment", 0, "config"), "models: segment is 0, must be 1 to 1048576"},
	{set("norm_epsilon", 0, "config"), "models: norm_epsilon is 0, must be at least 1e-30"},
	{remove("memory_epsilon", "config"), "models: memory_epsilon is 0, must be at least 1e-30"},
	{set("rope_base", -1, "config"), "models: rope_base is -1, must be at least 1e-30"},
	{set("tail", 4, "config"), "config.tail 4 must be below config.segment 4"},
	{set("segments", 0, "config"), "config.segments and config.tail are both 0"},
	{remove("weights"), "weights[layers.0.w_up].shape must have two dimensions"},
	{set("shape", []int{5}, "weights", "layers.0.w_up"), "weights[layers.0.w_up].shape must have two dimensions"},
	{set("shape", []int{0, 6}, "weights", "layers.0.w_up"), "models: ffn is 0, must be 1 to 1048576"},
	{remove("loss"), "loss is missing"},
	{set("loss", nil), "loss is missing"},
	{remove("ids"), "ids has 0 rows, config.batch is 1"},
	{set("ids", [][]int{{1, 2, 3, 4}}), "ids[0] has 4 tokens, want 5"},
	{set("ids", [][]int{{1, 2, 3, 4, 11}}), "ids[0][4] is 11, vocabulary is 11"},
	{set("ids", [][]int{{1, -2, 3, 4, 5}}), "ids[0][1] is -2, vocabulary is 11"},
	{remove("logits"), "logits has 0 numbers, want 44"},
	{set("data", []float64{1, 2}, "logits"), "logits has 2 numbers, want 44"},
	{remove("memory"), "memory has 0 layers, config.layers is 1"},
	{set("vocab", "11", "config"), "json: cannot unmarshal string into Go struct field Config.config.vocab of type int"},
	{set("losss", 1), `json: unknown field "losss"`},
	{set("dropout", 0, "config"), `json: unknown field "dropout"`},
	// Claims of sizes that nothing could hold.
	{set("segment", 1<<40, "config"), "models: segment is 1099511627776, must be 1 to 1048576"},
	{set("vocab", 1<<40, "config"), "models: vocabulary is 1099511627776, must be 1 to 1048576\nmodels: 6.6e+12 parameters, more than the limit of 2³⁶"},
	{set("d_model", 3<<18, "config"), "models: 2.47e+12 parameters, more than the limit of 2³⁶"},
	{set("layers", 1<<40, "config"), "models: layers is 1099511627776, must be 1 to 1048576\nmodels: 2.24e+14 parameters, more than the limit of 2³⁶"},
	{set("shape", []int{1 << 50, 6}, "weights", "layers.0.w_up"), "models: ffn is 1125899906842624, must be 1 to 1048576\nmodels: 1.35e+16 parameters, more than the limit of 2³⁶"},
}

func TestParseRefuses(t *testing.T) {
	if _, err := Parse(encode(t, plain(t))); err != nil {
		t.Fatal(err)
	}
	for _, c := range invalid {
		all := plain(t)
		c.spoil(all)
		data := encode(t, all)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(data)
		runtime.ReadMemStats(&after)
		if err == nil || err.Error() != c.err {
			t.Errorf("error %v\nwant  %s", err, c.err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: refused after %d bytes were allocated for a file of %d", c.err, n, len(data))
		}
	}
}

// TestParseRefusesText has files that are no JSON, or not of this kind.
func TestParseRefusesText(t *testing.T) {
	const hint = " (NaN and infinities are not numbers a reference may hold)"
	for _, c := range []struct{ text, err string }{
		{"", "the file is empty or cut short; fetch it again"},
		{`{"loss": 1.5`, "the file is empty or cut short; fetch it again"},
		{`{"loss": NaN}`, "not JSON at byte 10: invalid character 'N' looking for beginning of value" + hint},
		{`{"logits": {"data": [1, -Infinity]}}`, "not JSON at byte 26: invalid character 'I' in numeric literal" + hint},
		{`{"loss": 1e999}`, "json: cannot unmarshal number 1e999 into Go struct field File.loss of type float64"},
		{`{"ids": [[1, 3000000000]]}`, "json: cannot unmarshal number 3000000000 into Go struct field File.ids of type int32"},
		{`{"ids": [[1.5]]}`, "json: cannot unmarshal number 1.5 into Go struct field File.ids of type int32"},
		{`[]`, "json: cannot unmarshal array into Go value of type golden.File"},
		{`{} {}`, "more text after the JSON object"},
		{`{} ]`, "more text after the JSON object"},
		{`null`, "config.batch is 0, must be 1 to 1048576"},
	} {
		if _, err := Parse([]byte(c.text)); err == nil || err.Error() != c.err {
			t.Errorf("%s: error %v\nwant %s", c.text, err, c.err)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "half.json")
	data := encode(t, plain(t))
	if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	huge := filepath.Join(t.TempDir(), "huge.json")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 4<<30); err != nil { // a hole, so it takes no disk
		t.Fatal(err)
	}
	for _, c := range []struct{ path, err string }{
		{huge, "golden: " + huge + ": larger than 512 MiB, which no reference should be"},
		{path, "golden: " + path + ": the file is empty or cut short; fetch it again"},
		{"/no/such/file", "golden: open /no/such/file: no such file or directory"},
	} {
		if _, err := Load(c.path); err == nil || err.Error() != c.err {
			t.Errorf("error %v, want %s", err, c.err)
		}
	}
}

// TestWeightsRefused has weights that do not make the network of the config: a file
// that claims more than it holds is refused before anything is allocated.
func TestWeightsRefused(t *testing.T) {
	for _, c := range []struct {
		spoil func(map[string]any)
		err   string
	}{
		{remove("layers.0.w_o", "weights"), "weights[layers.0.w_o] is missing"},
		{set("data", []float64{1, 2}, "weights", "layers.0.beta"), "weights[layers.0.beta] has 2 numbers, want 3"},
		{set("shape", []int{2}, "weights", "layers.0.beta"), "weights[layers.0.beta] has shape [2], want [3]"},
		{set("shape", []int{-3}, "weights", "layers.0.beta"), "weights[layers.0.beta] has shape [-3], want [3]"},
		{set("data", []float64{1, 1e300, 2}, "weights", "layers.0.beta"), "weights[layers.0.beta].data[1] is 1e+300, too large for float32"},
		{set("layers.1.w_o", map[string]any{}, "weights"), "weights has 10 entries, this network has 9"},
		{set("d_model", 60000, "config"), "weights[embedding] has shape [11 6], want [11 60000]"},
	} {
		all := plain(t)
		c.spoil(all)
		if _, err := Parse(encode(t, all)); err == nil || err.Error() != c.err {
			t.Errorf("error %v\nwant  %s", err, c.err)
		}
	}
	all := plain(t)
	remove("layers.0.beta", "gradients")(all)
	f, err := Parse(encode(t, all))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compare(f); err == nil || err.Error() != "gradients[layers.0.beta] is missing" {
		t.Errorf("error %v", err)
	}
}

// FuzzParse: whatever the bytes, a reference or an error, and what a reference
// promises holds.
func FuzzParse(f *testing.F) {
	// Parse looks at no gradient; small seeds mutate faster.
	small := func() map[string]any {
		all := plain(f)
		delete(all, "gradients")
		return all
	}
	whole := encode(f, small())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	for _, c := range invalid {
		all := small()
		c.spoil(all)
		f.Add(encode(f, all))
	}
	for _, text := range []string{"", "null", "[]", `{"loss": NaN}`, `{"weights": {"layers.0.w_up": {"shape": [1, 2]}}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			return
		}
		for _, row := range file.IDs {
			if len(row) != file.Config.Length()+1 {
				t.Errorf("a row of %d ids, length %d", len(row), file.Config.Length())
			}
			for _, id := range row {
				if id < 0 || int(id) >= file.Config.Vocabulary {
					t.Errorf("id %d outside the vocabulary of %d", id, file.Config.Vocabulary)
				}
			}
		}
		if file.Loss == nil || len(file.Memory) != file.Config.Layers {
			t.Error("the loss or a memory is missing")
		}
	})
}
