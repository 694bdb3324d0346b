package experiments

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"infinibench/internal/config"
	"infinibench/internal/finite"
)

// compiledSchema reads the schema as an editor does, and checks it against the meta-schema
// of draft 2020-12.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := finite.MarshalIndent(ProfileSchema())
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("profile.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("profile.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// follows checks a profile against the schema.
func follows(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(document)
}

func TestSchemaAcceptsBuiltinProfiles(t *testing.T) {
	schema := compiledSchema(t)
	for _, name := range ProfileNames() {
		text, err := builtin.ReadFile("profiles/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := follows(t, schema, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One change to tiny each: the schema and the reader agree on it.
func TestSchemaAgreesWithTheReader(t *testing.T) {
	schema := compiledSchema(t)
	tiny, err := os.ReadFile("profiles/tiny.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, training, _ := strings.Cut(string(tiny), "optimizer: adamw ")
	training, _, _ = strings.Cut(training, "weight_decay: 0 ")
	for _, test := range []struct {
		old, new string
		good     bool
	}{
		{"optimizer: adamw " + training + "weight_decay: 0 ", "optimizer: adafactor " + training + "weight_decay: 0.1 ", false},
		{"layers: 1 ", "layers: 256 ", true},
		{"layers: 1 ", "layers: 257 ", false},
		{"layers: 1 ", "layers: 0 ", false},
		{"layers: 1 ", "layers: 1.5 ", false},
		{"layers: 1 ", "layers: one ", false},
		{"layers: 1 ", "layer: 1 ", false},
		{"layers: 1 ", "", false},
		{"head_size: 16  ", "head_size: 18  ", true},
		{"head_size: 16  ", "head_size: 17  ", false},
		{"gate_init: 0 ", "ungated_start: true\n  gate_init: 0 ", true},
		{"gate_init: 0 ", "ungated_start: 1\n  gate_init: 0 ", false},
		{"gate_init: 0 ", "gate_init: -20 ", true},
		{"gate_init: 0 ", "gate_init: -20.5 ", false},
		{"memory_epsilon: 1e-6 ", "memory_epsilon: 1e-13 ", false},
		{"optimizer: adamw ", "optimizer: adafactor ", true},
		{"optimizer: adamw ", "optimizer: sgd ", false},
		{"name: tiny", "name: Tiny", false},
		{"name: tiny", "name: a/b", false},
		{"name: tiny", "name: 7", false},
		{"seeds: [1, 2, 3]", "seeds: [18446744073709551615]", true},
		{"seeds: [1, 2, 3]", "seeds: []", false},
		{"seeds: [1, 2, 3]", "seeds: [1, 1]", false},
		{"seeds: [1, 2, 3]", "seeds: [-1]", false},
		{"seeds: [1, 2, 3]", "seeds: 1", false},
		{"  novel: {", "  roman: {", false},
		{"  novel: {tokenizer: word", "  novel: {tokenizer: words", false},
		{"  novel: {tokenizer: word, split: test", "  novel: {tokenizer: word, split: train", false},
		{"novel: {tokenizer: word", "novel: {tokenizer: bpe, vocabulary: 300", false},
		{"novel: {tokenizer: word", "novel: {tokenizer: word, vocabulary: 300", false},
		{"novel: {tokenizer: word", "novel: {tokenizer: word, max_tokens: 0", true},
		{"novel: {tokenizer: word", "novel: {tokenizer: word, max_tokens: 9", false},
		{"novel: {tokenizer: word", "novel: {tokenizer: word, bad_texts: stop", false},
		{"split: test, documents: 16, document_tokens: 4096}", "split: test, documents: 16}", false},
		{"split: test, documents: 16, document_tokens: 4096}", "split: test, documents: 0, document_tokens: 4096}", false},
		{"split: test, documents: 16, document_tokens: 4096}", "split: test, document_tokens: 4096}", false},
		{"  novel: {", "  pg19: {tokenizer: bytes, split: test}\n  novel: {", true},
		{"  novel: {", "  pg19: {tokenizer: bpe, split: test, vocabulary: 257, bad_texts: skip}\n  novel: {", true},
		{"  novel: {", "  pg19: {tokenizer: bpe, split: test}\n  novel: {", false},
		{"  novel: {", "  pg19: {tokenizer: bpe, split: test, vocabulary: 256}\n  novel: {", false},
		{"  novel: {", "  pg19: {tokenizer: bytes, split: test, vocabulary: 300}\n  novel: {", false},
		{"  novel: {", "  pg19: {tokenizer: models/llama, split: test}\n  novel: {", true},
		{"  novel: {", "  pg19: {tokenizer: tokenizer.JSON, template: true, split: test}\n  novel: {", true},
		{"  novel: {", "  pg19: {tokenizer: llama, split: test}\n  novel: {", false},
		{"  novel: {", "  pg19: {tokenizer: word, split: test}\n  novel: {", false},
		{"  novel: {", "  pg19: {tokenizer: bytes, split: test, document_tokens: 64}\n  novel: {", false},
		{"weight_decay: 0 ", "weight_decay: 0.1 ", true},
		{"  - {corpus: novel, models: [local-only, ", "  - {corpus: novel, models: [local, ", false},
		{"    curriculum: 0.5 ", "    curriculum: 2 ", false},
		{"  rmt:\n", "  rtm:\n", false},
		{"models: [infini-linear, infini-delta, local-only]", "models: [infini-linear, infini-linear]", false},
		{"booksum: ", "boksum: ", false},
		{"  corpus: chronicle\n", "", false},
		{"  corpus: chronicle\n", "  corpus: novel\n", false},
		{"temperature: 0.5 ", "temperature: .5 ", true},
		{"top_p: 0.95 ", "top_p: 0 ", false},
		{"bad_pairs: stop", "bad_pairs: go", false},
		{"segments: [1, 16] ", "segments: [0, 16] ", false},
		{"head_sizes: [16, 64] ", "head_sizes: [16, 100000] ", false},
		{"lengths: [1024, 2048, 4096, 8192, 16384, 32768]", "lengths: [0]", false},
		{"control_seconds: 2 ", "control_seconds: 0 ", false},
		{"control_seconds: 2 ", "", false},
	} {
		if !strings.Contains(string(tiny), test.old) {
			t.Errorf("tiny has no %q", test.old)
			continue
		}
		text := []byte(strings.Replace(string(tiny), test.old, test.new, 1))
		if err := follows(t, schema, text); (err == nil) != test.good {
			t.Errorf("%q for %q: the schema says %v", test.new, test.old, err)
		}
		if err := config.Parse("mine.yaml", text, new(Profile)); (err == nil) != test.good {
			t.Errorf("%q for %q: the reader says %v", test.new, test.old, err)
		}
	}
}
