package experiments

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/config"
	"infinibench/internal/results"
)

// builtinCells is what each built-in profile must measure, scaled down from the paper:
// Table 2 for all seven models on two corpora, its 100K rows for the Infini models on the
// second, summaries, retrieval, recall and the cost of every model and of full attention.
var builtinCells = []struct {
	profile      string
	seeds        int // 1 to this
	corpora      [2]string
	length, long int    // tokens, for Table 2 and for its 100K rows
	summaries    string // corpus and length of Table 4, around the model
	summarisers  []string
	adapts       string // corpus and length of adapt, around the model; "" without
	passkeys     string // cells of one seed only
	pairs        int    // most pairs of recall; 0 without
	longest      int    // tokens of the longest cost
}{
	{"smoke", 2, [2]string{"novel", "proof"}, 128, 384, "chronicle-%s-256", []string{"local-only", "infini-linear", "infini-delta"}, "novel-%s-128",
		"passkey-novel-infini-linear-5120-seed1 passkey-novel-infini-delta-5120-seed1", 64, 512},
	{"tiny", 3, [2]string{"novel", "proof"}, 1024, 3200, "chronicle-%s-1024", []string{"local-only", "infini-linear", "infini-delta"}, "novel-%s-1024",
		"passkey-novel-infini-linear-1048600-seed1 passkey-novel-infini-delta-1048600-seed1 passkey-novel-local-only-1048600-seed1", 256, 32768},
	{"small", 3, [2]string{"pg19", "arxiv-math"}, 4096, 12800, "booksum-%s-131072", tableModels, "", "", 512, 65536},
	{"paper", 2, [2]string{"pg19", "arxiv-math"}, 32768, 100352, "booksum-%s-524288", tableModels, "", "", 0, 131072},
}

// tableModels are the rows of Table 2, in the paper's order.
var tableModels = []string{"local-only", "transformer-xl", "memorizing", "rmt", "compressive", "infini-linear", "infini-delta"}

func TestCells(t *testing.T) {
	infini := []string{"infini-linear", "infini-delta"}
	for _, test := range builtinCells {
		p, err := LoadProfile(test.profile)
		if err != nil {
			t.Fatal(err)
		}
		var want, have []string
		for seed := 1; seed <= test.seeds; seed++ {
			add := func(models []string, format string, args ...any) {
				for _, model := range models {
					want = append(want, fmt.Sprintf(format, append([]any{model}, args...)...)+fmt.Sprintf("-seed%d", seed))
				}
			}
			trained := tableModels
			if test.profile == "small" { // which has the positive control
				trained = slices.Insert(slices.Clone(tableModels), 1, "full-attention")
			}
			for _, corpus := range test.corpora {
				add(trained, "perplexity-%[2]s-%[1]s-%[3]d", corpus, test.length)
			}
			add(infini, "perplexity-%[2]s-%[1]s-%[3]d", test.corpora[1], test.long)
			add(test.summarisers, "booksum-"+test.summaries)
			if test.adapts != "" {
				add([]string{"local-only", "infini-linear", "infini-delta"}, "adapt-"+test.adapts)
			}
		}
		want = append(want, strings.Fields(test.passkeys)...)
		if test.pairs > 0 {
			want = append(want, fmt.Sprintf("recall-infini-linear-%d", test.pairs), fmt.Sprintf("recall-infini-delta-%d", test.pairs))
		}
		for _, model := range slices.Concat(tableModels, []string{"full-attention"}) {
			want = append(want, fmt.Sprintf("cost-%s-%d", model, test.longest))
		}
		for _, c := range p.Cells() {
			have = append(have, c.Key())
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: %s", test.profile, diff)
		}
	}
}

// Where a built-in profile scales the paper's 100K down, the longer cells train on as
// many tokens as the others, in fewer or shorter steps. The paper's own take as many
// steps, because the paper names no other number.
func TestLongCells(t *testing.T) {
	for _, test := range builtinCells {
		p, err := LoadProfile(test.profile)
		if err != nil {
			t.Fatal(err)
		}
		tokens := map[int]int{} // by length
		for _, c := range p.Cells() {
			if s := c.Settings; c.Experiment == "perplexity" && c.Corpus == test.corpora[1] {
				tokens[c.Length] = s.Training.Steps * s.Training.Batch * s.Length
			}
		}
		usual, longer := tokens[test.length], tokens[test.long]
		want := usual
		if test.profile == "paper" {
			want = usual / test.length * test.long
		}
		if usual == 0 || longer != want {
			t.Errorf("%s: %d tokens at length %d and %d at %d, want %d", test.profile, usual, test.length, longer, test.long, want)
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

// hashed is the cell of validProfile's second table, which sets its own batch.
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
