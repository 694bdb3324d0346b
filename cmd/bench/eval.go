package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
	"infinibench/experiments"
	"infinibench/internal/results"
	"infinibench/models"
)

func evalCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "eval",
		Short:   "Evaluate a trained model on your own files",
		Long:    "eval evaluates a trained model on your files. The checkpoint comes from a cell or from train.",
		Example: "  bench eval perplexity --checkpoint runs/tiny/CELL/checkpoint book.txt",
	}
	cmd.AddCommand(evalPerplexityCommand(env))
	return cmd
}

func evalPerplexityCommand(env *environment) *cobra.Command {
	var checkpoint string
	var batch int
	cmd := &cobra.Command{
		Use:   "perplexity --checkpoint DIR FILE…",
		Short: "Score text files with a trained model",
		Long: `perplexity scores each file as one document. It reads the segments in order; the memory
is empty at the start and carried from segment to segment. Every token but the first is
scored once. If FILE is -, it reads standard input.

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
  zcat book.txt.gz | bench eval perplexity --checkpoint model -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			if batch < 1 {
				return usageError{fmt.Errorf("--batch is %d, must be at least 1", batch)}
			}
			if err := onceStandardInput(files); err != nil {
				return err
			}
			return evalPerplexity(env, checkpoint, files, batch)
		},
	}
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "directory with model.safetensors and tokenizer.json")
	cmd.Flags().IntVar(&batch, "batch", 8, "files scored at the same time")
	cmd.MarkFlagRequired("checkpoint")
	return cmd
}

// evalPerplexity scores files side by side, batch at a time, and prints the scores.
func evalPerplexity(env *environment, checkpoint string, files []string, batch int) error {
	m, t, err := loadCheckpoint(checkpoint)
	if err != nil {
		return err
	}
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
	settings := results.EvaluationSettings{Batch: batch, PositionBucket: m.Config.Segment}
	p, unscored, err := experiments.ScoreDocuments(env.ctx, m, t, documents, settings, progressInBytes(bar, t, documents, size))
	bar.finish()
	if err != nil {
		return err
	}
	return printScores(env, evaluation{Model: m.Memory.Name(), Tokenizer: t.Name()}, files, p, append(unread, unscored...))
}

// evaluation is what eval perplexity prints.
type evaluation struct {
	Model     string `json:"model"`
	Tokenizer string `json:"tokenizer"`
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

// checkpointPlace checks that dir is a directory, and not that of a cell.
func checkpointPlace(dir string) error {
	if info, err := os.Stat(dir); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("checkpoint: %s is a file, want the directory that holds model.safetensors", dir)
	}
	if below := filepath.Join(dir, "checkpoint"); !isFile(filepath.Join(dir, "model.safetensors")) && isFile(filepath.Join(below, "model.safetensors")) {
		return fmt.Errorf("checkpoint: %s is a cell; its model is in %s", dir, below)
	}
	return nil
}

// loadCheckpoint opens a trained model and its tokenizer.
func loadCheckpoint(dir string) (*models.Model, tokenizer.Tokenizer, error) {
	if err := checkpointPlace(dir); err != nil {
		return nil, nil, err
	}
	m, extra, err := experiments.LoadModel(dir)
	if err != nil {
		return nil, nil, err
	}
	t, err := tokenizer.Load(filepath.Join(dir, "tokenizer.json"))
	if err == nil && strings.HasSuffix(extra["tokenizer"], tokenizer.TemplateSuffix) {
		t, err = tokenizer.WithTemplate(t)
	}
	if err != nil {
		return nil, nil, err
	}
	if t.Size() != m.Config.Vocabulary {
		return nil, nil, fmt.Errorf("checkpoint: %s: the model has a vocabulary of %d, its tokenizer.json one of %d", dir, m.Config.Vocabulary, t.Size())
	}
	return m, t, nil
}
