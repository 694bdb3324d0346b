package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"infinibench/internal/config"
)

func TestBuiltinProfiles(t *testing.T) {
	names := ProfileNames()
	if diff := cmp.Diff([]string{"books", "distance", "paper", "passkey", "pretrained", "small", "smoke", "tiny"}, names); diff != "" {
		t.Fatal(diff)
	}
	for _, name := range names {
		p, err := LoadProfile(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Name != name {
			t.Errorf("profiles/%s.yaml names itself %s", name, p.Name)
		}
		written, err := config.Marshal(p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var back Profile
		if err := config.Parse("written", written, &back); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(*p, back, cmpopts.IgnoreUnexported(Profile{})); diff != "" {
			t.Errorf("%s does not survive being written: %s", name, diff)
		}
	}
}

// TestPaperProfile compares profiles/paper.yaml with section 4.1, table 2 and
// appendix A of arXiv 2404.07143v2.
func TestPaperProfile(t *testing.T) {
	p, err := LoadProfile("paper")
	if err != nil {
		t.Fatal(err)
	}
	m := p.Model
	if m.Layers != 12 || m.Heads != 8 || m.HeadSize != 128 || m.FFN != 4096 || m.Segment != 2048 {
		t.Errorf("model %+v", m)
	}
	// Table 2's memory size, 1.6M: d_key·(d_value+1)·H·l.
	if n := m.HeadSize * (m.HeadSize + 1) * m.Heads * m.Layers; n != 1_585_152 {
		t.Errorf("memory of %d entries", n)
	}
	if p.Baselines != paperBaselines {
		t.Errorf("baselines %+v", p.Baselines)
	}
	tr := p.Training
	if tr.Optimizer != "adafactor" || tr.LearningRate != 0.01 || tr.WarmupSteps != 1000 || tr.Batch != 64 || tr.CheckpointInterval != 1 {
		t.Errorf("training %+v", tr)
	}
	var segments []int
	for _, table := range p.Perplexity {
		segments = append(segments, table.Length/m.Segment)
	}
	if diff := cmp.Diff([]int{16, 16, 49}, segments); diff != "" { // 32K/2K and 100K/2K
		t.Error(diff)
	}
	// Section 4.2, "500K length book summarization": 30,000 steps of 8K, fine-tuning at 32K,
	// rate 1e-4, temperature 0.5, top-p 0.95, 1024 decode steps; figure 4 from 16K on.
	b := p.Booksum
	if b.Pretraining.Length != 8192 || b.Pretraining.Steps != 30000 || b.Finetuning.Length != 32768 || b.Finetuning.LearningRate != 1e-4 ||
		b.SummaryTokens != 1024 || b.Temperature != 0.5 || b.TopP != 0.95 {
		t.Errorf("summaries %+v", b)
	}
	if diff := cmp.Diff([]int{16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10}, b.Lengths); diff != "" {
		t.Error(diff)
	}
	// 500,000 steps of 2^17 tokens: the training of Memorizing Transformers.
	if tokens := tr.Steps * tr.Batch * 32768; tokens != 500_000<<17 {
		t.Errorf("%d training tokens", tokens)
	}
}

func TestLoadProfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	for _, path := range []string{path, strings.TrimSuffix(path, "yaml") + "yml", strings.TrimSuffix(path, "yaml") + "YML"} {
		if err := os.WriteFile(path, []byte(validProfile), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := LoadProfile(path)
		if err != nil {
			t.Fatal(err)
		}
		if p.Name != "mine" || p.Corpora["pg19"].Vocabulary != 300 {
			t.Errorf("%s: loaded %+v", path, p)
		}
	}
	builtin := strings.Join(ProfileNames(), ", ") // which TestBuiltinProfiles checks
	tests := []struct{ arg, want string }{
		{"huge", `no profile "huge"; the built-in ones are ` + builtin + `, and the path of your own ends in .yaml or .yml`},
		{"", `no profile ""; the built-in ones are ` + builtin + `, and the path of your own ends in .yaml or .yml`},
		{"../profiles/tiny", `no profile "../profiles/tiny"; the built-in ones are ` + builtin + `, and the path of your own ends in .yaml or .yml`},
		{path + "/gone.yaml", "open " + path + "/gone.yaml: not a directory"},
		{"gone.yaml", "open gone.yaml: no such file or directory"},
		{"gone.yml", "open gone.yml: no such file or directory"},
	}
	for _, test := range tests {
		if _, err := LoadProfile(test.arg); err == nil || err.Error() != test.want {
			t.Errorf("%q: error %v, want %s", test.arg, err, test.want)
		}
	}
}

// validProfile is the file that the bad ones below are made of. Its lines count
// from 1 here: training is line 8, novel line 20, the second table lines 28 to 32.
const validProfile = `name: mine
about: A profile for tests.
workers: 2
threads: 1
save_every: 10
seeds: [1, 2]
model: {layers: 2, heads: 2, head_size: 32, ffn: 256, segment: 64, gate_init: 0, init_std: 0.125, memory_epsilon: 1e-6}
training:
  batch: 2
  optimizer: adamw
  learning_rate: 3e-3
  gate_learning_rate: 3e-2
  steps: 100
  warmup_steps: 10
  final_learning_rate: 0.1
  weight_decay: 0.1
  clip_norm: 1
  checkpoint_interval: 1
corpora:
  novel: {tokenizer: word, split: test, documents: 4, document_tokens: 512}
  pg19:
    tokenizer: bpe
    vocabulary: 300
    split: validation
    max_tokens: 1000
perplexity:
  - {corpus: novel, models: [local-only, infini-delta], length: 256}
  - corpus: pg19
    models:
      - infini-linear
    length: 128
    batch: 4
evaluation: {batch: 2, position_bucket: 64}
`

func TestBadProfiles(t *testing.T) {
	tests := []struct {
		reason, old, new string // one piece of validProfile replaced
		want             string
	}{
		{"name that is no directory", "name: mine", "name: ../mine", `mine.yaml:1: name: got "../mine"; allowed: up to 64 of a-z, 0-9 and -, as it names a directory`},
		{"name of nothing", "name: mine", `name: ""`, `mine.yaml:1: name: got ""; allowed: up to 64 of a-z, 0-9 and -, as it names a directory`},
		{"no workers", "workers: 2", "workers: 0", "mine.yaml:3: workers: got 0; allowed: a whole number, 1 to 256"},
		{"threads left out", "threads: 1\n", "", "mine.yaml:1: threads: missing; allowed: a whole number, 1 to 256"},
		{"no seeds", "seeds: [1, 2]", "seeds: []", "mine.yaml:6: seeds: got 0 entries; allowed: a list of length 1 to 100"},
		{"seed twice", "seeds: [1, 2]", "seeds: [1, 2, 1]", "mine.yaml:6: seeds[2]: 1 is listed twice; list it once"},
		{"odd heads", "head_size: 32", "head_size: 33", "mine.yaml:7: model.head_size: got 33; allowed: an even number, as rotary positions turn pairs"},
		{"no epsilon", "memory_epsilon: 1e-6", "memory_epsilon: 0", "mine.yaml:7: model.memory_epsilon: got 0; allowed: a number, 1e-12 to 0.01"},
		{"dropout, which there is not", "ffn: 256", "ffn: 256, dropout: 0.1", "mine.yaml:7: model.dropout: unknown key; allowed: layers, heads, head_size, ffn, segment, gate_init, init_std, memory_epsilon, ungated_start, memory_positions, from, from_scratch"},
		{"unknown optimiser", "optimizer: adamw", "optimizer: sgd", `mine.yaml:10: training.optimizer: got "sgd"; allowed: adamw, adafactor`},
		{"misspelt", "learning_rate: 3e-3", "learning_rat: 3e-3", "mine.yaml:8: training.learning_rate: missing; allowed: a number, 1e-8 to 10\nmine.yaml:11: training.learning_rat: unknown key; did you mean learning_rate?"},
		{"warm-up after the end", "warmup_steps: 10", "warmup_steps: 101", "mine.yaml:14: training.warmup_steps: got 101; allowed: at most training.steps, 100"},
		{"half a step", "steps: 100\n", "steps: 99.5\n", "mine.yaml:13: training.steps: got 99.5; allowed: a whole number, 1 to 10000000"},
		{"decay of adafactor", "optimizer: adamw", "optimizer: adafactor", "mine.yaml:16: training.weight_decay: got 0.1; allowed: 0, as adafactor has none"},

		{"unknown corpus", "  novel: {", "  news: {tokenizer: bytes, split: test}\n  novel: {", "mine.yaml:20: corpora.news: unknown corpus; allowed: novel, proof, chronicle, facts-8, facts-16, facts-32, facts-64, pg19, arxiv-math, booksum"},
		{"bytes of a generated corpus", "tokenizer: word", "tokenizer: bytes", `mine.yaml:20: corpora.novel.tokenizer: got "bytes"; allowed: word, the unit in which novel is written and its ideal perplexity known`},
		{"generated without a length", ", document_tokens: 512", "", "mine.yaml:20: corpora.novel.document_tokens: missing; allowed: a whole number, at least 2, as novel is generated"},
		{"generated without end", "documents: 4, ", "", "mine.yaml:20: corpora.novel.documents: got 0; allowed: at least 1, as novel is generated and has no end"},
		{"generated and cut", "documents: 4", "documents: 4, max_tokens: 9", "mine.yaml:20: corpora.novel.max_tokens: got 9; allowed: 0, as document_tokens sets the length of a generated document"},
		{"words of a real corpus", "tokenizer: bpe\n    vocabulary: 300", "tokenizer: word", `mine.yaml:22: corpora.pg19.tokenizer: got "word"; allowed: bpe, gpt2, bytes or the path of a tokenizer.json, as pg19 has no closed list of words`},
		{"neither a tokenizer nor a path", "tokenizer: bpe\n    vocabulary: 300", "tokenizer: llama", `mine.yaml:22: corpora.pg19.tokenizer: got "llama"; allowed: word, bpe, gpt2, bytes, or the path of a tokenizer.json or of the folder that holds it (./NAME for a folder below this one)`},
		{"template of an own tokenizer", "vocabulary: 300", "vocabulary: 300\n    template: true", "mine.yaml:24: corpora.pg19.template: got true; allowed: false, as only the tokenizer.json of a pretrained model has a template"},
		{"file with a vocabulary", "tokenizer: bpe", "tokenizer: llama/tokenizer.json", "mine.yaml:23: corpora.pg19.vocabulary: got 300; allowed: nothing, as llama/tokenizer.json has a vocabulary of its own"},
		{"length of a real corpus", "max_tokens: 1000", "document_tokens: 1000", "mine.yaml:25: corpora.pg19.document_tokens: got 1000; allowed: nothing, as pg19 is not generated (max_tokens cuts documents)"},
		{"bpe without a vocabulary", "    vocabulary: 300\n", "", "mine.yaml:21: corpora.pg19.vocabulary: missing; allowed: a whole number, at least 257, as the tokenizer is bpe"},
		{"bpe that learns nothing", "vocabulary: 300", "vocabulary: 256", "mine.yaml:23: corpora.pg19.vocabulary: got 256; allowed: a whole number, 257 to 1000000"},
		{"gpt2 with a vocabulary", "tokenizer: bpe", "tokenizer: gpt2", "mine.yaml:23: corpora.pg19.vocabulary: got 300; allowed: nothing, as gpt2 has a vocabulary of its own"},
		{"training split scored", "split: validation", "split: train", `mine.yaml:24: corpora.pg19.split: got "train"; allowed: validation, test`},

		{"no tables", validProfile[strings.Index(validProfile, "perplexity:"):strings.Index(validProfile, "evaluation:")], "perplexity: []\n", "mine.yaml:26: perplexity: the profile has no experiment; allowed: at least one of perplexity, booksum, adapt, passkey, recall, cost"},
		{"corpus that is not there", "corpus: pg19", "corpus: proof", `mine.yaml:28: perplexity[1].corpus: got "proof", which corpora does not hold; allowed: novel, pg19`},
		{"broken segment", "length: 128", "length: 100", "mine.yaml:31: perplexity[1].length: got 100; allowed: a multiple of model.segment, 64"},
		{"longer than the documents", "length: 256", "length: 576", "mine.yaml:27: perplexity[0].length: got 576; allowed: at most document_tokens of novel, 512"},
		{"unknown model", "- infini-linear", "- infini-delta\n      - unheard-of", `mine.yaml:31: perplexity[1].models[1]: got "unheard-of"; allowed: ` + strings.Join(Models, ", ")},
		{"model twice in a table", "- infini-linear", "- infini-linear\n      - infini-linear", "mine.yaml:31: perplexity[1].models[1]: infini-linear on pg19 at length 128 is listed twice; list it once"},
		{"table twice", "evaluation:", "  - {corpus: pg19, models: [infini-delta, infini-linear], length: 128}\nevaluation:", "mine.yaml:33: perplexity[2].models[1]: infini-linear on pg19 at length 128 is listed twice; list it once"},
		{"fewer steps than the warm-up", "batch: 4", "steps: 9", "mine.yaml:32: perplexity[1].steps: got 9; allowed: at least training.warmup_steps, 10"},
		{"no batch", "batch: 4", "batch: 0", "mine.yaml:32: perplexity[1].batch: got 0; allowed: a whole number, 1 to 65536"},
		{"cost of part of a segment", "evaluation:", "cost: {lengths: [64, 100], control_seconds: 1, control_mib: 1}\nevaluation:", "mine.yaml:33: cost.lengths[1]: got 100; allowed: a multiple of model.segment, 64"},
		{"cost of lengths that fall", "evaluation:", "cost: {lengths: [128, 64], control_seconds: 1, control_mib: 1}\nevaluation:", "mine.yaml:33: cost.lengths[1]: got 64; allowed: more than the length before, 128, and at most 16777216"},
		{"cost of nothing", "evaluation:", "cost: {lengths: [0], control_seconds: 1, control_mib: 1}\nevaluation:", "mine.yaml:33: cost.lengths[0]: got 0; allowed: more than the length before, 0, and at most 16777216"},
		{"cost at no length", "evaluation:", "cost: {lengths: [], control_seconds: 1, control_mib: 1}\nevaluation:", "mine.yaml:33: cost.lengths: got 0 entries; allowed: a list of length 1 to 64"},
		{"a control without limits", "evaluation:", "cost: {lengths: [64]}\nevaluation:", "mine.yaml:33: cost.control_seconds: missing; allowed: a number, 0.001 to 86400\nmine.yaml:33: cost.control_mib: missing; allowed: a whole number, 1 to 16777216"},
		{"a memory that there is not", "checkpoint_interval: 1", "checkpoint_interval: 1\n  memory: own", `mine.yaml:19: training.memory: got "own"; allowed: empty, other`},
		{"an empty memory of a model without one", "checkpoint_interval: 1", "checkpoint_interval: 1\n  memory: empty", "mine.yaml:19: training.memory: got empty, and the profile has perplexity-novel-local-only-256-seed1; allowed: only with cells that train infini-linear or infini-delta on a corpus alone"},
		{"a baseline that there is not", "training:", "baselines: {infini-delta: {cache: 1}}\ntraining:", "mine.yaml:8: baselines.infini-delta: unknown key; allowed: transformer-xl, memorizing, rmt, compressive, full-attention"},
		{"no cache", "training:", "baselines: {transformer-xl: {cache: 0}}\ntraining:", "mine.yaml:8: baselines.transformer-xl.cache: got 0; allowed: a whole number, 1 to 1048576"},
		{"a switch that is a number", "training:", "baselines: {transformer-xl: {t5: 1}}\ntraining:", "mine.yaml:8: baselines.transformer-xl.t5: got 1; allowed: true or false"},
		{"more found than kept", "training:", "baselines:\n  memorizing: {entries: 8, k: 9}\ntraining:", "mine.yaml:9: baselines.memorizing.k: got 9; allowed: at most baselines.memorizing.entries, 8"},
		{"fewer slots than a segment needs", "training:", "baselines:\n  compressive:\n    slots: 31\ntraining:", "mine.yaml:10: baselines.compressive.slots: got 31; allowed: at least 32, which one segment of 64 is compressed to"},
		{"a slot of more than a segment", "training:", "baselines: {compressive: {rate: 65}}\ntraining:", "mine.yaml:8: baselines.compressive.rate: got 65; allowed: at most model.segment, 64"},
		{"full attention over less than a sequence", "- infini-linear\n    length: 128", "- full-attention\n    length: 1088", "mine.yaml:30: perplexity[1].models[0]: full-attention sees 1024 tokens of a sequence of 1088; allowed: with baselines.full-attention.segments of at least 17"},
		{"no curriculum", "training:", "baselines: {rmt: {curriculum: 1.5}}\ntraining:", "mine.yaml:8: baselines.rmt.curriculum: got 1.5; allowed: a number, 0 to 1"},
		{"several at once", "optimizer: adamw\n  learning_rate: 3e-3\n  gate_learning_rate: 3e-2\n  steps: 100", "optimizer: adafactor\n  learning_rate: 3e-3\n  gate_learning_rate: 3e-2\n  steps: 5",
			"mine.yaml:14: training.warmup_steps: got 10; allowed: at most training.steps, 5\nmine.yaml:16: training.weight_decay: got 0.1; allowed: 0, as adafactor has none"},
	}
	if err := config.Parse("mine.yaml", []byte(validProfile), new(Profile)); err != nil {
		t.Fatalf("the profile that the bad ones are made of: %v", err)
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			if strings.Count(validProfile, test.old) == 0 {
				t.Fatalf("validProfile has no %q", test.old)
			}
			text := strings.Replace(validProfile, test.old, test.new, 1)
			err := config.Parse("mine.yaml", []byte(text), new(Profile))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
