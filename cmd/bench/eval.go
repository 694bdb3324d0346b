package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
	"infinibench/experiments"
	"infinibench/internal/kernel"
	"infinibench/internal/results"
)

func evalCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "eval",
		Short:   "Evaluate a trained model on your own files, or on passkeys",
		Long:    "eval evaluates a trained model on your files or on passkeys: a checkpoint of a cell or of train, or a\npretrained model in its Hugging Face folder.",
		Example: "  bench eval perplexity --checkpoint runs/tiny/CELL/checkpoint book.txt",
	}
	cmd.AddCommand(evalPerplexityCommand(env), evalPasskeyCommand(env))
	return cmd
}

func evalPerplexityCommand(env *environment) *cobra.Command {
	var from checkpointFlags
	var batch int
	var precision string
	cmd := &cobra.Command{
		Use:   "perplexity --checkpoint DIR FILE…",
		Short: "Score text files with a trained model",
		Long: `perplexity scores each file as one document. It reads the segments in order; the memory
is empty at the start and carried from segment to segment. Every token but the first is
scored once. If FILE is -, it reads standard input.

With a model folder, the base model reads each file in stretches as long as its own context,
or of --segment tokens; --memory plugs a memory in.

The output is JSON, for each file and for all files together, with the memory intact and
emptied: tokens, words (separated by white space), bytes, the negative log-likelihood in
nats, the perplexity per token, word and byte, and bits per byte. A quantity that is
undefined or too large for a float64 is null, and "undefined" gives the reason: a text
without spaces, for example, is one word, whose perplexity is too large.

A file that cannot be scored (unreadable, empty, not UTF-8, a single token) is left out of
the sums; "not_scored" in its entry and a line on standard error give the reason. The exit
code is 0 if any file was scored, and 1 if none was.`,
		Example: `  bench eval perplexity --checkpoint runs/small/CELL/checkpoint book.txt
  bench eval perplexity --checkpoint model ../books/*.txt
  bench eval perplexity --checkpoint SmolLM2-135M --memory infini-delta --segment 512 book.txt
  zcat book.txt.gz | bench eval perplexity --checkpoint model -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			if batch < 0 {
				return usageError{fmt.Errorf("--batch is %d, must be at least 1, or 0", batch)}
			}
			if err := onceStandardInput(files); err != nil {
				return err
			}
			if err := setPrecision(precision); err != nil {
				return err
			}
			return evalPerplexity(env, &from, files, batch)
		},
	}
	from.add(cmd)
	addPrecision(cmd, &precision)
	cmd.Flags().IntVar(&batch, "batch", 0, "files scored at the same time; 0 is 8, or fewer if segments are long")
	return cmd
}

// sideBySide is how many tokens are scored at the same time by default.
const sideBySide = 16 << 10

// evalPerplexity scores files, batch of them side by side, and prints the scores.
func evalPerplexity(env *environment, from *checkpointFlags, files []string, batch int) error {
	c, err := from.open()
	if err != nil {
		return err
	}
	m, err := c.load(env, from.plug.get())
	if err != nil {
		return err
	}
	t := c.tokenizer
	var documents []datasets.Document
	var unread []experiments.Unscored
	var size int64 // upper bound on the number of tokens
	for _, path := range files {
		text, err := readText(env, path)
		if err != nil {
			if env.ctx.Err() != nil {
				return err
			}
			unread = append(unread, experiments.Unscored{ID: path, Why: err.Error()})
			continue
		}
		text = spaced(text, t)
		documents = append(documents, datasets.Document{ID: path, Text: text})
		size += int64(len(text))
	}
	bar := env.progress("eval perplexity", size)
	bar.bytes = true
	if batch == 0 {
		batch = min(8, max(1, sideBySide/m.Config.Segment))
	}
	settings := results.EvaluationSettings{Batch: batch, PositionBucket: m.Config.Segment}
	p, unscored, err := experiments.ScoreDocuments(env.ctx, m, t, documents, settings, progressInBytes(bar, t, documents, size))
	bar.finish()
	if err != nil {
		return err
	}
	out := evaluation{Model: m.Memory.Name(), Folder: c.plugged(m), Tokenizer: t.Name()}
	if kernel.Precision() != kernel.Float32 {
		out.Precision = kernel.Precision()
	}
	return printScores(env, out, files, p, append(unread, unscored...))
}

// evaluation is what eval perplexity prints.
type evaluation struct {
	Model     string   `json:"model"`
	Folder    *plugged `json:"model_folder,omitempty"`
	Tokenizer string   `json:"tokenizer"`
	Precision string   `json:"precision,omitempty"` // unless it is float32
	results.Score
	Zeroed *results.Score `json:"memory_zeroed,omitempty"`
	Files  []any          `json:"files"` // each a fileScore or a fileUnscored
}

// fileScore is the score of a file.
type fileScore struct {
	File string `json:"file"`
	results.Score
}

// fileUnscored is a file that was not scored, with the reason. Its quantities are always
// null.
type fileUnscored struct {
	File        string   `json:"file"`
	NLL         *float64 `json:"nll"`
	TokenPPL    *float64 `json:"token_perplexity"`
	WordPPL     *float64 `json:"word_perplexity"`
	BytePPL     *float64 `json:"byte_perplexity"`
	BitsPerByte *float64 `json:"bits_per_byte"`
	NotScored   string   `json:"not_scored"`
}

// printScores prints the scores of files in their order. p is nil if nothing was scored.
func printScores(env *environment, out evaluation, files []string, p *results.Perplexity, unscored []experiments.Unscored) error {
	why := map[string]string{}
	for _, u := range unscored {
		why[u.ID] = u.Why
		if len(files) > 1 {
			fmt.Fprintf(env.stderr, "not scored: %s\n", named(u))
		}
	}
	var scored []results.DocumentScore
	if p != nil {
		out.Score, out.Zeroed, scored = p.Intact, p.Zeroed, p.Documents
	} else {
		out.Score = experiments.ScoreOf(results.DocumentScore{})
	}
	for _, path := range files {
		if len(scored) == 0 || scored[0].ID != path {
			out.Files = append(out.Files, fileUnscored{File: path, NotScored: why[path]})
			continue
		}
		out.Files, scored = append(out.Files, fileScore{path, experiments.ScoreOf(scored[0])}), scored[1:]
	}
	if err := printJSON(env, out); err != nil || p != nil {
		return err
	}
	if len(files) == 1 {
		return fmt.Errorf("not scored: %s", named(unscored[0]))
	}
	return fmt.Errorf("none of the %d files could be scored", len(files))
}

// named is the reason, prefixed with the name of the file unless it starts with it.
func named(u experiments.Unscored) string {
	if strings.HasPrefix(u.Why, u.ID+": ") {
		return u.Why
	}
	return u.ID + ": " + u.Why
}

// progressInBytes converts scored tokens into bytes of text, because the number of tokens
// is known only after everything is tokenised.
func progressInBytes(bar *progress, t tokenizer.Tokenizer, documents []datasets.Document, size int64) func(tokens int) {
	perToken := 1.0
	if len(documents) > 0 {
		sample := documents[0].Text[:min(len(documents[0].Text), 1<<16)]
		if ids, err := t.Encode(strings.ToValidUTF8(sample, "")); err == nil && len(ids) > 0 {
			perToken = float64(len(sample)) / float64(len(ids))
		}
	}
	var done float64
	return func(tokens int) {
		done += float64(tokens) * perToken
		bar.set(min(int64(done), size), size, "")
	}
}

// spaced prepares a text for its tokenizer: a word vocabulary has no white space except
// single spaces between words.
func spaced(text string, t tokenizer.Tokenizer) string {
	if _, ok := t.(*tokenizer.Word); ok {
		return strings.Join(strings.Fields(text), " ")
	}
	return text
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
