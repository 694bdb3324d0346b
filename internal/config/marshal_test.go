package config

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMarshal(t *testing.T) {
	s := settings{
		Name: "3", Steps: 300, Rate: 0.003, Free: 1e21, Resume: true,
		Seeds: []uint64{2, 1}, Tags: []string{"a"}, Model: model{2, 8},
		Corpora: map[string]corpus{"pg19": {"test"}, "novel": {"no: \"yes\""}},
		Tables:  []table{{"novel", 1024}},
	}
	// In the order of the struct, maps sorted; "3" quoted, or it would be a number;
	// method is left out as its zero value is none of the allowed words.
	const want = `name: "3"
steps: 300
rate: 0.003
free: 1e+21
small: 0
resume: true
seeds:
  - 2
  - 1
tags:
  - a
model:
  layers: 2
  heads: 8
corpora:
  novel:
    split: 'no: "yes"'
  pg19:
    split: test
tables:
  - corpus: novel
    length: 1024
weights: {}
`
	for _, v := range []any{s, &s} {
		data, err := Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(data)); diff != "" {
			t.Error(diff)
		}
	}
	var back settings
	if err := Parse("p.yaml", []byte(want), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestMarshalRefuses(t *testing.T) {
	valid := func() settings {
		return settings{Name: "x", Steps: 1, Seeds: []uint64{1}, Model: model{Layers: 1}}
	}
	tests := []struct {
		reason string
		change func(*settings)
		want   string
	}{
		{"not a number", func(s *settings) { s.Rate = math.NaN() }, "settings that could not be read back: settings:3: rate: got .nan; allowed: a number, 0 to 1"},
		{"out of range", func(s *settings) { s.Steps = -1 }, "settings that could not be read back: settings:2: steps: got -1; allowed: a whole number, 1 to 10000000"},
		{"not UTF-8", func(s *settings) { s.Name = "\xff" }, "settings that could not be read back: settings:1: name: tag !!binary; write the value out in full"},
		{"refused by Validate", func(s *settings) { s.Model.Heads = 7 }, "settings that could not be read back: settings:12: model.heads: must divide 64"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			s := valid()
			if _, err := Marshal(&s); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			test.change(&s)
			if _, err := Marshal(&s); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// FuzzParse: for any bytes, Parse returns. It either fills the struct with something
// that Marshal can write and Parse reads back unchanged, or leaves it alone and names
// the file and an existing line.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "name: x\n", "---", "name: x\n---\nname: y\n", "\ufeffname: x\r\n",
		"name: x\nsteps: 3.5\nsteps: 2\n", "name: &n x\ntables: [*n]\n", "model: {<<: {layers: 1}}\n",
		"name: !!str 3\nseeds: [18446744073709551615, -1]\nrate: .nan\nfree: 1e999\n",
		"name: x\ncorpora:\n  a: {split: \"\\t\\n\"}\n  'b c': {split: |\n    two\n    lines\n  }\n",
		"name: >-\n  folded\n  text\nweights: {~: 1, '': 2, 1: 3}\n? [a]\n: 1\n",
		"name: x\n\tsteps: 1\n", "%YAML 1.2\n---\nname: x\n...\n", "name: \"\\x00\"\n", "[[[[{a: {",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := settings{Name: "before"}
		s := before
		if err := Parse("p.yaml", data, &s); err != nil {
			if diff := cmp.Diff(before, s); diff != "" {
				t.Errorf("the struct was touched: %s", diff)
			}
			last := 0
			for _, p := range err.(Problems) {
				if p.File != "p.yaml" || p.Text == "" || p.Line < max(1, last) || p.Line > 1+strings.Count(string(data), "\n") {
					t.Errorf("problem %+v after line %d", p, last)
				}
				last = p.Line
			}
			return
		}
		written, err := Marshal(s)
		if err != nil {
			return // a value of its own kind: Marshal says so, TestMarshalRefuses pins how
		}
		var back settings
		if err := Parse("p.yaml", written, &back); err != nil {
			t.Fatalf("%v in\n%s", err, written)
		}
		if diff := cmp.Diff(s, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s in\n%s", diff, written)
		}
	})
}
