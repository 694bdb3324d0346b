package experiments

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/config"
	"infinibench/internal/results"
	"infinibench/models"
	"infinibench/models/pretrained"
	"infinibench/models/pretrained/pretrainedtest"
)

// llama writes the folder of a small model.
func llama(t *testing.T, seed uint64) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "llama")
	if err := pretrainedtest.Write(dir, seed); err != nil {
		t.Fatal(err)
	}
	return dir
}

// writeBooks writes a corpus of three short books and their summaries.
func writeBooks(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for id, split := range []string{"train", "validation", "test"} {
		write(fmt.Sprintf("pg19/%s/%d.txt", split, id+1), strings.Repeat("The quick brown fox jumps over the lazy dog. ", 30))
	}
	write("pg19/metadata.csv", "1,A,1900,http://example.org\n2,B,1900,http://example.org\n3,C,1900,http://example.org\n")
	return dir
}

// pretrainedText is a profile whose models come from a folder.
const pretrainedText = `name: plugged
about: A profile for tests.
workers: 1
threads: 1
save_every: 10
seeds: [1]
model: {from: FOLDER, segment: 64, gate_init: -2, memory_epsilon: 1e-6, ungated_start: true}
training: {batch: 1, optimizer: adamw, learning_rate: 1e-3, gate_learning_rate: 1e-2, steps: 2, warmup_steps: 0, final_learning_rate: 0.1, weight_decay: 0, clip_norm: 1, checkpoint_interval: 0}
corpora:
  pg19: {split: test}
perplexity:
  - {corpus: pg19, models: [local-only, infini-delta], length: 128}
evaluation: {batch: 1, position_bucket: 64}
`

func pretrainedProfile(t *testing.T, folder string) *Profile {
	t.Helper()
	return parseProfile(t, strings.ReplaceAll(pretrainedText, "FOLDER", folder))
}

// Training starts from the folder's weights, its tokenizer reads the texts with its template,
// and the trained model can be exported as such a folder.
func TestTrainFromFolder(t *testing.T) {
	dir, data, runs := llama(t, 1), writeBooks(t), t.TempDir()
	p := pretrainedProfile(t, dir)
	if _, err := Run(context.Background(), Options{Profile: p, Data: data, Runs: runs}); err != nil {
		t.Fatal(err)
	}
	base, err := pretrained.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Cells() {
		files := cellFiles(filepath.Join(runs, p.Name, c.Key()))
		result, found := files.result(hashOf(c.Settings))
		if !found || result.Status != results.StatusDone {
			t.Fatalf("%s: %s", c.Key(), result.Error)
		}
		if want := base.Tokenizer.Name() + tokenizer.TemplateSuffix; result.Settings.Corpus.Tokenizer != want || result.Data.Tokenizer != want {
			t.Errorf("%s was read by %s and %s, want %s", c.Key(), result.Settings.Corpus.Tokenizer, result.Data.Tokenizer, want)
		}
		r := newCellRun(Options{Profile: p}, c, files, &TokenizedCorpus{Tokenizer: p.tokenizers["pg19"]}, nil)
		start, err := r.newModel()
		if err != nil {
			t.Fatal(err)
		}
		trained, extra, err := LoadModel(files.checkpoint())
		if err != nil {
			t.Fatal(err)
		}
		plain, err := Plug{Memory: c.Model, Segment: 64}.Load(base)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range plain.Params {
			if !slices.Equal(start.Params[i].Data(), w.Data()) {
				t.Errorf("%s: %s does not start at the folder's numbers", c.Key(), w.Name)
			}
			if slices.Equal(trained.Params[i].Data(), w.Data()) {
				t.Errorf("%s: %s was not trained", c.Key(), w.Name)
			}
		}
		if extra["tokenizer"] != base.Tokenizer.Name()+tokenizer.TemplateSuffix {
			t.Errorf("the checkpoint has the tokenizer %q", extra["tokenizer"])
		}
		out := filepath.Join(t.TempDir(), "out")
		if _, _, err := Export(files.checkpoint(), out); err != nil {
			t.Fatal(err)
		}
		back, err := pretrained.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		if back.Plugged == nil || back.Plugged.Memory != c.Model || back.ModelType != "llama" || back.Context != pretrainedtest.Context || !slices.Equal(back.Ends, base.Ends) {
			t.Errorf("exported %+v", back)
		}
		sameFile(t, filepath.Join(out, "tokenizer.json"), filepath.Join(dir, "tokenizer.json"))
	}
}

func sameFile(t *testing.T, got, want string) {
	t.Helper()
	a, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%s differs from %s", got, want)
	}
}

// A cell's hash depends on the model's weights and its config.json, not on its path.
func TestFolderHash(t *testing.T) {
	data := writeBooks(t)
	hash := func(dir string) string {
		t.Helper()
		p := pretrainedProfile(t, dir)
		if err := p.Identify(data); err != nil {
			t.Fatal(err)
		}
		c := configOf(p.Cells()[0].Settings)
		if bytes.Contains(c, []byte(dir)) {
			t.Errorf("the settings of the cell name the path:\n%s", c)
		}
		if !bytes.Contains(c, []byte("from: llama-8.1K-")) { // 8,080 weights
			t.Errorf("the settings of the cell do not name the model:\n%s", c)
		}
		return hashOf(p.Cells()[0].Settings)
	}
	one := llama(t, 1)
	first := hash(one)
	if hash(llama(t, 1)) != first {
		t.Error("the same model in another place has another hash")
	}
	if hash(llama(t, 2)) == first {
		t.Error("other weights have the same hash")
	}
	path := filepath.Join(one, "config.json")
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, bytes.Replace(text, []byte("10000.0"), []byte("20000.0"), 1), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	if hash(one) == first {
		t.Error("another rope_theta has the same hash")
	}
}

func TestShortCount(t *testing.T) {
	for n, want := range map[int64]string{7: "7", 999: "999", 8080: "8.1K", 260_032: "260K", 999_600: "1.0M", 134_515_008: "135M", 1_100_048_384: "1.1B"} {
		if got := shortCount(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

// A folder that does not fit the profile is rejected before anything runs.
func TestBadFolderProfiles(t *testing.T) {
	dir, data := llama(t, 1), writeBooks(t)
	other := filepath.Join(t.TempDir(), "tokenizer.json")
	if err := tokenizer.Save(tokenizer.Bytes(), other); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, new, want string }{
		{"from: FOLDER", "from: nowhere", "model.from: model folder nowhere: nowhere: no such file or directory"},
		{"from: FOLDER", "from: --model", "profile plugged trains from a pretrained model: name its folder with --model DIR"},
		{"segment: 64", "segment: 256", "perplexity[0].length: got 128; allowed: a multiple of model.segment, 256"},
		{"[local-only, infini-delta]", "[compressive]", "perplexity-pg19-compressive-128-seed1: compressive: its slots have no rotary positions"},
		{"{split: test}", "{tokenizer: " + other + ", split: test}", "corpora.pg19.tokenizer is bytes, but the model in " + dir + " reads bpe-258-"},
		{"from: FOLDER", "from: FOLDER, layers: 2", "mine.yaml:7: model.layers: leave it out: the model in model.from has its own"},
		{"from: FOLDER, ", "", "mine.yaml:7: model.layers: missing; allowed: a whole number, 1 to 256"},
		{"from: FOLDER", "layers: 1, heads: 1, head_size: 2, ffn: 4, init_std: 1", "mine.yaml:10: corpora.pg19.tokenizer: missing; allowed: word, bpe, gpt2, bytes, or the path"},
		{"from: FOLDER", "from_scratch: true, layers: 1, heads: 1, head_size: 2, ffn: 4, init_std: 1", "mine.yaml:7: model.from_scratch: got true; allowed: with model.from, whose sizes it takes"},
		{"pg19: {split: test}", "novel: {split: test, documents: 1, document_tokens: 128}", "corpora.novel.tokenizer: missing; allowed: word"},
	} {
		if !strings.Contains(pretrainedText, test.old) {
			t.Fatalf("no %q", test.old)
		}
		text := strings.ReplaceAll(strings.Replace(pretrainedText, test.old, test.new, 1), "FOLDER", dir)
		p := new(Profile)
		err := config.Parse("mine.yaml", []byte(text), p)
		if err == nil {
			err = p.Identify(data)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s for %s: got %v, want %s", test.new, test.old, err, test.want)
		}
	}
	p := pretrainedProfile(t, dir)
	p.Model.Segment, p.Perplexity[0].Length = 256, 256
	if err := p.Identify(data); err == nil || !strings.Contains(err.Error(), "a segment of 256 tokens is longer than the context of the model, 128") {
		t.Errorf("a segment longer than the context: %v", err)
	}
	if p, err := LoadProfile("smoke"); err != nil {
		t.Fatal(err)
	} else if err := p.SetModel(dir); err == nil || !strings.Contains(err.Error(), "profile smoke builds its models from sizes") {
		t.Errorf("a model for a profile that takes none: %v", err)
	}
}

// With model.scratch, weights are initialised at random in the shapes of the folder's. A
// tokenizer of another kind than the profile names is detected when the cell runs.
func TestFromScratch(t *testing.T) {
	dir, data := llama(t, 1), writeBooks(t)
	p := pretrainedProfile(t, dir)
	p.Model.Scratch = true
	if err := p.Identify(data); err != nil {
		t.Fatal(err)
	}
	c := p.Cells()[1]
	r := newCellRun(Options{Profile: p}, c, "", &TokenizedCorpus{Tokenizer: p.tokenizers["pg19"]}, nil)
	m, err := r.newModel()
	if err != nil {
		t.Fatal(err)
	}
	base, err := Plug{Memory: c.Model, Segment: 64}.Load(c.folder.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range base.Params {
		if got := m.Params[i]; len(got.Data()) != len(w.Data()) || strings.Contains(w.Name, ".w_") && slices.Equal(got.Data(), w.Data()) {
			t.Errorf("%s: %d numbers, want %d others", w.Name, len(got.Data()), len(w.Data()))
		}
	}
	r.text = &TokenizedCorpus{Tokenizer: tokenizer.Bytes()}
	if _, err := r.newModel(); err == nil || !strings.Contains(err.Error(), "corpora.pg19.tokenizer is bytes, but the model in "+dir) {
		t.Errorf("another vocabulary: %v", err)
	}
}

// A tokenizer may take a second to load: an open folder's is taken from there.
func TestTokenizerIsReadOnce(t *testing.T) {
	dir, data := llama(t, 1), writeBooks(t)
	p := pretrainedProfile(t, dir)
	c := p.Corpora["pg19"]
	c.Tokenizer = filepath.Join(dir, "tokenizer.json")
	p.Corpora["pg19"] = c
	if err := p.Identify(data); err != nil {
		t.Fatal(err)
	}
	if f := p.folders[dir]; p.tokenizers["pg19"] != f.Tokenizer {
		t.Error("the tokenizer was read again to identify the corpus")
	}
	r := &runner{options: Options{Profile: p, Data: data, Runs: t.TempDir()}, texts: map[string]*TokenizedCorpus{}, broken: map[string]error{}}
	if err := os.Remove(c.Tokenizer); err != nil {
		t.Fatal(err)
	}
	text, err := r.text(context.Background(), "pg19")
	if err != nil {
		t.Fatal(err)
	}
	if text.Tokenizer != p.tokenizers["pg19"] {
		t.Error("the tokenizer was read again to run the cells")
	}
}

// The schema and the reader agree on models that come from a folder.
func TestSchemaOfFolders(t *testing.T) {
	schema := compiledSchema(t)
	for _, test := range []struct {
		old, new string
		good     bool
	}{
		{"", "", true},
		{"from: FOLDER", "from: FOLDER, from_scratch: true", true},
		{"from: FOLDER", "from: FOLDER, heads: 2", false},
		{"from: FOLDER", "from: FOLDER, init_std: 0.1", false},
		{"from: FOLDER, ", "", false},
		{"{split: test}", "{split: test, tokenizer: bytes}", true},
		{"{split: test}", "{split: test, vocabulary: 300}", false},
		{"from: FOLDER", "layers: 1, heads: 1, head_size: 2, ffn: 4, init_std: 1", false},
		{"pg19: {split: test}", "pg19: {split: test}\n  novel: {split: test, documents: 1, document_tokens: 128}", false},
	} {
		text := []byte(strings.Replace(pretrainedText, test.old, test.new, 1))
		if err := follows(t, schema, text); (err == nil) != test.good {
			t.Errorf("%q for %q: the schema says %v", test.new, test.old, err)
		}
		if err := config.Parse("mine.yaml", text, new(Profile)); (err == nil) != test.good {
			t.Errorf("%q for %q: the reader says %v", test.new, test.old, err)
		}
	}
}

// passkeyFolderText is added to pretrainedText: passkeys and summaries, from the folder. The
// needle is asked for across segments of 64 bytes.
const passkeyFolderText = `passkey:
  models: [infini-delta]
  corpus: pg19
  model: {from: FOLDER, segment: 64, gate_init: 0, memory_epsilon: 1e-6, ungated_start: true}
  language: {steps: 1, batch: 1, segments: 2, learning_rate: 1e-3, gate_learning_rate: 1e-2}
  paper: {steps: 1, batch: 1, segments: 6, learning_rate: 1e-3, gate_learning_rate: 1e-2}
  recipe: {training: {steps: 2, batch: 1, segments: 6, learning_rate: 1e-3, gate_learning_rate: 1e-2}, answer_weight: 20, repeats_from: 0, repeats_ramp: 1, repeats: 40, repeats_found: 0.9}
  lengths: [384]
  samples: 1
  other_samples: 1
  batch: 1
booksum:
  corpus: booksum
  models: [infini-delta]
  pretraining: {length: 64, batch: 1, steps: 1, warmup_steps: 0, learning_rate: 1e-3, gate_learning_rate: 1e-2}
  finetuning: {length: 64, batch: 1, steps: 1, warmup_steps: 0, learning_rate: 1e-3, gate_learning_rate: 1e-2}
  summary_tokens: 8
  lengths: [64, 128]
  decodes: 1
  temperature: 0
  top_p: 1
  bad_pairs: stop
`

// The models of passkeys and summaries start from the folder, and each of their checkpoints
// can be exported as such a folder.
func TestTasksFromFolder(t *testing.T) {
	dir, data, runs := llama(t, 1), writeBooks(t), t.TempDir()
	for i, split := range []string{"train", "validation", "test"} {
		text := fmt.Sprintf(`{"book_id": %d, "title": "T", "book_path": "pg19/%s/%d.txt", "summary": "The %s fox."}`+"\n", i+1, split, i+1, split)
		path := filepath.Join(data, "booksum", "books_"+split+".jsonl")
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Replace(pretrainedText, "pg19: {split: test}", "pg19: {split: test}\n  booksum: {split: test}", 1) + passkeyFolderText
	p := parseProfile(t, strings.ReplaceAll(text, "FOLDER", dir))
	if err := p.Restrict("passkey", "booksum"); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), Options{Profile: p, Data: data, Runs: runs}); err != nil {
		t.Fatal(err)
	}
	base, err := pretrained.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	start, err := Plug{Memory: "infini-delta", Segment: 64}.Load(base)
	if err != nil {
		t.Fatal(err)
	}
	stages := map[string][]string{"passkey": results.PasskeyStages, "booksum": {"", "pretrained"}}
	for _, c := range p.Cells() {
		files := cellFiles(filepath.Join(runs, p.Name, c.Key()))
		if result, found := files.result(hashOf(c.Settings)); !found || result.Status != results.StatusDone {
			t.Fatalf("%s: %s", c.Key(), result.Error)
		}
		for _, stage := range stages[c.Experiment] {
			out := filepath.Join(t.TempDir(), "out")
			m, _, err := Export(filepath.Join(files.checkpoint(), stage), out)
			if err != nil {
				t.Fatal(err)
			}
			back, err := pretrained.Open(out)
			if err != nil {
				t.Fatal(err)
			}
			if back.Plugged == nil || back.Plugged.Memory != "infini-delta" {
				t.Errorf("%s %s: exported %+v", c.Key(), stage, back.Plugged)
			}
			sameFile(t, filepath.Join(out, "tokenizer.json"), filepath.Join(dir, "tokenizer.json"))
			for i, w := range start.Params { // three steps or less at a rate of 1e-3 move no weight by 0.01
				if w.Group == models.Gate {
					continue
				}
				for k, v := range m.Params[i].Data() {
					if math.Abs(float64(v-w.Data()[k])) > 0.01 {
						t.Fatalf("%s %s: %s[%d] is %v, in the folder %v", c.Key(), stage, w.Name, k, v, w.Data()[k])
					}
				}
			}
		}
	}
}

// A passkey is learnt from a folder's weights in the folder's own tokenizer, in which the
// plan counts it too.
func TestPasskeyFromFolder(t *testing.T) {
	dir, data := llama(t, 1), writeBooks(t)
	text := strings.Replace(pretrainedText, "perplexity:\n  - {corpus: pg19, models: [local-only, infini-delta], length: 128}\n", `passkey:
  models: [infini-linear]
  corpus: pg19
  model: {from: FOLDER, segment: 64, gate_init: 0, memory_epsilon: 1e-6, ungated_start: true}
  language: {steps: 1, batch: 1, segments: 2, learning_rate: 1e-8, gate_learning_rate: 0}
  paper: {steps: 1, batch: 1, segments: 6, learning_rate: 1e-3, gate_learning_rate: 1e-2}
  recipe:
    training: {steps: 27, batch: 1, segments: 6, learning_rate: 1e-3, gate_learning_rate: 1e-2}
    answer_weight: 20
    repeats_from: 1
    repeats_ramp: 1
    repeats: 10
    repeats_found: 1
  lengths: [384]
  samples: 2
  other_samples: 1
  batch: 2
`, 1)
	p := parseProfile(t, strings.ReplaceAll(text, "FOLDER", dir))
	o := Options{Profile: p, Data: data, Runs: shm(t), Version: "test"}
	work, err := Workload(o)
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	o.Observe = func(e Event) { done += e.Tokens }
	if summary, err := Run(context.Background(), o); err != nil || summary.Done != 1 {
		t.Fatalf("%+v, %v", summary, err)
	}
	if want := work[0].TrainTokens + work[0].EvaluateTokens; done != want {
		t.Errorf("planned %d tokens, made %d", want, done)
	}
	c := p.Cells()[0]
	files := cellFiles(filepath.Join(o.Directory(), c.Key()))
	result, _ := files.result(hashOf(c.Settings))
	if want := "bpe-258-"; !strings.HasPrefix(result.Passkey.Task.Tokenizer, want) {
		t.Errorf("the task is written in %s, want %s…", result.Passkey.Task.Tokenizer, want)
	}
	// Weights: the first stage moves none by more than its rate, 1e-8; the recipe starts there.
	base, err := Plug{Memory: c.Model, Segment: 64, GateInit: new(float64)}.Load(c.folder.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for stage, moved := range map[string]bool{results.StageZeroShot: false, results.StageRecipe: true} {
		m, _, err := LoadModel(filepath.Join(files.checkpoint(), stage))
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range base.Params {
			most := 0.0
			for k, x := range w.Data() {
				most = max(most, math.Abs(float64(x-m.Params[i].Data()[k])))
			}
			if moved && (most == 0 || most > 0.5) || !moved && most > 1e-6 {
				t.Errorf("%s: %s moved by %g", stage, w.Name, most)
			}
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	if _, _, err := Export(filepath.Join(files.checkpoint(), results.StageRecipe), out); err != nil {
		t.Fatal(err)
	}
	if back, err := pretrained.Open(out); err != nil || back.Plugged.Memory != "infini-linear" {
		t.Errorf("exported %+v, %v", back, err)
	}
}
