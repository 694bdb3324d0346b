package experiments

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/config"
	"infinibench/internal/results"
)

// The cells of one seed of each built-in profile, after the table of blocks and
// models in its file; the full list is this for each seed in turn, the cells of one
// seed only, the recall of each rule, and then the cost of each model and of the control, with the longest length in its name.
var builtinCells = []struct {
	profile string
	seeds   int // 1 to this
	longest int
	pairs   int    // of recall, four times the widest head; 0 without
	once    string // cells of one seed only
	keys    string
}{
	{"smoke", 2, 512, 64, "passkey-novel-infini-linear-5120-seed1 passkey-novel-infini-delta-5120-seed1", `
perplexity-novel-local-only-128
perplexity-novel-transformer-xl-128
perplexity-novel-memorizing-128
perplexity-novel-rmt-128
perplexity-novel-compressive-128
perplexity-novel-infini-linear-128
perplexity-novel-infini-delta-128
perplexity-proof-local-only-128
perplexity-proof-transformer-xl-128
perplexity-proof-memorizing-128
perplexity-proof-rmt-128
perplexity-proof-compressive-128
perplexity-proof-infini-linear-128
perplexity-proof-infini-delta-128
perplexity-proof-infini-linear-384
perplexity-proof-infini-delta-384
booksum-chronicle-local-only-256
booksum-chronicle-infini-linear-256
booksum-chronicle-infini-delta-256`},
	{"tiny", 3, 32768, 256, "passkey-novel-infini-linear-1048600-seed1 passkey-novel-infini-delta-1048600-seed1 passkey-novel-local-only-1048600-seed1", `
perplexity-novel-local-only-1024
perplexity-novel-transformer-xl-1024
perplexity-novel-memorizing-1024
perplexity-novel-rmt-1024
perplexity-novel-compressive-1024
perplexity-novel-infini-linear-1024
perplexity-novel-infini-delta-1024
perplexity-proof-local-only-1024
perplexity-proof-transformer-xl-1024
perplexity-proof-memorizing-1024
perplexity-proof-rmt-1024
perplexity-proof-compressive-1024
perplexity-proof-infini-linear-1024
perplexity-proof-infini-delta-1024
perplexity-proof-infini-linear-3200
perplexity-proof-infini-delta-3200
booksum-chronicle-local-only-1024
booksum-chronicle-infini-linear-1024
booksum-chronicle-infini-delta-1024`},
	{"small", 3, 65536, 512, "", `
perplexity-pg19-local-only-4096
perplexity-pg19-transformer-xl-4096
perplexity-pg19-memorizing-4096
perplexity-pg19-rmt-4096
perplexity-pg19-compressive-4096
perplexity-pg19-infini-linear-4096
perplexity-pg19-infini-delta-4096
perplexity-arxiv-math-local-only-4096
perplexity-arxiv-math-transformer-xl-4096
perplexity-arxiv-math-memorizing-4096
perplexity-arxiv-math-rmt-4096
perplexity-arxiv-math-compressive-4096
perplexity-arxiv-math-infini-linear-4096
perplexity-arxiv-math-infini-delta-4096
perplexity-arxiv-math-infini-linear-12800
perplexity-arxiv-math-infini-delta-12800
booksum-booksum-local-only-131072
booksum-booksum-transformer-xl-131072
booksum-booksum-memorizing-131072
booksum-booksum-rmt-131072
booksum-booksum-compressive-131072
booksum-booksum-infini-linear-131072
booksum-booksum-infini-delta-131072`},
	{"paper", 2, 131072, 0, "", `
perplexity-pg19-local-only-32768
perplexity-pg19-transformer-xl-32768
perplexity-pg19-memorizing-32768
perplexity-pg19-rmt-32768
perplexity-pg19-compressive-32768
perplexity-pg19-infini-linear-32768
perplexity-pg19-infini-delta-32768
perplexity-arxiv-math-local-only-32768
perplexity-arxiv-math-transformer-xl-32768
perplexity-arxiv-math-memorizing-32768
perplexity-arxiv-math-rmt-32768
perplexity-arxiv-math-compressive-32768
perplexity-arxiv-math-infini-linear-32768
perplexity-arxiv-math-infini-delta-32768
perplexity-arxiv-math-infini-linear-100352
perplexity-arxiv-math-infini-delta-100352
booksum-booksum-local-only-524288
booksum-booksum-transformer-xl-524288
booksum-booksum-memorizing-524288
booksum-booksum-rmt-524288
booksum-booksum-compressive-524288
booksum-booksum-infini-linear-524288
booksum-booksum-infini-delta-524288`},
}

func TestCells(t *testing.T) {
	for _, test := range builtinCells {
		p, err := LoadProfile(test.profile)
		if err != nil {
			t.Fatal(err)
		}
		var want, have []string
		for seed := 1; seed <= test.seeds; seed++ {
			for key := range strings.FieldsSeq(test.keys) {
				want = append(want, fmt.Sprintf("%s-seed%d", key, seed))
			}
		}
		for key := range strings.FieldsSeq(test.once) {
			want = append(want, key)
		}
		if test.pairs > 0 {
			want = append(want, fmt.Sprintf("recall-infini-linear-%d", test.pairs), fmt.Sprintf("recall-infini-delta-%d", test.pairs))
		}
		for _, model := range []string{"local-only", "transformer-xl", "memorizing", "rmt", "compressive", "infini-linear", "infini-delta", "full-attention"} {
			want = append(want, fmt.Sprintf("cost-%s-%d", model, test.longest))
		}
		for _, c := range p.Cells() {
			have = append(have, c.Key())
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: %s", test.profile, diff)
		}
	}
	p, err := LoadProfile("tiny")
	if err != nil {
		t.Fatal(err)
	}
	want := results.Cell{Experiment: "perplexity", Corpus: "novel", Model: "infini-delta", Length: 1024, Seed: 1}
	if diff := cmp.Diff(want, p.Cells()[6].Cell); diff != "" {
		t.Error(diff)
	}
}

// Where a built-in profile scales the paper's 100K down, the longer cells train on as
// many tokens as the others, in fewer or shorter steps; the paper's own see as many
// steps, for it names no other number.
func TestLongCells(t *testing.T) {
	for _, test := range builtinCells {
		name := test.profile
		p, err := LoadProfile(name)
		if err != nil {
			t.Fatal(err)
		}
		tokens := map[string]map[int]int{} // by corpus and length
		for _, c := range p.Cells() {
			if c.Experiment == "perplexity" {
				if tokens[c.Corpus] == nil {
					tokens[c.Corpus] = map[int]int{}
				}
				s := c.Settings
				tokens[c.Corpus][c.Length] = s.Training.Steps * s.Training.Batch * s.Length
			}
		}
		long := map[string][2]int{"smoke": {128, 384}, "tiny": {1024, 3200}, "small": {4096, 12800}, "paper": {32768, 100352}}[name]
		corpus := map[string]string{"smoke": "proof", "tiny": "proof"}[name]
		if corpus == "" {
			corpus = "arxiv-math"
		}
		usual, longer := tokens[corpus][long[0]], tokens[corpus][long[1]]
		want := usual
		if name == "paper" {
			want = usual / 16 * 49
		}
		if usual == 0 || longer != want {
			t.Errorf("%s: %d tokens at length %d and %d at %d, want %d", name, usual, long[0], longer, long[1], want)
		}
	}
}

var directoryName = regexp.MustCompile(`^[a-z0-9-]+$`)

// TestKeys: over every corpus, model and several lengths and seeds, a key is a
// plain directory name and no two cells share one.
func TestKeys(t *testing.T) {
	seen := make(map[string]results.Cell)
	for _, corpus := range append(generatedCorpora, readCorpora...) {
		for _, model := range Models {
			for _, length := range []int{1, 10, 1024} {
				for _, seed := range []uint64{0, 1, 10, 1<<64 - 1} {
					c := results.Cell{Experiment: "perplexity", Corpus: corpus, Model: model, Length: length, Seed: seed}
					key := c.Key()
					if !directoryName.MatchString(key) {
						t.Errorf("key %q of %+v", key, c)
					}
					if other, ok := seen[key]; ok {
						t.Errorf("key %q of %+v and %+v", key, c, other)
					}
					seen[key] = c
				}
			}
		}
	}
}

func parseProfile(t *testing.T, text string) *Profile {
	t.Helper()
	p := new(Profile)
	if err := config.Parse("mine.yaml", []byte(text), p); err != nil {
		t.Fatal(err)
	}
	return p
}

// hashed is the cell of validProfile's second table, which has a batch of its own.
var hashed = results.Cell{Experiment: "perplexity", Corpus: "pg19", Model: "infini-linear", Length: 128, Seed: 2}

// TestConfig compares a cell's config.yaml with one written by hand from
// validProfile, and its hash with what coreutils' sha256sum prints for that.
func TestConfig(t *testing.T) {
	const want = `version: 1
experiment: perplexity
model_id: infini-linear
corpus_name: pg19
length: 128
seed: 2
threads: 1
model:
  layers: 2
  heads: 2
  head_size: 32
  ffn: 256
  segment: 64
  gate_init: 0
  init_std: 0.125
  memory_epsilon: 1e-06
training:
  batch: 4
  optimizer: adamw
  learning_rate: 0.003
  gate_learning_rate: 0.03
  steps: 100
  warmup_steps: 10
  final_learning_rate: 0.1
  weight_decay: 0.1
  clip_norm: 1
  checkpoint_interval: 1
corpus:
  tokenizer: bpe
  vocabulary: 300
  split: validation
  documents: 0
  max_tokens: 1000
evaluation:
  batch: 2
  position_bucket: 64
`
	const sum = "253599a0fed920c40aa6f166c62f33104eff3e0bab7c5f9aa977782beaffc78a"
	p := parseProfile(t, validProfile)
	if diff := cmp.Diff(want, string(p.Config(hashed))); diff != "" {
		t.Error(diff)
	}
	if hash := p.Hash(hashed); hash != sum {
		t.Errorf("hash %s, want %s", hash, sum)
	}
	var back results.CellSettings
	if err := config.Parse("config.yaml", []byte(want), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Settings(hashed), back); diff != "" {
		t.Error(diff)
	}
}

func TestHash(t *testing.T) {
	tests := []struct {
		reason, old, new string
		same             bool
	}{
		{"nothing", "name: mine", "name: mine", true},
		{"the name", "name: mine", "name: yours", true},
		{"the sentence", "A profile for tests.", "Other words.", true},
		{"workers", "workers: 2", "workers: 8", true},
		{"how often it is saved", "save_every: 10", "save_every: 20", true},
		{"other seeds", "seeds: [1, 2]", "seeds: [2, 3, 4]", true},
		{"another corpus", "documents: 4", "documents: 8", true},
		{"another table", "models: [local-only, infini-delta], length: 256", "models: [infini-linear], length: 128", true},
		{"another model of the table", "- infini-linear", "- infini-delta\n      - infini-linear", true},
		{"a batch that the table overrides", "batch: 2\n", "batch: 16\n", true},
		{"a baseline, which the cell is not", "training:", "baselines: {transformer-xl: {cache: 7}}\ntraining:", true},
		{"a comment and a spelling", "steps: 100\n", "steps: +100  # a hundred\n", true},

		{"threads", "threads: 1", "threads: 2", false},
		{"the model", "layers: 2", "layers: 3", false},
		{"the gate", "gate_init: 0", "gate_init: 1", false},
		{"the steps", "steps: 100", "steps: 101", false},
		{"the rate", "learning_rate: 3e-3", "learning_rate: 2e-3", false},
		{"the table's batch", "batch: 4", "batch: 5", false},
		{"the vocabulary", "vocabulary: 300", "vocabulary: 301", false},
		{"the split", "split: validation", "split: test", false},
		{"the tokens that are scored", "max_tokens: 1000", "max_tokens: 1001", false},
		{"the evaluation's batch", "evaluation: {batch: 2", "evaluation: {batch: 3", false},
	}
	before := parseProfile(t, validProfile).Hash(hashed)
	for _, test := range tests {
		if !strings.Contains(validProfile, test.old) {
			t.Fatalf("validProfile has no %q", test.old)
		}
		p := parseProfile(t, strings.Replace(validProfile, test.old, test.new, 1))
		if same := p.Hash(hashed) == before; same != test.same {
			t.Errorf("%s changed: hash the same is %t, want %t", test.reason, same, test.same)
		}
	}
	p := parseProfile(t, validProfile)
	other := hashed
	other.Seed = 1
	if p.Hash(other) == before {
		t.Error("two seeds share a hash")
	}
}

func TestForeignCell(t *testing.T) {
	p := parseProfile(t, validProfile)
	c := hashed
	c.Model = "infini-delta" // on pg19 there is only infini-linear
	const want = "experiments: profile mine has no cell perplexity-pg19-infini-delta-128-seed2"
	if _, err := p.find(c); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// FuzzProfile: a profile that is accepted has cells, each with a directory name
// and a hash of its own.
func FuzzProfile(f *testing.F) {
	f.Add([]byte(validProfile))
	for _, name := range ProfileNames() {
		data, err := builtin.ReadFile("profiles/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Profile
		if err := config.Parse("p.yaml", data, &p); err != nil {
			return
		}
		seen := make(map[string]bool)
		for _, c := range p.Cells() {
			key, hash := c.Key(), hashOf(c.Settings)
			if !directoryName.MatchString(key) || seen[key] || seen[hash] {
				t.Errorf("cell %+v: key %q, hash %s", c, key, hash)
			}
			seen[key], seen[hash] = true, true
		}
		if len(seen) == 0 {
			t.Error("no cells")
		}
	})
}
