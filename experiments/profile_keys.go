package experiments

import (
	"reflect"
	"slices"

	"infinibench/internal/config"
)

// keyDoc describes one key of a profile for the people who write one. The type, the range
// and whether the key is required are tags of its field. docs/profile.md, `bench profile
// schema` and `bench profile show` are all made from these declarations and those tags.
type keyDoc struct {
	path  string // as config.Key has it; in an experiment's list, below the experiment's own key
	about string // what it does, and why one would change it
	unit  string
	// paper is what the paper states, as in YAML; alternatives are separated by " or ". It
	// is empty where the paper states nothing.
	paper  string
	absent string // what holds if the key is left out

	// What the code refuses, and a tag cannot say.
	names    []string // that the text, each text of the list or each key of the mapping may be
	items    [2]int64 // the least and the largest number in the list
	distinct bool     // no entry may be repeated
	multiple int      // the number must be a multiple of this one
	pattern  string
	needs    []string // keys of a block that are not marked as required, since the zero block means that it is absent
}

// ProfileKey is one key that a profile may hold, with its description.
type ProfileKey struct {
	config.Key
	About, Unit, Paper, Absent string

	doc keyDoc // that it comes from
}

// ProfileKeys lists every key of a profile, blocks before the keys inside them. A type used
// by several blocks is described where it comes first; the others take over everything but
// the paper's values, and each may describe a key in its own words.
func ProfileKeys() []ProfileKey {
	docs := map[string]keyDoc{}
	for _, d := range profileKeys {
		docs[d.path] = d
	}
	for _, e := range experiments {
		for _, d := range e.keys {
			d.path = e.name + d.path
			docs[d.path] = d
		}
	}
	first := map[reflect.Type]string{} // the block where a type comes first
	as := map[string]string{}          // a block, and the first of its type
	var all []ProfileKey
	for _, k := range config.Keys(Profile{}) {
		d := docs[k.Path]
		if k.Type.Kind() == reflect.Struct {
			if path, ok := first[k.Type]; ok {
				as[k.Path] = path
			} else {
				first[k.Type] = k.Path
			}
		}
		for block, like := range as {
			if rest, ok := cutPath(k.Path, block); ok && d.about == "" {
				same := docs[like+rest]
				same.paper = d.paper
				d = same
			}
		}
		all = append(all, ProfileKey{Key: k, About: d.about, Unit: d.unit, Paper: d.paper, Absent: d.absent, doc: d})
	}
	return all
}

// cutPath is the rest of a key's path below a block.
func cutPath(path, block string) (string, bool) {
	if len(path) > len(block) && path[:len(block)] == block && path[len(block)] == '.' {
		return path[len(block):], true
	}
	return "", false
}

var (
	corpusNames = slices.Concat(generatedCorpora, readCorpora)
	nameRule    = profileName.String()
	// tokenizerPattern is what IsTokenizerPath and tokenizerNames allow.
	tokenizerPattern = `^(word|bpe|gpt2|bytes)$|[/\\\\]|\.[jJ][sS][oO][nN]$`
)

// fromFolder is what holds for a size of a pretrained model.
const fromFolder = "taken from `from`; required without it"

// profileKeys describes the keys that all experiments share, in the order of the structs.
// The settings of an experiment are described in the files that begin with its name.
var profileKeys = []keyDoc{
	{path: "name", about: "Names the profile and its directory under runs/.", pattern: nameRule},
	{path: "about", about: "One sentence on what the profile is for; `plan` and the report print it."},

	{path: "workers", unit: "cells", about: "How many cells are trained at the same time; it changes no result."},
	{path: "threads", unit: "threads", about: "Threads of each cell. It is part of a result's hash, since sums of floats depend on how they are split."},
	{path: "precision", absent: "float32", about: "Of products with weights and their gradients. bf16 rounds both factors to bfloat16 and needs oneDNN (on Debian 12, libdnnl2); sums, weights, the memory and attention stay in float32. Worth it only on a processor with instructions for bfloat16."},
	{path: "save_every", unit: "steps", about: "Steps between checkpoints, and so the most work an interruption costs; it changes no result."},
	{path: "seeds", about: "One repetition of perplexity, booksum and adapt for each seed; intervals in the report are over them. The first serves experiments that run once.", distinct: true},

	{path: "model", about: "The size of every model, whose d_model is heads × head_size, or the pretrained model that training starts from."},
	{path: "model.layers", paper: "12", absent: fromFolder, about: "Transformer layers, each with a memory of its own."},
	{path: "model.heads", paper: "8", absent: fromFolder, about: "Attention heads of a layer, each with its own memory and gate."},
	{path: "model.head_size", paper: "128", absent: fromFolder, about: "Width of the keys and values of a head, d_key = d_value. It must be even, because rotary positions turn pairs of numbers.", multiple: 2},
	{path: "model.ffn", paper: "4096", absent: fromFolder, about: "Hidden width of the feed-forward block, usually 4 × d_model."},
	{path: "model.segment", unit: "tokens", paper: "2048", about: "Tokens that local attention sees; everything earlier reaches a token only through the memory."},
	{path: "model.gate_init", about: "β of every gate before training: 0 weighs local attention and memory equally, a negative value favours local attention."},
	{path: "model.init_std", absent: fromFolder, about: "Standard deviation of the initial weights. 0.02 suits widths near a thousand, 1/√d_model a narrow model."},
	{path: "model.memory_epsilon", about: "Added to the denominator σ(q)·z of a memory read, which is 0 while the memory is empty."},
	{path: "model.ungated_start", absent: "false", about: "Leaves out the gate while the memory is empty, so that the first segment is pure local attention."},
	{path: "model.memory_positions", paper: "false", absent: "false", about: "Applies rotary positions to the queries and keys of the memory as well."},
	{path: "model.from", absent: "none", about: "The folder of a pretrained model (Hugging Face layout, Llama family) whose weights training starts from, relative to the directory in which bench runs. `--model DIR` replaces it; the value `--model` requires that option. It takes the place of layers, heads, head_size, ffn and init_std, and its tokenizer reads the texts. Gates that the folder lacks start at gate_init."},
	{path: "model.from_scratch", absent: "false", about: "Takes only the sizes and the tokenizer of `from`, and draws the weights: what the pretrained weights are worth."},

	{path: "baselines", about: "What the authors of the baselines leave open or vary."},
	{path: "baselines.transformer-xl", about: "The Transformer-XL; also the local part of the Memorizing Transformer."},
	{path: "baselines.transformer-xl.cache", unit: "tokens", paper: "2048", absent: "one segment", about: "Tokens of the past whose keys and values each layer caches."},
	{path: "baselines.transformer-xl.evaluation_cache", unit: "tokens", absent: "cache", about: "Replaces cache once the model is trained; no weight depends on it."},
	{path: "baselines.transformer-xl.t5", absent: "false", about: "Uses T5's relative position biases and queries and keys of length 1, as the source of the paper's two rows does."},
	{path: "baselines.memorizing", about: "The Memorizing Transformer."},
	{path: "baselines.memorizing.entries", unit: "tokens", paper: "65536", absent: "32 segments", about: "Tokens whose keys and values the memory keeps."},
	{path: "baselines.memorizing.k", unit: "entries", absent: "32", about: "Nearest entries that each query retrieves; at most entries."},
	{path: "baselines.rmt", about: "The Recurrent Memory Transformer."},
	{path: "baselines.rmt.tokens", unit: "tokens", paper: "100", absent: "100 for 2048 tokens of a segment", about: "Memory tokens passed from segment to segment."},
	{path: "baselines.rmt.curriculum", unit: "share of the steps", absent: "0", about: "Trains on text as the authors do: single segments first, then longer and longer stretches; the rest of the steps have whole sequences."},
	{path: "baselines.compressive", about: "The Compressive Transformer."},
	{path: "baselines.compressive.slots", unit: "slots", absent: "as many as a segment has tokens", about: "Size of the compressed memory of each layer; one segment, compressed, must fit."},
	{path: "baselines.compressive.rate", unit: "tokens per slot", absent: "2", about: "How many tokens are compressed into one slot; at most a segment."},
	{path: "baselines.full-attention", about: "The control that attends over the whole sequence."},
	{path: "baselines.full-attention.segments", unit: "segments", absent: "16", about: "Length of the sequence it attends over, at least as long as in training; on longer text it sees the last tokens."},
	{path: "baselines.full-attention.curriculum", unit: "share of the steps", absent: "0", about: "Trains on single segments first, then longer and longer stretches, as baselines.rmt.curriculum does: attention over a long sequence is slow to learn what is near."},

	{path: "training", about: "How every model is trained, unless an experiment says otherwise."},
	{path: "training.batch", unit: "sequences", paper: "64", about: "Sequences in one step."},
	{path: "training.optimizer", paper: "adafactor", about: "The optimiser. adamw is the usual choice for a small model and a short run; adafactor needs weight_decay 0."},
	{path: "training.learning_rate", paper: "0.01", about: "Learning rate at the peak of the schedule."},
	{path: "training.gate_learning_rate", about: "Learning rate of the gates β at the peak; 0 freezes them. A gate has farther to travel than a weight, so it is often higher."},
	{path: "training.steps", unit: "steps", about: "Optimiser steps."},
	{path: "training.warmup_steps", unit: "steps", paper: "1000", about: "Steps of linear warm-up; a cosine decays the rate from there to the last step."},
	{path: "training.final_learning_rate", unit: "fraction of the peak", about: "Where the cosine ends, as a fraction of the peak so that it holds for the gates too."},
	{path: "training.weight_decay", about: "Decoupled weight decay, never applied to the gates, which it would pull back to one half."},
	{path: "training.clip_norm", about: "Largest norm of the whole gradient; 0 does not clip."},
	{path: "training.checkpoint_interval", unit: "segments", paper: "1", about: "Segments in one graph of gradient checkpointing; 0 keeps the whole sequence, which is fastest and takes most memory. It changes no gradient."},
	{path: "training.memory", absent: "its own document's", about: "What a segment reads in training: an empty memory, or another document's of the same batch. A control for what a memory does in training; only infini-linear and infini-delta have it, and evaluation does not change."},

	{path: "corpora", about: "The texts, by name, and how much of each is read.", names: corpusNames},
	{path: "corpora.NAME.tokenizer", about: "The units in which the model reads. The generated texts (novel, proof, chronicle, facts-N) take word, the others anything else: bpe, gpt2, bytes, or the path of a `tokenizer.json` or of the model's folder that holds it, relative to the directory in which bench runs. With model.from, leave it out for the model's own, with its template if it has one.", absent: "the pretrained model's", pattern: tokenizerPattern},
	{path: "corpora.NAME.vocabulary", unit: "tokens", absent: "the tokenizer's own", about: "Size of a bpe, which is trained on the training split and needs this key; its first 256 ids are the bytes."},
	{path: "corpora.NAME.split", about: "The split that is scored."},
	{path: "corpora.NAME.documents", unit: "documents", absent: "0", about: "How many documents are scored, the first of the split; 0 takes all. A generated text needs a number."},
	{path: "corpora.NAME.max_tokens", unit: "tokens", absent: "0", about: "How many tokens of each document are scored; 0 takes all."},
	{path: "corpora.NAME.document_tokens", unit: "tokens", absent: "none", about: "Length of each document of a generated text, which needs this key."},
	{path: "corpora.NAME.bad_texts", absent: "stop", about: "What to do when a text cannot be read: stop, or skip it and count it."},
	{path: "corpora.NAME.template", absent: "false", about: "Starts each text with the special tokens that the template of a `tokenizer.json` puts before a text, such as Llama's `<s>`."},

	{path: "evaluation", about: "How a trained model is scored."},
	{path: "evaluation.batch", unit: "documents", about: "Documents read side by side. It decides the memory that scoring takes, and is part of a result's hash."},
	{path: "evaluation.position_bucket", unit: "tokens", about: "Tokens averaged into one point of the chart \"loss by position\"."},
}
