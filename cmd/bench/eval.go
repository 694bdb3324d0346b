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
scored once. It prints JSON: tokens, words (separated by white space), bytes, the
negative log-likelihood in nats, the perplexity per token, word and byte, and bits
per byte, for all files together and for each, and the same with the memory emptied.`,
		Example: `  bench eval perplexity --checkpoint runs/small/CELL/checkpoint book.txt
  bench eval perplexity --checkpoint model ../books/*.txt`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			if batch < 1 {
				return usageError{fmt.Errorf("--batch is %d, must be at least 1", batch)}
			}
			m, t, err := loadCheckpoint(checkpoint)
			if err != nil {
				return err
			}
			var documents []datasets.Document
			var size int64 // a bound on the tokens
			for _, path := range files {
				text, err := datasets.ReadText(path)
				if err != nil {
					return err
				}
				text = spaced(text, t)
				documents = append(documents, datasets.Document{ID: path, Text: text})
				size += int64(len(text))
			}
			bar := env.progress("eval perplexity", size)
			bar.bytes = true
			defer bar.finish()
			settings := experiments.EvaluationSettings{Batch: batch, PositionBucket: m.Config.Segment}
			p, err := experiments.ScoreDocuments(env.ctx, m, t, documents, settings, progressInBytes(bar, t, documents, size))
			if err != nil {
				return err
			}
			return printScores(env, m, t, p)
		},
	}
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "directory with model.safetensors and tokenizer.json")
	cmd.Flags().IntVar(&batch, "batch", 8, "files scored side by side")
	cmd.MarkFlagRequired("checkpoint")
	return cmd
}

// fileScore is a score with the name of what was scored.
type fileScore struct {
	File string `json:"file,omitempty"`
	experiments.Score
}

func printScores(env *environment, m *models.Model, t tokenizer.Tokenizer, p *experiments.Perplexity) error {
	out := struct {
		Model     string `json:"model"`
		Tokenizer string `json:"tokenizer"`
		fileScore
		Zeroed *experiments.Score `json:"memory_zeroed,omitempty"`
		Files  []fileScore        `json:"files"`
	}{Model: m.Memory.Name(), Tokenizer: t.Name(), fileScore: fileScore{Score: p.Intact}, Zeroed: p.Zeroed}
	for _, d := range p.Documents {
		out.Files = append(out.Files, fileScore{d.ID, experiments.ScoreOf(d)})
	}
	return printJSON(env, out)
}

// progressInBytes turns scored tokens into a share of the texts' bytes, since how many
// tokens there are is known only when all is tokenised.
func progressInBytes(bar *progress, t tokenizer.Tokenizer, documents []datasets.Document, size int64) func(tokens int) {
	perToken := 1.0
	sample := documents[0].Text[:min(len(documents[0].Text), 1<<16)]
	if ids, err := t.Encode(strings.ToValidUTF8(sample, "")); err == nil && len(ids) > 0 {
		perToken = float64(len(sample)) / float64(len(ids))
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
