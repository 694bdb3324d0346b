package experiments

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/results"
)

// A tokenizer that a profile names by its path is part of a cell's hash by its content
// alone, and it is the one that the cell is run with.
func TestTokenizerByPath(t *testing.T) {
	dir := t.TempDir()
	write := func(path, text string) string {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	book := strings.Repeat("a bad cab. ", 40)
	for split, id := range map[string]string{"train": "1", "validation": "2", "test": "3"} {
		write("data/pg19/"+split+"/"+id+".txt", book)
	}
	write("data/pg19/metadata.csv", "1,A,1900,http://example.org\n2,B,1900,http://example.org\n3,C,1900,http://example.org\n")
	// Two spellings of one tokenizer, and another with one more merge.
	const file = `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"<s>","special":true}],` +
		`"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},` +
		`"pre_tokenizer":null,"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],` +
		`"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[0],"tokens":["<s>"]}}},` +
		`"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},` +
		`"model":{"type":"BPE","vocab":{"<s>":0,"▁":1,"a":2,"b":3,"c":4,"d":5,".":6,"ab":7},"merges":[MERGES]}}`
	one := write("one/tokenizer.json", strings.Replace(file, "MERGES", "", 1))
	write("two/tokenizer.json", strings.Replace(file, "MERGES", " ", 1))
	other := write("other.json", strings.Replace(file, "MERGES", `"a b"`, 1))

	profile := func(path string, template bool) *Profile {
		p := speck(t)
		p.Corpora = map[string]results.CorpusSettings{"pg19": {Tokenizer: path, Split: "test", Template: template}}
		p.Perplexity = []results.PerplexitySettings{{Corpus: "pg19", Models: []string{"local-only"}, Length: p.Perplexity[0].Length}}
		p.ExperimentSettings = results.ExperimentSettings{Perplexity: p.Perplexity}
		return p
	}
	hash := func(path string, template bool) string {
		t.Helper()
		p := profile(path, template)
		if err := p.Identify(filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
		config := configOf(p.Cells()[0].Settings)
		if bytes.Contains(config, []byte(dir)) {
			t.Errorf("the settings of the cell name the path:\n%s", config)
		}
		return hashOf(p.Cells()[0].Settings)
	}
	first := hash(one, false)
	if second := hash(filepath.Join(dir, "two"), false); second != first {
		t.Error("the same tokenizer in another place has another hash")
	}
	for name, h := range map[string]string{"another tokenizer": hash(other, false), "the template": hash(one, true)} {
		if h == first {
			t.Errorf("%s has the same hash", name)
		}
	}

	p := profile(one, true)
	runs := t.TempDir()
	if _, err := Run(context.Background(), Options{Profile: p, Data: filepath.Join(dir, "data"), Runs: runs}); err != nil {
		t.Fatal(err)
	}
	key := p.Cells()[0].Key()
	data, err := os.ReadFile(filepath.Join(runs, p.Name, key, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(`"tokenizer": "bpe-8-`)) || !bytes.Contains(data, []byte(tokenizer.TemplateSuffix)) {
		t.Errorf("the result does not name the tokenizer:\n%.2000s", data)
	}
	if err := profile(filepath.Join(dir, "none"), false).Identify(filepath.Join(dir, "data")); err == nil || !strings.Contains(err.Error(), "corpora.pg19.tokenizer: ") {
		t.Errorf("a missing tokenizer: %v", err)
	}
}
