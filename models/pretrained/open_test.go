package pretrained

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/safetensors"
	"infinibench/models"
)

// stories is a real model, if it is there.
func stories(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "models", "stories260K")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no model to read: %v", err)
	}
	return dir
}

// The sizes come from the model's README.
func TestOpenStories(t *testing.T) {
	f, err := Open(stories(t))
	if err != nil {
		t.Fatal(err)
	}
	want := models.Defaults()
	want.Vocabulary, want.Layers, want.Heads, want.HeadSize, want.FFN, want.Segment = 512, 5, 8, 8, 172, 512
	want.KeyValueHeads, want.SwiGLU = 4, true
	if diff := cmp.Diff(want, f.Config); diff != "" {
		t.Error(diff)
	}
	if f.Parameters() != 260_032 || f.Type() != "F32" || f.Context != 512 || f.Window != 0 || f.Begin != 1 || f.Plugged != nil {
		t.Errorf("got %d parameters in %s, context %d, window %d, begin %d, %+v", f.Parameters(), f.Type(), f.Context, f.Window, f.Begin, f.Plugged)
	}
	if diff := cmp.Diff([]int32{1, 2}, f.Ends); diff != "" { // generation_config.json's, not config.json's 2
		t.Error(diff)
	}
	if f.Architecture != "LlamaForCausalLM" || f.ModelType != "llama" || f.Tokenizer.Size() != 512 {
		t.Errorf("got %s, %s, %d tokens", f.Architecture, f.ModelType, f.Tokenizer.Size())
	}
}

// What config.json may say in several ways, and what it leaves out.
func TestOpenConfig(t *testing.T) {
	llama3 := map[string]any{"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
	llama3With := func(key, value string) map[string]any {
		m := map[string]any{key: value}
		for k, v := range llama3 {
			m[k] = v
		}
		return m
	}
	scaled := models.RopeScaling{Factor: 8, LowFrequency: 1, HighFrequency: 4, OriginalContext: 16}
	for reason, c := range map[string]struct {
		change map[string]any
		edit   func(*fixture)
		want   func(*models.Config)
	}{
		"as it is":                        {want: func(*models.Config) {}},
		"head_dim null means width/heads": {change: map[string]any{"head_dim": nil}, want: func(*models.Config) {}},
		"an epsilon left out is 1e-6":     {change: map[string]any{"rms_norm_eps": absent}, want: func(c *models.Config) { c.NormEpsilon = 1e-6 }},
		"a context left out is 2048":      {change: map[string]any{"max_position_embeddings": absent}, want: func(c *models.Config) { c.Segment = 2048 }},
		"a base of positions":             {change: map[string]any{"rope_theta": 5e5}, want: func(c *models.Config) { c.RopeBase = 5e5 }},
		"a base left out is 10000":        {change: map[string]any{"rope_theta": absent}, want: func(*models.Config) {}},
		"a base in rope_parameters":       {change: map[string]any{"rope_theta": absent, "rope_parameters": map[string]any{"rope_theta": 5e5, "rope_type": "default"}}, want: func(c *models.Config) { c.RopeBase = 5e5 }},
		"scaling by rope_type":            {change: map[string]any{"rope_scaling": llama3With("rope_type", "llama3")}, want: func(c *models.Config) { c.RopeScaling = scaled }},
		"scaling by type":                 {change: map[string]any{"rope_scaling": llama3With("type", "llama3")}, want: func(c *models.Config) { c.RopeScaling = scaled }},
		"scaling in rope_parameters":      {change: map[string]any{"rope_parameters": llama3With("rope_type", "llama3")}, want: func(c *models.Config) { c.RopeScaling = scaled }},
		"scaling of type default":         {change: map[string]any{"rope_scaling": map[string]any{"rope_type": "default"}}, want: func(*models.Config) {}},
		"a window shortens the segment":   {change: map[string]any{"model_type": "mistral", "sliding_window": 16}, want: func(c *models.Config) { c.Segment = 16 }},
		"Qwen's window is off":            {change: map[string]any{"model_type": "qwen2", "sliding_window": 16, "use_sliding_window": false}, edit: biases, want: func(c *models.Config) { c.QKVBias = true }},
		"no layer has the window":         {change: map[string]any{"sliding_window": 16, "layer_types": []string{"full_attention", "full_attention"}}, want: func(*models.Config) {}},
		"biases by the tensors":           {edit: biases, want: func(c *models.Config) { c.QKVBias = true }},
		"Qwen 3 normalises":               {change: map[string]any{"model_type": "qwen3"}, edit: headNorms, want: func(c *models.Config) { c.QKNorm = true }},
		"a head of its own":               {change: map[string]any{"tie_word_embeddings": false}, edit: func(f *fixture) { f.add("lm_head.weight", 10, 8) }, want: func(c *models.Config) { c.UntiedHead = true }},
		"tied left out means untied":      {change: map[string]any{"tie_word_embeddings": absent}, edit: func(f *fixture) { f.add("lm_head.weight", 10, 8) }, want: func(c *models.Config) { c.UntiedHead = true }},
		"frequencies of 2023":             {edit: func(f *fixture) { f.add("model.layers.0.self_attn.rotary_emb.inv_freq", 1) }, want: func(*models.Config) {}},
		"a frequency beside the index": {edit: func(f *fixture) {
			f.shards()
			f.add("model.layers.0.self_attn.rotary_emb.inv_freq", 1)
			f.split["model.layers.0.self_attn.rotary_emb.inv_freq"] = "model-00001-of-00002.safetensors"
		}, want: func(*models.Config) {}},
		"two files":                        {edit: (*fixture).shards, want: func(*models.Config) {}},
		"model_type from the architecture": {change: map[string]any{"model_type": absent}, want: func(*models.Config) {}},
		"fields without effect":            {change: map[string]any{"no_rope_layers": []int{1, 1}, "embedding_multiplier": 1.0, "quantization_config": nil, "a_new_field": 3}, want: func(*models.Config) {}},
		"heads wider than the model": {change: map[string]any{"hidden_size": 8, "head_dim": 4}, edit: func(f *fixture) {
			for _, layer := range []string{"model.layers.0.", "model.layers.1."} {
				for name, shape := range map[string][]int{"q_proj": {16, 8}, "k_proj": {8, 8}, "v_proj": {8, 8}, "o_proj": {8, 16}} {
					f.remove(layer + "self_attn." + name + ".weight")
					f.add(layer+"self_attn."+name+".weight", shape...)
				}
			}
		}, want: func(c *models.Config) { c.HeadSize, c.ModelWidth = 4, 8 }},
		"a plugged memory": {change: map[string]any{"infini_attention": map[string]any{"memory": "infini-delta", "segment": 4, "gate_init": -2, "memory_epsilon": 1e-5, "ungated_start": true, "memory_positions": false}}, edit: gates,
			want: func(c *models.Config) { c.Segment, c.GateInit, c.MemoryEpsilon, c.UngatedStart = 4, -2, 1e-5, true }},
	} {
		f := with(c.change)
		if c.edit != nil {
			c.edit(f)
		}
		got, err := Open(f.write(t))
		if err != nil {
			t.Errorf("%s: %v", reason, err)
			continue
		}
		want := models.Defaults()
		want.Vocabulary, want.Layers, want.Heads, want.HeadSize, want.FFN, want.Segment = 10, 2, 4, 2, 6, 32
		want.KeyValueHeads, want.SwiGLU = 2, true
		c.want(&want)
		if diff := cmp.Diff(want, got.Config); diff != "" {
			t.Errorf("%s: %s", reason, diff)
		}
	}
}

func TestOpenWithoutKeyValueHeads(t *testing.T) {
	f := with(map[string]any{"num_key_value_heads": absent})
	for _, layer := range []string{"0", "1"} {
		for _, p := range []string{"k", "v"} {
			name := "model.layers." + layer + ".self_attn." + p + "_proj.weight"
			f.remove(name)
			f.add(name, 8, 8)
		}
	}
	got, err := Open(f.write(t))
	if err != nil || got.Config.KeyValueHeads != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func biases(f *fixture) {
	for _, layer := range []string{"0", "1"} {
		for p, n := range map[string]int{"q": 8, "k": 4, "v": 4} {
			f.add("model.layers."+layer+".self_attn."+p+"_proj.bias", n)
		}
	}
}

func headNorms(f *fixture) {
	for _, layer := range []string{"0", "1"} {
		f.add("model.layers."+layer+".self_attn.q_norm.weight", 2)
		f.add("model.layers."+layer+".self_attn.k_norm.weight", 2)
	}
}

func gates(f *fixture) {
	for _, layer := range []string{"0", "1"} {
		f.add("model.layers."+layer+".self_attn.beta", 4)
	}
}

// Every field that changes the result is refused by its name, and every broken folder in
// one line.
func TestOpenRefuses(t *testing.T) {
	const shard = "model-00002-of-00002.safetensors"
	for reason, c := range map[string]struct {
		change map[string]any
		edit   func(*fixture)
		want   string
	}{
		"linear scaling":              {change: map[string]any{"rope_scaling": map[string]any{"type": "linear", "factor": 2.0}}, want: `config.json: rope_scaling is of rope_type "linear", which is not supported: only default and llama3`},
		"dynamic scaling":             {change: map[string]any{"rope_scaling": map[string]any{"rope_type": "dynamic", "factor": 2.0}}, want: `rope_scaling is of rope_type "dynamic"`},
		"yarn":                        {change: map[string]any{"rope_parameters": map[string]any{"rope_type": "yarn", "factor": 2.0}}, want: `rope_parameters is of rope_type "yarn"`},
		"longrope":                    {change: map[string]any{"rope_scaling": map[string]any{"type": "longrope"}}, want: `rope_scaling is of rope_type "longrope"`},
		"two kinds of scaling":        {change: map[string]any{"rope_scaling": map[string]any{"type": "linear", "rope_type": "llama3"}}, want: `rope_scaling is of rope_type "llama3" and type "linear"`},
		"scaling without a factor":    {change: map[string]any{"rope_scaling": map[string]any{"rope_type": "llama3"}}, want: `rope_scaling.factor is missing or not above 0`},
		"positions by kind of layer":  {change: map[string]any{"rope_parameters": map[string]any{"full_attention": map[string]any{"rope_theta": 1.0}}}, want: `rope_parameters.full_attention is {`},
		"two bases":                   {change: map[string]any{"rope_parameters": map[string]any{"rope_theta": 5e5}}, want: `rope_theta is 10000, in rope_parameters 500000`},
		"a bias in the feed-forward":  {change: map[string]any{"mlp_bias": true}, want: `mlp_bias is true, which is not supported: the feed-forward block has biases`},
		"layers without positions":    {change: map[string]any{"no_rope_layers": []int{1, 0}}, want: `no_rope_layers is [`},
		"another activation":          {change: map[string]any{"hidden_act": "gelu_pytorch_tanh"}, want: `hidden_act is "gelu_pytorch_tanh", which is not supported: only silu`},
		"Gemma":                       {change: map[string]any{"model_type": "gemma2", "attn_logit_softcapping": 50.0}, want: `attn_logit_softcapping is 50, which is not supported: scores have a soft cap; model_type is "gemma2", which is not supported: norms multiply by 1 + w, embeddings by √d, and logits have soft caps`},
		"soft caps alone":             {change: map[string]any{"final_logit_softcapping": 30.0}, want: `final_logit_softcapping is 30, which is not supported: logits have a soft cap`},
		"Phi":                         {change: map[string]any{"model_type": "phi3"}, want: `model_type is "phi3", which is not supported: queries, keys and values are one fused matrix`},
		"Granite":                     {change: map[string]any{"embedding_multiplier": 12.0}, want: `embedding_multiplier is 12, which is not supported: embeddings have a multiplier`},
		"quantized":                   {change: map[string]any{"quantization_config": map[string]any{"bits": 4}}, want: `quantization_config is {`},
		"interleaved positions":       {change: map[string]any{"rope_interleaved": true}, want: `rope_interleaved is true, which is not supported: rotary positions pair neighbours, not halves`},
		"an unknown family":           {change: map[string]any{"model_type": "mamba"}, want: `model_type is "mamba", which is not supported: must be one of llama, mistral, qwen2, qwen3, infinibench`},
		"no family":                   {change: map[string]any{"model_type": absent, "architectures": absent}, want: `model_type is missing, which is not supported: must be one of llama`},
		"chunked layers":              {change: map[string]any{"layer_types": []string{"full_attention", "chunked_attention"}}, want: `layer_types is "chunked_attention"`},
		"a size left out":             {change: map[string]any{"hidden_size": absent}, want: `config.json: hidden_size is missing`},
		"a size of 0":                 {change: map[string]any{"num_hidden_layers": 0}, want: `config.json: num_hidden_layers is 0, must be 1 to 1048576`},
		"a size that is a text":       {change: map[string]any{"hidden_size": "8"}, want: `"hidden_size": got a string, want a whole number`},
		"a million layers":            {change: map[string]any{"num_hidden_layers": 1 << 20}, want: `num_hidden_layers is 1048576, but the weight files hold only 20 tensors`},
		"heads that do not divide":    {change: map[string]any{"num_key_value_heads": 3}, want: `num_key_value_heads is 3, which does not divide num_attention_heads, 4`},
		"a width that is not heads'":  {change: map[string]any{"hidden_size": 9}, want: `head_dim is missing, and num_attention_heads, 4, does not divide hidden_size, 9`},
		"odd heads":                   {change: map[string]any{"head_dim": 3}, want: `head_size is 3, must be even for rotary positions`},
		"a segment beyond the window": {change: map[string]any{"sliding_window": 16, "infini_attention": map[string]any{"memory": "infini-linear", "segment": 17, "gate_init": 0, "ungated_start": false, "memory_positions": false}}, edit: gates, want: `sliding_window is 16 tokens, shorter than a segment of 17: choose a segment of at most 16`},
		"an unknown memory setting":   {change: map[string]any{"infini_attention": map[string]any{"memory": "infini-linear", "segmint": 17}}, want: `infini_attention: column 5: "segmint": unknown key`},
		"an end outside":              {change: map[string]any{"eos_token_id": 10}, edit: func(f *fixture) { f.files["generation_config.json"] = "" }, want: `config.json: eos_token_id is 10, outside the vocabulary of 10`},
		"an end that is a text":       {edit: func(f *fixture) { f.files["generation_config.json"] = `{"eos_token_id": ["2"]}` }, want: `generation_config.json: line 1, column 19: "eos_token_id[0]": got a string, want a whole number`},

		"no config":       {edit: func(f *fixture) { f.files["config.json"] = "" }, want: `config.json: no such file or directory`},
		"half a config":   {edit: func(f *fixture) { f.files["config.json"] = `{"model_type": "llama",` }, want: `config.json: line 1, column 24: the JSON ends too early; the file may be cut short`},
		"no tokenizer":    {edit: func(f *fixture) { f.files["tokenizer.json"] = "" }, want: `tokenizer.json: no such file or directory`},
		"no weights":      {edit: func(f *fixture) { f.files["model.safetensors"] = "" }, want: `model.safetensors is missing, and so is model.safetensors.index.json`},
		"pickled weights": {edit: func(f *fixture) { f.files["model.safetensors"], f.files["pytorch_model.bin"] = "", "x" }, want: `model.safetensors is missing, and pytorch_model.bin cannot be read: convert the weights to safetensors`},
		"a larger tokenizer": {edit: func(f *fixture) {
			f.files["tokenizer.json"] = `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,"decoder":null,"model":{"type":"WordLevel","vocab":{"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6,"h":7,"i":8,"j":9,"k":10},"unk_token":"?"}}`
		}, want: `tokenizer.json has 11 tokens, the model only 10 (vocab_size): it belongs to another model`},
		"an end that is no token": {edit: func(f *fixture) { f.files["generation_config.json"] = `{"eos_token_id": 9}` }, want: `tokenizer.json has 8 tokens, but the model begins or ends a text with token 9: it belongs to another model`},

		"a missing tensor":  {edit: func(f *fixture) { f.remove("model.layers.1.self_attn.k_proj.weight") }, want: `tensor "model.layers.1.self_attn.k_proj.weight" is missing`},
		"a missing head":    {change: map[string]any{"tie_word_embeddings": absent}, want: `tensor "lm_head.weight" is missing (tie_word_embeddings is not true in config.json)`},
		"an extra tensor":   {edit: func(f *fixture) { f.add("model.layers.2.mlp.up_proj.weight", 6, 8) }, want: `tensor "model.layers.2.mlp.up_proj.weight" has no place in this model`},
		"a bias on output":  {edit: func(f *fixture) { f.add("model.layers.0.self_attn.o_proj.bias", 8) }, want: `tensor "model.layers.0.self_attn.o_proj.bias" has no place in this model: a bias on the output of attention is not supported`},
		"a lone gate":       {edit: gates, want: `tensor "model.layers.0.self_attn.beta", "model.layers.1.self_attn.beta" has no place in this model: a gate without infini_attention in config.json`},
		"another shape":     {edit: func(f *fixture) { f.tensor("model.norm.weight").Shape = []int{2, 4} }, want: `tensor "model.norm.weight" has the shape [2 4], config.json makes it [8]`},
		"a head of a shape": {edit: func(f *fixture) { f.add("lm_head.weight", 8, 10) }, want: `tensor "lm_head.weight" has the shape [8 10], config.json makes it [10 8]`},
		"a truncated file":  {edit: func(f *fixture) { f.files["model.safetensors"] = "\x02\x00\x00\x00\x00\x00\x00\x00{" }, want: `model.safetensors: the header should have 2 bytes, 1 are left: the file is damaged or no safetensors file; delete it, or put a good copy in its place`},
		"a claim of 4 GB":   {edit: func(f *fixture) { f.files["model.safetensors"] = "\x00\x00\x00\x00\x01\x00\x00\x00{}" }, want: `the header should have 4294967296 bytes, more than the limit of 100000000`},

		"a missing shard": {edit: func(f *fixture) { f.shards(); f.files[shard] = "" }, want: `"model-00002-of-00002.safetensors", listed in model.safetensors.index.json, is missing: fetch it`},
		"a shard above": {edit: func(f *fixture) {
			f.shards()
			f.split["model.norm.weight"] = "../x.safetensors"
			f.remove("model.norm.weight")
		}, want: `weight_map puts tensor "model.norm.weight" into "../x.safetensors", which is not the name of a file in the folder`},
		"a shard by its path": {edit: func(f *fixture) {
			f.shards()
			f.split["model.norm.weight"] = "/etc/passwd"
			f.remove("model.norm.weight")
		}, want: `weight_map puts tensor "model.norm.weight" into "/etc/passwd"`},
		"a shard with backslash": {edit: func(f *fixture) {
			f.shards()
			f.split["model.norm.weight"] = `..\x.safetensors`
			f.remove("model.norm.weight")
		}, want: `weight_map puts tensor "model.norm.weight" into "..\\x.safetensors"`},
		"a shard of another kind": {edit: func(f *fixture) {
			f.shards()
			f.split["model.norm.weight"] = "config.json"
			f.remove("model.norm.weight")
		}, want: `into "config.json", which is not a .safetensors file`},
		"an empty index": {edit: func(f *fixture) {
			f.files["model.safetensors"], f.files["model.safetensors.index.json"] = "", `{"weight_map":{}}`
		}, want: `model.safetensors.index.json: weight_map is missing or empty`},
		"a tensor listed twice": {edit: func(f *fixture) {
			f.files["model.safetensors"], f.files["model.safetensors.index.json"] = "", `{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}`
		}, want: `"weight_map.a": the key is given twice`},
		"an index and a file": {edit: func(f *fixture) { f.shards(); f.files["model.safetensors"] = "x" }, want: `there are model.safetensors and model.safetensors.index.json, which does not list it: remove the one that is not the model's`},
		"a tensor not listed": {edit: func(f *fixture) {
			f.shards()
			f.add("model.extra", 1)
			f.split["model.extra"] = shard
			f.files["model.safetensors.index.json"] = f.index("model.extra")
		}, want: `model-00002-of-00002.safetensors holds tensor "model.extra", which model.safetensors.index.json does not list there`},
		"a tensor not there": {edit: func(f *fixture) { f.shards(); f.remove("model.norm.weight") }, want: `model-00002-of-00002.safetensors lacks tensor "model.norm.weight", which model.safetensors.index.json puts there`},
	} {
		f := with(c.change)
		if c.edit != nil {
			c.edit(f)
		}
		dir := f.write(t)
		got, err := Open(dir)
		if err == nil || got != nil || !strings.HasPrefix(err.Error(), "model folder "+dir+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got  %v\nwant %s", reason, err, c.want)
		}
	}
}

// index is the index without a tensor.
func (f *fixture) index(without string) string {
	var b strings.Builder
	for name, file := range f.split {
		if name != without {
			b.WriteString(`,"` + name + `":"` + file + `"`)
		}
	}
	return `{"weight_map":{` + b.String()[1:] + `}}`
}

// A tensor in both files is found even if the index lists it once.
func TestOpenTensorTwice(t *testing.T) {
	f := newFixture()
	f.shards()
	dir := f.write(t)
	second := []safetensors.Tensor{*f.tensor("model.embed_tokens.weight")}
	for _, x := range f.tensors {
		if f.split[x.Name] == "model-00002-of-00002.safetensors" {
			second = append(second, x)
		}
	}
	if err := writeForeign(filepath.Join(dir, "model-00002-of-00002.safetensors"), second); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir)
	if want := `tensor "model.embed_tokens.weight" is both in model-00001-of-00002.safetensors and in model-00002-of-00002.safetensors`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
