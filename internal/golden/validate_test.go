package golden

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// valid is the smallest reference.
var valid = sync.OnceValues(func() ([]byte, error) {
	n := small(false)
	n.Segments, n.Batch, n.Layers, n.Tail = 1, 1, 1, 0
	n.draw(rand.New(rand.NewPCG(1, 1)))
	return json.Marshal(n.reference(rand.New(rand.NewPCG(1, 1))))
})

// validNamed is one of a named model.
var validNamed = sync.OnceValues(func() ([]byte, error) {
	return json.Marshal(smallNamed().reference(rand.New(rand.NewPCG(1, 1))))
})

// plain is a valid reference as JSON objects, to be spoilt.
func plain(t testing.TB) map[string]any { return objects(t, valid) }

func objects(t testing.TB, valid func() ([]byte, error)) map[string]any {
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
	{remove("logits"), "logits has shape [], want [1 4 11]"},
	{set("data", []float64{1, 2}, "logits"), "logits has 2 numbers, want 44"},
	{set("shape", []int{1, 11, 4}, "logits"), "logits has shape [1 11 4], want [1 4 11]"},
	{set("memory", []any{map[string]any{"shape": []int{1, 3, 2, 3}, "data": []int{1}}}), "memory[0] has 1 numbers, want 18"},
	{set("state", []any{map[string]any{}}), "state is for references with config.model; use memory"},
	{remove("memory"), "memory has 0 layers, config.layers is 1"},
	{set("vocab", "11", "config"), `line 1, column 191: "config.vocab": got a string, want a whole number`},
	{set("losss", 1), `line 1, column 7550: "losss": unknown key`},
	{set("dropout", 0, "config"), `line 1, column 61: "config.dropout": unknown key`},
	// Claims of sizes that nothing could hold.
	{set("segment", 1<<40, "config"), "models: segment is 1099511627776, must be 1 to 1048576"},
	{set("vocab", 1<<40, "config"), "models: vocabulary is 1099511627776, must be 1 to 1048576\nmodels: 6.6e+12 parameters, more than the limit of 2³⁶"},
	{set("d_model", 3<<18, "config"), "models: 2.47e+12 parameters, more than the limit of 2³⁶"},
	{set("layers", 1<<20, "config"), "config.layers is 1048576, more than the 9 entries of weights"},
	{set("layers", 1<<40, "config"), "models: layers is 1099511627776, must be 1 to 1048576\nmodels: 2.24e+14 parameters, more than the limit of 2³⁶"},
	{set("shape", []int{1 << 50, 6}, "weights", "layers.0.w_up"), "models: ffn is 1125899906842624, must be 1 to 1048576\nmodels: 1.35e+16 parameters, more than the limit of 2³⁶"},
}

// layer0 is the first layer of the state.
func layer0(all map[string]any) map[string]any {
	return all["state"].([]any)[0].(map[string]any)
}

// invalidNamed is the same for what only references of named models have.
var invalidNamed = []struct {
	spoil func(map[string]any)
	err   string
}{
	{set("model", "compresive", "config"), `config.model is "compresive", must be one of local-only, transformer-xl, memorizing, rmt, compressive, infini-linear, infini-delta, full-attention, local-scaled`},
	{set("model", "llama", "config"), `config.model is "llama", must be one of local-only, transformer-xl, memorizing, rmt, compressive, infini-linear, infini-delta, full-attention, local-scaled`},
	{set("delta", true, "config"), `config.delta is true, but config.model is "compressive"`},
	{set("ffn", 7, "config"), "weights[layers.0.w_down] has shape [6 5], want [6 7]"},
	{set("k", 3, "config", "options"), "config.options.k is not an option of compressive, which has slots, rate"},
	{set("t5", true, "config", "options"), "config.options.t5 is not an option of compressive, which has slots, rate"},
	{set("ungated_start", true, "config", "options"), "config.options.ungated_start is not an option of compressive, which has slots, rate"},
	{set("model", "local-only", "config"), "config.options.slots is not an option of local-only, which has none"},
	{remove("model", "config"), "config.options.slots is not an option of infini-linear, which has ungated_start, memory_positions"},
	{set("evaluation_cache", 3, "config", "options"), `line 1, column 204: "config.options.evaluation_cache": unknown key`},
	{set("rate", true, "config", "options"), `line 1, column 211: "config.options.rate": got true or false, want a whole number`},
	{set("rate", 0, "config", "options"), "config.options.rate is 0, must be 1 to 1024"},
	{set("rate", 1025, "config", "options"), "config.options.rate is 1025, must be 1 to 1024"},
	{set("slots", -1, "config", "options"), "config.options.slots is -1, must be 1 to 1048576"},
	{set("rate", 3, "config", "options"), "weights[layers.0.w_compress_key] has shape [6 12], want [6 18]"},
	{set("slots", 1<<20, "config", "options"), "state[0].keys has shape [1 7 6], want [1 1048580 6]"},
	{remove("slots", "config", "options"), "state[0].keys has shape [1 7 6], want [1 8 6]"},
	{remove("auxiliary"), "auxiliary is missing: compressive has a loss of its own"},
	{remove("state"), "state has 0 layers, config.layers is 1"},
	{set("state", []any{nil}), "state[0].keys is missing"},
	{set("state", []any{nil, nil}), "state has 2 layers, config.layers is 1"},
	{set("memory", []any{map[string]any{}}), "memory is for references without config.model; use state"},
	{func(all map[string]any) { delete(layer0(all), "filled") }, "state[0].filled is missing"},
	{func(all map[string]any) { layer0(all)["seen"] = layer0(all)["filled"] }, "state[0] has seen, which this layer of compressive does not carry"},
	{func(all map[string]any) { layer0(all)["keys"].(map[string]any)["data"] = []int{1} }, "state[0].keys has 1 numbers, want 42"},
	{func(all map[string]any) { layer0(all)["keys"].(map[string]any)["shape"] = []int{7, 6} }, "state[0].keys has shape [7 6], want [1 7 6]"},
	{func(all map[string]any) { layer0(all)["keys"] = 3 }, `line 1, column 12809: "state[0].keys": got a number, want an object`},
}

// TestNeighboursAreBounded: k is in the size of no array, yet what is found for every
// token is allocated.
func TestNeighboursAreBounded(t *testing.T) {
	n := small(false)
	n.Model, n.memory, n.Options = "memorizing", memorizing{transformerXL{cache: 2}, 3, 4}, Options{Cache: new(2), Entries: new(3), K: new(4)}
	n.Segment, n.Segments, n.Tail, n.Batch = 1000, 0, 1, 1
	n.draw(rand.New(rand.NewPCG(1, 2)))
	f := n.reference(rand.New(rand.NewPCG(1, 2)))
	f.Config.Tail, f.IDs[0] = 900, make([]int32, 901)
	f.Logits = Array{[]int{1, 900, n.Vocabulary}, make([]float64, 900*n.Vocabulary)}
	if _, err := Parse(encode(t, f)); err != nil {
		t.Error(err)
	}
	*f.Config.Options.K = 1 << 16
	const want = "config.options.k 65536 makes 1.77e+08 neighbours for all tokens and heads, more than the limit of 67108864"
	if _, err := Parse(encode(t, f)); err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
}

func TestParseRefuses(t *testing.T) { refuses(t, valid, invalid) }

func TestParseRefusesNamed(t *testing.T) { refuses(t, validNamed, invalidNamed) }

func refuses(t *testing.T, valid func() ([]byte, error), invalid []struct {
	spoil func(map[string]any)
	err   string
}) {
	if _, err := Parse(encode(t, objects(t, valid))); err != nil {
		t.Fatal(err)
	}
	for _, c := range invalid {
		all := objects(t, valid)
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
	const hint = " (NaN and infinities are not JSON)"
	for _, c := range []struct{ text, err string }{
		{"", "line 1, column 1: the text is empty"},
		{`{"loss": 1.5`, "line 1, column 13: the JSON ends too early; the file may be cut short"},
		{`{"loss": NaN}`, `line 1, column 10: "loss": invalid character 'N' at start of value` + hint},
		{`{"logits": {"data": [1, -Infinity]}}`, `line 1, column 26: "logits.data[1]": invalid character 'I' in number (expecting digit)` + hint},
		{`{"loss": 1e999}`, `line 1, column 10: "loss": 1e999 is not a number in range`},
		{`{"ids": [[1, 3000000000]]}`, `line 1, column 14: "ids[0][1]": 3000000000 is not a whole number in range`},
		{`{"ids": [[1.5]]}`, `line 1, column 11: "ids[0][0]": 1.5 is not a whole number in range`},
		{`[]`, "line 1, column 1: got an array, want an object"},
		{`{} {}`, "line 1, column 4: more text after the JSON value"},
		{`{} ]`, "line 1, column 4: more text after the JSON value"},
		{`{"ids": [[1, null]]}`, `line 1, column 14: "ids[0][1]": null is not a number`},
		{`{"loss": 1, "loss": 2}`, `line 1, column 13: "loss": the key is given twice`},
		{`{"Loss": 1}`, `line 1, column 2: "Loss": unknown key`},
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
		{path, "golden: " + path + `: line 1, column 7069: "logits.data": the JSON ends too early; the file may be cut short`},
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
	if _, err := Compare(f, nil); err == nil || err.Error() != "gradients[layers.0.beta] is missing" {
		t.Errorf("error %v", err)
	}
	f.Gradients["layers.0.beta"], f.Gradients["layers.1.beta"] = []float64{1, 2, 3}, nil
	if _, err := Compare(f, nil); err == nil || err.Error() != "gradients has 10 entries, this network has 9 weights" {
		t.Errorf("error %v", err)
	}
}

// FuzzParse: whatever the bytes, a reference or an error; and a reference can be compared
// with its model, or says why not.
func FuzzParse(f *testing.F) {
	// Parse looks at no gradient; small seeds mutate faster.
	bare := func(all map[string]any) map[string]any {
		delete(all, "gradients")
		return all
	}
	whole := encode(f, bare(plain(f)))
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(encode(f, bare(objects(f, validNamed))))
	for _, c := range invalid {
		all := bare(plain(f))
		c.spoil(all)
		f.Add(encode(f, all))
	}
	for _, c := range invalidNamed {
		all := bare(objects(f, validNamed))
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
		if c := file.Config; c.Batch*c.Length() > 64 || c.Segment > 64 || len(data) > 1<<16 {
			return // would take long
		}
		file.Gradients = map[string][]float64{}
		for name := range file.Weights {
			file.Gradients[name] = nil
		}
		if found, err := Compare(file, nil); err == nil && len(found) < 3+len(file.Weights) {
			t.Errorf("of %d weights, only %d quantities are compared", len(file.Weights), len(found))
		}
	})
}
