package config

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The keys of settings, read off its tags by hand.
func TestKeys(t *testing.T) {
	type key struct {
		path, allowed string
		required      bool
	}
	want := []key{
		{"name", "text (in quotes, if it looks like something else)", true},
		{"steps", "a whole number, 1 to 10000000", false},
		{"rate", "a number, 0 to 1", false},
		{"free", "a number", false},
		{"small", "a whole number, -128 to 127", false},
		{"resume", "true or false", false},
		{"seeds", "a list of length 1 to 3", false},
		{"method", "adamw, adafactor", false},
		{"tags", "a list", false},
		{"model", "a mapping", false},
		{"model.layers", "a whole number, at least 1", true},
		{"model.heads", "a whole number, at most 64", false},
		{"corpora", "a mapping of length at most 2", false},
		{"corpora.NAME.split", "text (in quotes, if it looks like something else)", false},
		{"tables", "a list", false},
		{"tables[].corpus", "text (in quotes, if it looks like something else)", false},
		{"tables[].length", "", false},
		{"weights", "a mapping", false},
	}
	var got []key
	for _, k := range Keys(settings{}) {
		got = append(got, key{k.Path, k.Allowed, k.Required})
	}
	for i := range want {
		switch want[i].path { // an int's own range depends on the machine, and is not what is tested
		case "model.layers", "model.heads", "tables[].length":
			want[i].allowed = got[min(i, len(got)-1)].allowed
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(key{})); diff != "" {
		t.Error(diff)
	}
}

// Every value with the line that sets it; a block that has required keys and was left out
// is not there, and what was left out elsewhere has no line.
func TestValues(t *testing.T) {
	const text = `name: a name
rate: 1e-3
seeds: [2, 1]
corpora:
  pg19: {split: test}
  "a b": {split: ""}
tables: [{corpus: pg19, length: 8}]
weights: {half: .5}
`
	var s settings
	lines, err := ParseLines("p.yaml", []byte(text), &s)
	if err != nil {
		t.Fatal(err)
	}
	type value struct {
		Value
		Line int
	}
	want := []value{
		{Value{"name", "name", "a name"}, 1},
		{Value{"steps", "steps", "0"}, 0},
		{Value{"rate", "rate", "0.001"}, 2},
		{Value{"free", "free", "0"}, 0},
		{Value{"small", "small", "0"}, 0},
		{Value{"resume", "resume", "false"}, 0},
		{Value{"seeds", "seeds", "[2, 1]"}, 3},
		{Value{"method", "method", ""}, 0},
		{Value{"tags", "tags", ""}, 0},
		{Value{`corpora."a b".split`, "corpora.NAME.split", ""}, 6},
		{Value{"corpora.pg19.split", "corpora.NAME.split", "test"}, 5},
		{Value{"tables[0].corpus", "tables[].corpus", "pg19"}, 7},
		{Value{"tables[0].length", "tables[].length", "8"}, 7},
		{Value{"weights.half", "weights", "0.5"}, 8},
	}
	var got []value
	for _, v := range Values(&s) {
		got = append(got, value{v, lines[v.Path]})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The schema of each kind of field, after the draft's words for bounds and enumerations
// (JSON Schema Validation 2020-12, section 6).
func TestSchema(t *testing.T) {
	schema := Schema(settings{}, func(path string, s map[string]any) {
		if path == "tables" {
			s["description"] = "here"
		}
	})
	properties := schema["properties"].(map[string]any)
	for key, want := range map[string]string{
		"name":    `{"type":"string"}`,
		"steps":   `{"maximum":10000000,"minimum":1,"type":"integer"}`,
		"rate":    `{"maximum":1,"minimum":0,"type":"number"}`,
		"resume":  `{"type":"boolean"}`,
		"seeds":   `{"items":{"minimum":0,"type":"integer"},"maxItems":3,"minItems":1,"type":"array"}`,
		"method":  `{"enum":["adamw","adafactor"],"type":"string"}`,
		"tags":    `{"items":{"enum":["a","b"],"type":"string"},"type":"array"}`,
		"corpora": `{"additionalProperties":{"additionalProperties":false,"properties":{"split":{"type":"string"}},"required":[],"type":"object"},"maxProperties":2,"type":"object"}`,
		"weights": `{"additionalProperties":{"type":"number"},"type":"object"}`,
		"tables":  `{"description":"here","items":{"additionalProperties":false,"properties":{"corpus":{"type":"string"},"length":{"type":"integer"}},"required":[],"type":"object"},"type":"array"}`,
	} {
		got, err := json.Marshal(properties[key])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	if diff := cmp.Diff([]string{"name"}, schema["required"]); diff != "" {
		t.Error(diff)
	}
	if schema["additionalProperties"] != false {
		t.Error("unknown keys are allowed")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"paper", "small", "smoke", "tiny"}
	for name, want := range map[string]string{"tinny": "tiny", "smal": "small", "papers": "paper", "huge": "", "": "", "t": ""} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%q: nearest is %q, want %q", name, got, want)
		}
	}
}
