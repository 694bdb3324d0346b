package experiments

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"infinibench/datasets"
	"infinibench/internal/config"
	"infinibench/internal/results"
	"infinibench/models"
)

// What a profile may name. The report names models and corpora by these ids too.
var (
	Models           = modelIDs()
	generatedCorpora = append([]string{"novel", "proof", "chronicle"}, factsCorpora()...)
	readCorpora      = []string{"pg19", "arxiv-math", "booksum"}
)

var profileName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Validate checks the rules that field tags cannot express: how one setting bounds another.
// LoadProfile already calls it.
func (p *Profile) Validate() config.Problems {
	var problems config.Problems
	report := func(key, format string, args ...any) {
		problems = append(problems, config.Problem{Key: key, Text: fmt.Sprintf(format, args...)})
	}
	if !profileName.MatchString(p.Name) {
		report("name", "got %q; allowed: up to 64 of a-z, 0-9 and -, as it names a directory", p.Name)
	}
	for i, seed := range p.Seeds {
		if slices.Contains(p.Seeds[:i], seed) {
			report(fmt.Sprintf("seeds[%d]", i), "%d is listed twice; list it once", seed)
		}
	}
	validateModelSettings("model", p.Model, report)
	if t := p.Training; t.WarmupSteps > t.Steps {
		report("training.warmup_steps", "got %d; allowed: at most training.steps, %d", t.WarmupSteps, t.Steps)
	}
	if t := p.Training; t.Optimizer == "adafactor" && t.WeightDecay != 0 {
		report("training.weight_decay", "got %v; allowed: 0, as adafactor has none", t.WeightDecay)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Corpora)) {
		c := p.Corpora[name]
		if c.Tokenizer == "" && p.pretrained() != "" && slices.Contains(readCorpora, name) {
			c.Tokenizer = tokenizerFile(p.pretrained()) // see takeTokenizer
		}
		validateCorpus(name, c, report)
	}
	p.validateBaselines(report)
	p.validateTrainingMemory(report)
	for _, e := range experiments {
		e.validate(p, report)
	}
	if len(p.Cells()) == 0 {
		report(experiments[0].name, "the profile has no experiment; allowed: at least one of %s", strings.Join(experimentNames(), ", "))
	}
	return problems
}

// validateTrainingMemory reports cells that cannot be trained with another memory than their
// own.
func (p *Profile) validateTrainingMemory(report reporter) {
	s := p.Training.Memory
	if s == "" {
		return
	}
	for _, c := range p.Cells() {
		const key = "training.memory"
		infini := c.Model == models.Infini{}.Name() || c.Model == models.Infini{Delta: true}.Name()
		switch {
		case !c.experiment.misreads || !infini:
			report(key, "got %s, and the profile has %s; allowed: only with cells that train infini-linear or infini-delta on a corpus alone", s, c.Key())
			return
		case s == otherMemory && c.Settings.Training.Batch < 2:
			report(key, "got other, and %s trains on one sequence at a time; allowed: with a batch of at least 2", c.Key())
			return
		}
	}
}

// validateModelSettings reports a model that is neither built from all its sizes nor
// pretrained.
func validateModelSettings(key string, s results.ModelSettings, report reporter) {
	if s.HeadSize%2 != 0 {
		report(key+".head_size", "got %d; allowed: an even number, as rotary positions turn pairs", s.HeadSize)
	}
	if s.Scratch && s.From == "" {
		report(key+".from_scratch", "got true; allowed: with %s.from, whose sizes it takes", key)
	}
	given := map[string]bool{
		"layers": s.Layers != 0, "heads": s.Heads != 0, "head_size": s.HeadSize != 0, "ffn": s.FFN != 0, "init_std": s.InitStd != 0,
	}
	for _, k := range config.Keys(s) {
		switch given, ok := given[k.Path]; {
		case !ok:
		case given && s.From != "":
			report(key+"."+k.Path, "leave it out: the model in %s.from has its own", key)
		case !given && s.From == "":
			report(key+"."+k.Path, "missing; allowed: %s", k.Allowed)
		}
	}
}

type reporter func(key, format string, args ...any)

func experimentNames() []string {
	var names []string
	for _, e := range experiments {
		names = append(names, e.name)
	}
	return names
}

// validateModels reports models that are unknown or listed twice.
func validateModels(report reporter, key string, models []string) {
	for i, model := range models {
		key := fmt.Sprintf("%s[%d]", key, i)
		validateModel(report, key, model)
		if slices.Contains(models[:i], model) {
			report(key, "%s is listed twice; list it once", model)
		}
	}
}

func validateModel(report reporter, key, model string) {
	if !slices.Contains(Models, model) {
		report(key, "got %q; allowed: %s", model, strings.Join(Models, ", "))
	}
}

// tokenizerNames are the tokenizers that a profile names without a path.
var tokenizerNames = []string{"word", "bpe", "gpt2", "bytes"}

// factsCorpora names the generated corpora that differ in their number of facts.
func factsCorpora() []string {
	var names []string
	for _, n := range datasets.FactCounts {
		names = append(names, datasets.FactsName(n))
	}
	return names
}

func validateCorpus(name string, c results.CorpusSettings, report reporter) {
	key := "corpora." + name
	if c.Tokenizer == "" {
		report(key+".tokenizer", "missing; allowed: %s, or the path of a tokenizer.json or of the folder that holds it", strings.Join(tokenizerNames, ", "))
		return
	}
	switch {
	case slices.Contains(generatedCorpora, name):
		if c.Tokenizer != "word" {
			report(key+".tokenizer", "got %q; allowed: word, the unit in which %s is written and its ideal perplexity known", c.Tokenizer, name)
		}
		if c.DocumentTokens == 0 {
			report(key+".document_tokens", "missing; allowed: a whole number, at least 2, as %s is generated", name)
		}
		if c.Documents == 0 {
			report(key+".documents", "got 0; allowed: at least 1, as %s is generated and has no end", name)
		}
		if c.MaxTokens != 0 {
			report(key+".max_tokens", "got %d; allowed: 0, as document_tokens sets the length of a generated document", c.MaxTokens)
		}
		if c.BadTexts != "" {
			report(key+".bad_texts", "got %q; allowed: nothing, as %s is generated", c.BadTexts, name)
		}
	case slices.Contains(readCorpora, name):
		if c.Tokenizer == "word" {
			report(key+".tokenizer", `got "word"; allowed: bpe, gpt2, bytes or the path of a tokenizer.json, as %s has no closed list of words`, name)
		}
		if c.DocumentTokens != 0 {
			report(key+".document_tokens", "got %d; allowed: nothing, as %s is not generated (max_tokens cuts documents)", c.DocumentTokens, name)
		}
	default:
		report(key, "unknown corpus; allowed: %s", strings.Join(slices.Concat(generatedCorpora, readCorpora), ", "))
	}
	if !slices.Contains(tokenizerNames, c.Tokenizer) && !IsTokenizerPath(c.Tokenizer) {
		report(key+".tokenizer", "got %q; allowed: %s, or the path of a tokenizer.json or of the folder that holds it (./NAME for a folder below this one)", c.Tokenizer, strings.Join(tokenizerNames, ", "))
	}
	if c.Template && !IsTokenizerPath(c.Tokenizer) {
		report(key+".template", "got true; allowed: false, as only the tokenizer.json of a pretrained model has a template")
	}
	if c.Tokenizer == "bpe" && c.Vocabulary == 0 {
		report(key+".vocabulary", "missing; allowed: a whole number, at least 257, as the tokenizer is bpe")
	}
	if c.Tokenizer != "bpe" && c.Vocabulary != 0 {
		report(key+".vocabulary", "got %d; allowed: nothing, as %s has a vocabulary of its own", c.Vocabulary, c.Tokenizer)
	}
}
