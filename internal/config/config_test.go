package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// settings has a field of every kind and every tag.
type settings struct {
	Name    string             `yaml:"name" required:"true"`
	Steps   int                `yaml:"steps" min:"1" max:"10000000"`
	Rate    float64            `yaml:"rate" min:"0" max:"1"`
	Free    float64            `yaml:"free"`
	Small   int8               `yaml:"small"`
	Resume  bool               `yaml:"resume"`
	Seeds   []uint64           `yaml:"seeds" min:"1" max:"3"`
	Method  string             `yaml:"method,omitempty" oneof:"adamw adafactor"`
	Tags    []string           `yaml:"tags" oneof:"a b"`
	Model   model              `yaml:"model"`
	Corpora map[string]corpus  `yaml:"corpora" max:"2"`
	Tables  []table            `yaml:"tables"`
	Weights map[string]float64 `yaml:"weights"`
	Hidden  int                `yaml:"-"`
}

type model struct {
	Layers int `yaml:"layers" required:"true" min:"1"`
	Heads  int `yaml:"heads" max:"64"`
}

type corpus struct {
	Split string `yaml:"split"`
}

type table struct {
	Corpus string `yaml:"corpus"`
	Length int    `yaml:"length"`
}

// Validate checks what tags cannot express: a table's corpus exists, and Heads
// divides 64 (a key the file may leave out).
func (s *settings) Validate() Problems {
	var problems Problems
	for _, t := range s.Tables {
		if _, ok := s.Corpora[t.Corpus]; !ok {
			problems = append(problems, Problem{Key: "tables[0].corpus", Text: "no such corpus"})
		}
	}
	if s.Model.Heads == 7 {
		problems = append(problems, Problem{Key: "model.heads", Text: "must divide 64"})
	}
	if s.Model.Layers == 13 {
		problems = append(problems, Problem{Key: "model.width", Text: "needs even layers"})
	}
	if s.Name == "unlucky" {
		problems = append(problems, Problem{Key: "luck[3].of.it", Text: "missing"})
	}
	return problems
}

func TestParse(t *testing.T) {
	const text = "# a comment\r\n" + `name: "no"
steps: 300
rate: 1e-3
free: -.5
small: -128
resume: true
seeds: [0, 18446744073709551615]
method: adamw
tags:
- b
- a
model: {layers: 2, heads: 8}
corpora:
  novel: {split: test}
  pg-19:
    split: validation
tables:
  - {corpus: novel, length: -1024}
  - corpus: pg-19
weights: {x: 2}
`
	want := settings{
		Name: "no", Steps: 300, Rate: 0.001, Free: -0.5, Small: -128, Resume: true,
		Seeds: []uint64{0, 1<<64 - 1}, Method: "adamw", Tags: []string{"b", "a"},
		Model:   model{2, 8},
		Corpora: map[string]corpus{"novel": {"test"}, "pg-19": {"validation"}},
		Tables:  []table{{"novel", -1024}, {"pg-19", 0}},
		Weights: map[string]float64{"x": 2},
	}
	have := settings{Steps: 7, Hidden: 7} // replaced whole
	if err := Parse("a.yaml", []byte(text), &have); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if err := Parse("a.yaml", []byte("\ufeff"+text), &have); err != nil {
		t.Errorf("with a byte order mark: %v", err)
	}
}

// TestProblems pins every message. Each text is a whole file. Its name is required, so
// most begin with it.
func TestProblems(t *testing.T) {
	tests := []struct {
		reason, text, want string
	}{
		{"empty file", "", "p.yaml:1: the file is empty; allowed: one YAML document"},
		{"only comments", "# nothing\n", "p.yaml:1: the file is empty; allowed: one YAML document"},
		{"empty document", "---", "p.yaml:1: got nothing; allowed: a mapping with the keys name, steps, rate, free, small, resume, seeds, method, tags, model, corpora, tables, weights"},
		{"a list at the top", "- a\n", "p.yaml:1: got a list; allowed: a mapping with the keys name, steps, rate, free, small, resume, seeds, method, tags, model, corpora, tables, weights"},
		{"second document", "name: x\n---\nname: y\n", "p.yaml:2: a second document begins here; allowed: one document in a file"},
		{"empty second document", "name: x\n\n---\n", "p.yaml:3: a second document begins here; allowed: one document in a file"},
		{"broken second document", "name: x\n...\ny\n", "p.yaml:3: not valid YAML: did not find expected <document start>"},
		{"too large", strings.Repeat("#", 1<<20+1), "p.yaml:1: the file is too large; allowed: at most 1048576 bytes"},

		{"not text", "name: x\nsteps: \xff\n", "p.yaml:2: byte 0xff in column 8 is not text; allowed: UTF-8"},
		{"UTF-16", "\xff\xfen\x00", "p.yaml:1: the text is UTF-16, by its byte-order mark; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE"},
		{"control character", "name: x\x00\n", "p.yaml:1: invisible character U+0000 in column 8; allowed: visible text"},
		{"zero-width space", "name: x\nst\u200beps: 1\n", "p.yaml:2: invisible character U+200B in column 3; allowed: visible text"},
		{"lone carriage return", "name: x\rsteps: 1\n", "p.yaml:1: invisible character U+000D in column 8; allowed: visible text"},
		{"tab in the indentation", "name: x\nmodel:\n\tlayers: 1\n", "p.yaml:3: a tab in the indentation; allowed: spaces"},
		{"tab that yaml.v3 accepts", "name: x\nmodel: {\n  \tlayers: 1 }\n", "p.yaml:3: a tab in the indentation; allowed: spaces"},

		{"syntax, seen by the scanner", "name: x\nmodel: @y\n", "p.yaml:2: not valid YAML: found character that cannot start any token"},
		{"syntax, in the first line", "name: @y\n", "p.yaml:1: not valid YAML: found character that cannot start any token"},
		{"syntax, seen by the parser", "name: x\n\nsteps: }\n", "p.yaml:3: not valid YAML: did not find expected node content"},
		{"syntax, at the end", "name: x\nseeds: [1, 2\n", "p.yaml:2: not valid YAML: did not find expected ',' or ']'"},
		{"syntax, quote left open", "name: \"x\nsteps: 1\n", "p.yaml:2: not valid YAML: found unexpected end of stream"},

		{"nested to exhaust the stack", strings.Repeat("[", 1<<20), "p.yaml:1: not valid YAML: exceeded max depth of 10000"},

		{"unknown key, near", "name: x\nmodel: {layers: 1, haeds: 2}\n", "p.yaml:2: model.haeds: unknown key; did you mean heads?"},
		{"unknown key, far", "name: x\nmodel: {layers: 1, dropout: 2}\n", "p.yaml:2: model.dropout: unknown key; allowed: layers, heads"},
		{"unknown key, short", "name: x\nmodel: {layers: 1, l: 2}\n", "p.yaml:2: model.l: unknown key; allowed: layers, heads"},
		{"unknown key, other case", "Name: x\nname: x\n", "p.yaml:1: Name: unknown key; did you mean name?"},
		{"unknown key, strange", "name: x\n'a.b: c': 1\n", `p.yaml:2: "a.b: c": unknown key; allowed: name, steps, rate, free, small, resume, seeds, method, tags, model, corpora, tables, weights`},
		{"key that yaml:\"-\" hides", "name: x\nHidden: 1\n", "p.yaml:2: Hidden: unknown key; allowed: name, steps, rate, free, small, resume, seeds, method, tags, model, corpora, tables, weights"},
		{"number as key", "name: x\nweights: {1: 2}\n", "p.yaml:2: weights: got 1 as a key; allowed: text"},
		{"null as key", "name: x\nweights: {~: 2}\n", "p.yaml:2: weights: got nothing as a key; allowed: text"},
		{"list as key", "name: x\n? [a]\n: 1\n", "p.yaml:2: got a list as a key; allowed: text"},
		{"duplicate key", "name: x\nsteps: 1\nsteps: 2\n", "p.yaml:3: steps: duplicate key; it is already set in line 2"},
		{"duplicate key of a map", "name: x\ncorpora:\n  a: {}\n  \"a\": {}\n", "p.yaml:4: corpora.a: duplicate key; it is already set in line 3"},
		{"missing key", "steps: 1\n", "p.yaml:1: name: missing; allowed: text (in quotes, if it looks like something else)"},
		{"missing key further in", "name: x\n\nmodel:\n  heads: 2\n", "p.yaml:3: model.layers: missing; allowed: a whole number, 1 to 9223372036854775807"},

		{"fraction for a whole number", "name: x\nsteps: 3.5\n", "p.yaml:2: steps: got 3.5; allowed: a whole number, 1 to 10000000"},
		{"exponent for a whole number", "name: x\nsteps: 1e3\n", "p.yaml:2: steps: got 1e3; allowed: a whole number, 1 to 10000000"},
		{"octal", "name: x\nsteps: 010\n", "p.yaml:2: steps: got 010; allowed: a whole number, 1 to 10000000"},
		{"hexadecimal", "name: x\nsteps: 0x10\n", "p.yaml:2: steps: got 0x10; allowed: a whole number, 1 to 10000000"},
		{"underscores", "name: x\nsteps: 1_000\n", "p.yaml:2: steps: got 1_000; allowed: a whole number, 1 to 10000000"},
		{"text for a whole number", "name: x\nsteps: many\n", `p.yaml:2: steps: got "many"; allowed: a whole number, 1 to 10000000`},
		{"quoted number", "name: x\nsteps: \"3\"\n", `p.yaml:2: steps: got "3"; allowed: a whole number, 1 to 10000000`},
		{"nothing for a whole number", "name: x\nsteps:\n", "p.yaml:2: steps: got nothing; allowed: a whole number, 1 to 10000000"},
		{"list for a whole number", "name: x\nsteps: [3]\n", "p.yaml:2: steps: got a list; allowed: a whole number, 1 to 10000000"},
		{"too small", "name: x\nsteps: 0\n", "p.yaml:2: steps: got 0; allowed: a whole number, 1 to 10000000"},
		{"too large", "name: x\nsteps: 10000001\n", "p.yaml:2: steps: got 10000001; allowed: a whole number, 1 to 10000000"},
		{"too large for 8 bits", "name: x\nsmall: 128\n", "p.yaml:2: small: got 128; allowed: a whole number, -128 to 127"},
		{"too large for 64 bits", "name: x\nseeds: [18446744073709551616]\n", "p.yaml:2: seeds[0]: got 18446744073709551616; allowed: a whole number, 0 to 18446744073709551615"},
		{"negative seed", "name: x\nseeds:\n  - 1\n  - -1\n", "p.yaml:4: seeds[1]: got -1; allowed: a whole number, 0 to 18446744073709551615"},
		{"no limits but the type's", "name: x\ntables: [{length: y}]\n", `p.yaml:2: tables[0].length: got "y"; allowed: a whole number, -9223372036854775808 to 9223372036854775807`},
		{"only a maximum", "name: x\nmodel: {layers: 1, heads: 65}\n", "p.yaml:2: model.heads: got 65; allowed: a whole number, -9223372036854775808 to 64"},
		{"NaN", "name: x\nrate: .nan\n", "p.yaml:2: rate: got .nan; allowed: a number, 0 to 1"},
		{"infinity", "name: x\nfree: -.inf\n", "p.yaml:2: free: got -.inf; allowed: a number"},
		{"infinite by size", "name: x\nfree: 1e999\n", `p.yaml:2: free: got "1e999"; allowed: a number`},
		{"number above its bound", "name: x\nrate: 1.5\n", "p.yaml:2: rate: got 1.5; allowed: a number, 0 to 1"},
		{"only a point", "name: x\nrate: .\n", `p.yaml:2: rate: got "."; allowed: a number, 0 to 1`},
		{"yes for true", "name: x\nresume: yes\n", `p.yaml:2: resume: got "yes"; allowed: true or false`},
		{"True for true", "name: x\nresume: True\n", "p.yaml:2: resume: got True; allowed: true or false"},
		{"quoted true", "name: x\nresume: \"true\"\n", `p.yaml:2: resume: got "true"; allowed: true or false`},
		{"number for a text", "name: 3\n", "p.yaml:1: name: got 3; allowed: text (in quotes, if it looks like something else)"},
		{"date for a text", "name: 2024-04-10\n", "p.yaml:1: name: got 2024-04-10; allowed: text (in quotes, if it looks like something else)"},
		{"other word", "name: x\nmethod: adam\n", `p.yaml:2: method: got "adam"; allowed: adamw, adafactor`},
		{"other word in a list", "name: x\ntags: [a, c]\n", `p.yaml:2: tags[1]: got "c"; allowed: a, b`},
		{"long text", "name: x\nmethod: " + strings.Repeat("é", 41) + "\n", `p.yaml:2: method: got "` + strings.Repeat("é", 40) + `…"; allowed: adamw, adafactor`},
		{"number for a list", "name: x\nseeds: 1\n", "p.yaml:2: seeds: got 1; allowed: a list of length 1 to 3"},
		{"list too short", "name: x\nseeds: []\n", "p.yaml:2: seeds: got 0 entries; allowed: a list of length 1 to 3"},
		{"list too long", "name: x\nseeds: [1, 2, 3, 4]\n", "p.yaml:2: seeds: got 4 entries; allowed: a list of length 1 to 3"},
		{"list without bounds", "name: x\ntables: {}\n", "p.yaml:2: tables: got a mapping; allowed: a list"},
		{"mapping too long", "name: x\ncorpora: {a: {}, b: {}, c: {}}\n", "p.yaml:2: corpora: got 3 entries; allowed: a mapping of length at most 2"},
		{"text for a mapping", "name: x\nweights: none\n", `p.yaml:2: weights: got "none"; allowed: a mapping`},
		{"nothing for a mapping", "name: x\nmodel:\n", "p.yaml:2: model: got nothing; allowed: a mapping with the keys layers, heads"},
		{"nothing in a list", "name: x\ntables:\n  -\n", "p.yaml:3: tables[0]: got nothing; allowed: a mapping with the keys corpus, length"},

		{"anchor", "name: &n x\n", "p.yaml:1: name: anchor &n; write the value out in full"},
		{"anchor on a key", "&n name: x\n", "p.yaml:1: anchor &n; write the value out in full\np.yaml:1: name: missing; allowed: text (in quotes, if it looks like something else)"},
		{"anchor and alias", "name: x\nmodel: &m {layers: 1}\ntables: [*m]\n", "p.yaml:2: model: anchor &m; write the value out in full\np.yaml:3: tables[0]: alias *m; write the value out in full"},
		{"alias to nothing", "name: x\nsteps: *n\n", "p.yaml:2: alias *n; write the value out in full"},
		{"merge key", "name: x\nmodel:\n  <<: {layers: 1}\n  layers: 2\n", "p.yaml:3: model: merge key <<; write the value out in full"},
		{"tag", "name: !!str 3\n", "p.yaml:1: name: tag !!str; write the value out in full"},

		{"several, in the order of the lines", "rat: 1\nsteps: 0\nmodel:\n  heads: 65\nresume: 1\n",
			`p.yaml:1: rat: unknown key; did you mean rate?
p.yaml:1: name: missing; allowed: text (in quotes, if it looks like something else)
p.yaml:2: steps: got 0; allowed: a whole number, 1 to 10000000
p.yaml:3: model.layers: missing; allowed: a whole number, 1 to 9223372036854775807
p.yaml:4: model.heads: got 65; allowed: a whole number, -9223372036854775808 to 64
p.yaml:5: resume: got 1; allowed: true or false`},

		{"Validate, key in its line", "name: x\ntables:\n  - length: 1\n    corpus: gone\n", "p.yaml:4: tables[0].corpus: no such corpus"},
		{"Validate, in the order of the lines", "name: x\nmodel:\n  layers: 2\n  heads: 7\ntables:\n  - corpus: gone\n", "p.yaml:4: model.heads: must divide 64\np.yaml:6: tables[0].corpus: no such corpus"},
		{"Validate, key left out", "name: x\n\nmodel:\n  layers: 13\n", "p.yaml:3: model.width: needs even layers"},
		{"Validate, nothing of the key is there", "name: unlucky\n", "p.yaml:1: luck[3].of.it: missing"},
		{"Validate waits for the tags", "name: x\nsteps: 0\nmodel: {layers: 2, heads: 7}\n", "p.yaml:2: steps: got 0; allowed: a whole number, 1 to 10000000"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			have := settings{Name: "before", Seeds: []uint64{9}}
			err := Parse("p.yaml", []byte(test.text), &have)
			if err == nil {
				t.Fatalf("accepted as %+v", have)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(settings{Name: "before", Seeds: []uint64{9}}, have); diff != "" {
				t.Errorf("the struct was touched: %s", diff)
			}
			if _, ok := errors.AsType[Problems](err); !ok {
				t.Errorf("error of type %T, want Problems", err)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(path, []byte("name: x\nsteps: no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, []byte(strings.Repeat("# long\n", 200_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "b.yaml")
	tests := []struct{ path, want string }{
		{path, path + `:2: steps: got "no"; allowed: a whole number, 1 to 10000000`},
		{large, large + ":1: the file is too large; allowed: at most 1048576 bytes"},
		{missing, "open " + missing + ": no such file or directory"},
		{dir, "read " + dir + ": is a directory"},
	}
	for _, test := range tests {
		if err := Load(test.path, &settings{}); err == nil || err.Error() != test.want {
			t.Errorf("%s: error %v, want %s", test.path, err, test.want)
		}
	}
	if err := os.WriteFile(path, []byte("name: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var s settings
	if err := Load(path, &s); err != nil || s.Name != "x" {
		t.Errorf("loaded %+v, error %v", s, err)
	}
}

// TestProgrammerErrors separates users' mistakes, which are errors, from programmers'
// mistakes, which panic.
func TestProgrammerErrors(t *testing.T) {
	const one = "a: 1\n"
	tests := []struct {
		into       any
		text, want string
	}{
		{settings{}, one, "config: into must point to a struct, not config.settings"},
		{(*settings)(nil), one, "config: into must point to a struct, not *config.settings"},
		{new(int), one, "config: into must point to a struct, not *int"},
		{&struct{ A int }{}, one, "config: struct { A int }.A has no yaml tag with its key"},
		{&struct {
			A int `yaml:"a" min:"one"`
		}{}, one, `config: struct { A int "yaml:\"a\" min:\"one\"" }.A: bound "one" is not a number`},
		{&struct {
			A any `yaml:"a"`
		}{}, one, "config: settings cannot be of type interface {}"},
		{&struct {
			A map[int]int `yaml:"a"`
		}{}, "a: {}\n", "config: the keys of map[int]int must be strings"},
	}
	for _, test := range tests {
		func() {
			defer func() {
				if r := recover(); r != test.want {
					t.Errorf("panic %v, want %v", r, test.want)
				}
			}()
			err := Parse("p.yaml", []byte(test.text), test.into)
			t.Errorf("no panic, error %v, want %v", err, test.want)
		}()
	}
}
