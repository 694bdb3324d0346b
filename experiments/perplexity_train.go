package experiments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// trained returns the trained model of a cell that is trained once, from scratch.
func (r *cellRun) trained(ctx context.Context) (*models.Model, error) {
	s := r.settings
	return r.fit(ctx, phase{
		dir: r.files.checkpoint(), log: "metrics.jsonl", training: s.Training, length: s.Length, curriculum: s.Baselines.Curriculum(),
		begin: func() (*models.Model, error) {
			m, err := r.newModel()
			if err == nil {
				misread(m, s.Training.Memory)
			}
			return m, err
		},
		source: func() (train.Source, error) {
			return newTrainingSource(r.text, s.Seed, s.Training.Batch, s.Length)
		},
		seconds: &r.timing.TrainSeconds, tokens: &r.timing.TrainTokens,
	})
}

// ownsDir returns an error if a directory holds any file that a training with these settings
// did not write, since train deletes the contents.
func ownsDir(dir string, config []byte) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err == nil && bytes.Equal(old, results.SealedConfig(config)) {
		return nil
	}
	for _, e := range entries {
		if !lease.IsHidden(e.Name()) && !strings.HasPrefix(e.Name(), ".config.yaml.") { // which a kill left unfinished
			return fmt.Errorf("experiments: %s already holds something else (%s): name a new directory", dir, e.Name())
		}
	}
	return nil
}

// Train trains the model of one perplexity cell and evaluates nothing. It writes checkpoint/
// and metrics.jsonl to a directory. If interrupted, it resumes when called again.
func Train(ctx context.Context, o Options, c results.Cell, dir string, advance func(tokens int, before bool)) (err error) {
	if err := o.Profile.Identify(o.Data); err != nil {
		return err
	}
	planned, err := o.Profile.find(c)
	if err != nil {
		return err
	}
	if planned.experiment != perplexityExperiment {
		return fmt.Errorf("experiments: %s does not train a model on a corpus alone", c.Key())
	}
	if err := o.Profile.configure(); err != nil {
		return err
	}
	l, err := lease.Try(dir, &lease.Sighting{})
	var held *lease.Held
	if errors.As(err, &held) {
		return fmt.Errorf("experiments: %w; wait for it, or name another directory", held)
	}
	if err != nil {
		return fmt.Errorf("experiments: cannot write to the directory: %w", err)
	}
	defer l.Release()
	defer func() { err = l.Explain(err) }()
	ctx, cancel := l.Context(ctx)
	defer cancel()
	files, config := cellFiles(dir), configOf(planned.Settings)
	l.Refresh()
	if err := ownsDir(dir, config); err != nil {
		return err
	}
	if err := atomicfile.Sweep(dir); err != nil {
		return fmt.Errorf("experiments: %w", err)
	}
	notes, err := files.repair(config)
	if o.Observe != nil {
		for _, note := range notes {
			o.Observe(Event{Kind: Note, Cell: c, Text: note})
		}
	}
	if err != nil {
		return err
	}
	if _, err := files.prepare(config); err != nil {
		return err
	}
	text, err := openText(ctx, c.Corpus, o.Profile.Corpora[c.Corpus], o.Profile.tokenizers[c.Corpus], o.Data, filepath.Join(dir, "tokenizers"), func(int, int) {})
	if err != nil {
		return err
	}
	run := newCellRun(o, planned, files, text, func(_ string, tokens int, before bool) { advance(tokens, before) })
	if _, err = run.trained(ctx); err != nil {
		return err
	}
	return train.ForgetProgress(files.checkpoint())
}
