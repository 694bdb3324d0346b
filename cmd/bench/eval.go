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
		Short:   "Evaluate a trained model on files of your own",
		Long:    "eval evaluates a trained model, from the checkpoint of a cell or of train, on your files.",
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
		Long: `perplexity scores each file as one document: its segments in order, the memory
carried from segment to segment and empty at the start, every token but the first
scored once. A FILE of - is standard input. It prints JSON: tokens, words (separated by
white space), bytes, the negative log-likelihood in nats, the perplexity per token,
word and byte, and bits per byte, for all files together and for each, and the same
with the memory emptied. A quantity that is undefined or too large for a float64 is
null, and "undefined" says why: a text without spaces, for example, is one word, whose
perplexity no float64 can hold.

A file that cannot be scored (unreadable, empty, not UTF-8, a single token) is left out
of the sums; "not_scored" in its entry and a line on standard error say why. The exit
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
			m, t, err := loadCheckpoint(checkpoint)
			if err != nil {
				return err
			}
			var documents []datasets.Document
			var unread []experiments.Unscored
			var size int64 // a bound on the tokens
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
		},
	}
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "directory with model.safetensors and tokenizer.json")
	cmd.Flags().IntVar(&batch, "batch", 8, "files scored side by side")
	cmd.MarkFlagRequired("checkpoint")
	return cmd
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

// fileUnscored is a file without a score, and why. Its quantities are always null.
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

// named is the reason with the name of the file, unless it has that already.
func named(u experiments.Unscored) string {
	if strings.HasPrefix(u.Why, u.ID+": ") {
		return u.Why
	}
	return u.ID + ": " + u.Why
}

// progressInBytes turns scored tokens into a share of the texts' bytes, since how many
// tokens there are is known only when all is tokenised.
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

// spaced is a text as its tokenizer takes it: a vocabulary of words knows no white
// space but the one between them.
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

// loadCheckpoint opens a trained model and its tokenizer.
func loadCheckpoint(dir string) (*models.Model, tokenizer.Tokenizer, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	} else if !info.IsDir() {
		return nil, nil, fmt.Errorf("checkpoint: %s is a file, want the directory that holds model.safetensors", dir)
	}
	if below := filepath.Join(dir, "checkpoint"); !isFile(filepath.Join(dir, "model.safetensors")) && isFile(filepath.Join(below, "model.safetensors")) {
		return nil, nil, fmt.Errorf("checkpoint: %s is a cell, its model is in %s", dir, below)
	}
	m, _, err := experiments.LoadModel(dir)
	if err != nil {
		return nil, nil, err
	}
	t, err := tokenizer.Load(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		return nil, nil, err
	}
	if t.Size() != m.Config.Vocabulary {
		return nil, nil, fmt.Errorf("checkpoint: %s: the model has a vocabulary of %d, its tokenizer.json one of %d", dir, m.Config.Vocabulary, t.Size())
	}
	return m, t, nil
}
