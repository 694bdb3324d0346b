package experiments

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"infinibench/datasets"
	"infinibench/internal/atomicfile"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// adaptBase is the model that everything starts from.
type adaptBase struct {
	folder *pretrained.Folder
	note   results.AdaptBase
	own    []sample // texts that it wrote
}

// adaptBaseRun trains the base and samples its texts, which all cells of a seed share. Its
// directory is laid out like a cell's, without a result. For a pretrained base it samples
// the texts only.
func adaptBaseRun(r *cellRun) *cellRun {
	s, base := r.settings, r.settings.Adapt.Base
	if r.folder == nil {
		s.Length, s.Training = base.Length, adaptTraining(s.Training, base, 0)
	}
	s.ModelID = adaptControl
	s.Adapt, s.Baselines, s.Evaluation = results.AdaptSettings{}, results.BaselineSettings{}, results.EvaluationSettings{}
	b := *r
	b.cell = results.Cell{Experiment: r.cell.Experiment, Corpus: r.cell.Corpus, Model: adaptControl, Length: s.Length, Seed: r.cell.Seed}
	b.settings, b.config, b.hash, b.timing = s, configOf(s), hashOf(s), results.Timing{}
	b.files = cellFiles(filepath.Join(filepath.Dir(string(r.files)), fmt.Sprintf("adapt-base-%s-seed%d", r.cell.Corpus, r.cell.Seed)))
	if r.cell.Model != adaptControl { // whose plan the base is part of
		b.advance = func(string, int, bool) {}
	}
	return &b
}

// openAdaptBase returns the base of a cell, and trains it if no other cell has. If another
// cell is training it, the error is a *lease.Held.
func openAdaptBase(ctx context.Context, r *cellRun) (*adaptBase, error) {
	b := adaptBaseRun(r)
	folder := b.files.path("folder")
	own := b.files.path(fmt.Sprintf("own-%d-%d.jsonl", r.settings.Adapt.OwnTexts, r.settings.Adapt.OwnTokens))
	made, err := madeAdaptBase(b, folder, own)
	if err != nil {
		return nil, err
	}
	read := func() (*adaptBase, error) {
		base, err := readAdaptBase(r, folder, own)
		if err == nil {
			b.advance("train", int(base.note.TrainTokens), true)
		}
		return base, err
	}
	if made {
		if base, err := read(); err == nil {
			return base, nil
		}
	}
	l, err := r.take(string(b.files))
	if err != nil {
		return nil, err
	}
	defer l.Release()
	within, cancel := l.Context(ctx)
	defer cancel()
	l.Refresh()
	if made {
		base, damage := read()
		if damage == nil { // what was read before was out of date
			return base, nil
		}
		r.note(fmt.Sprintf("%v: made again", damage))
		err = errors.Join(atomicfile.RemoveAll(folder), atomicfile.RemoveAll(own))
	}
	if err == nil {
		err = makeAdaptBase(within, b, folder, own, r.settings.Adapt)
	}
	if err != nil {
		return nil, l.Explain(err)
	}
	return readAdaptBase(r, folder, own)
}

// madeAdaptBase reports whether the base is complete: its texts are written last.
func madeAdaptBase(b *cellRun, folder, own string) (bool, error) {
	old, err := os.ReadFile(b.files.path("config.yaml"))
	if err == nil && !bytes.Equal(old, results.SealedConfig(b.config)) {
		return false, nil
	}
	for _, path := range []string{folder, own} {
		if err == nil && (path != folder || b.folder == nil) {
			_, err = os.Stat(path)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// makeAdaptBase trains the base, writes it as a model folder, and samples texts from it.
func makeAdaptBase(ctx context.Context, b *cellRun, folder, own string, s results.AdaptSettings) error {
	if err := atomicfile.Sweep(string(b.files)); err != nil {
		return err
	}
	notes, err := b.files.repair(b.config)
	for _, note := range notes {
		b.note(note)
	}
	if err != nil {
		return err
	}
	old, err := os.ReadFile(b.files.path("config.yaml"))
	if err != nil || !bytes.Equal(old, results.SealedConfig(b.config)) { // another base's
		if err := atomicfile.RemoveAll(folder); err != nil {
			return err
		}
	}
	if err := b.begin(); err != nil {
		return err
	}
	if b.folder == nil {
		if err := trainAdaptBase(ctx, b, folder); err != nil {
			return err
		}
	}
	if err := writeAdaptTexts(ctx, b, folder, own, s); err != nil {
		return err
	}
	return train.ForgetProgress(b.files.checkpoint())
}

// trainAdaptBase trains the base and writes it as a model folder.
func trainAdaptBase(ctx context.Context, b *cellRun, folder string) error {
	m, err := b.trained(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := os.ReadFile(filepath.Join(b.files.checkpoint(), "tokenizer.json"))
	if err != nil {
		return err
	}
	return pretrained.Write(folder, m, "", &pretrained.Source{Tokenizer: text})
}

// openAdaptFolder opens the pretrained base, or the one that was trained here.
func openAdaptFolder(r *cellRun, folder string) (*pretrained.Folder, error) {
	if r.folder != nil {
		return r.folder.Folder, nil
	}
	return pretrained.Open(folder)
}

// adaptText is a text of the base, a line of its file.
type adaptText struct {
	IDs []int32 `json:"ids"`
}

// writeAdaptTexts samples texts from the base at temperature 1. Each starts with the
// beginning-of-text token or, if the tokenizer has none, like a training document.
func writeAdaptTexts(ctx context.Context, b *cellRun, folder, path string, s results.AdaptSettings) error {
	f, err := openAdaptFolder(b, folder)
	if err != nil {
		return err
	}
	c := f.Config
	c.Segment = min(c.Segment, s.OwnTokens+1) // a decoder keeps the keys and values of a whole one
	m, err := loadAdapt(f, c, adaptControl, b.settings)
	if err != nil {
		return err
	}
	stop := int32(-1)
	if len(f.Ends) > 0 {
		stop = f.Ends[0]
	}
	var texts []adaptText
	const abreast = 16
	for len(texts) < s.OwnTexts {
		n := min(abreast, s.OwnTexts-len(texts))
		first := make([]int32, n)
		samplers := make([]*models.Sampler, n)
		for i := range n {
			if first[i] = f.Begin; f.Begin < 0 {
				ids, err := b.text.tokens((len(texts) + i) % b.text.Corpus.Len(datasets.Train))
				if err != nil {
					return err
				}
				first[i] = ids[0]
			}
			samplers[i] = &models.Sampler{Temperature: 1, TopP: 1, Rand: rand.New(rand.NewPCG(b.settings.Seed, uint64(len(texts)+i)))}
		}
		drawn, err := m.NewDecoder(n).Continue(first, s.OwnTokens, samplers, stop, ctx.Err)
		if err != nil {
			return err
		}
		for i := range n {
			texts = append(texts, adaptText{append([]int32{first[i]}, drawn[i]...)})
		}
	}
	var lines bytes.Buffer
	if err := appendLine(&lines, texts...); err != nil {
		return err
	}
	return atomicfile.Write(path, lines.Bytes())
}

// readAdaptBase opens what makeAdaptBase made.
func readAdaptBase(r *cellRun, folder, own string) (*adaptBase, error) {
	b := &adaptBase{note: results.AdaptBase{Name: adaptControl}}
	if r.folder != nil {
		b.note.Name = r.folder.id
		if err := r.folder.reads(r.cell.Corpus, r.text.Tokenizer); err != nil {
			return nil, fmt.Errorf("experiments: %w", err)
		}
	} else {
		base := r.settings.Adapt.Base
		b.note.TrainTokens = int64(base.Steps) * int64(base.Batch) * int64(base.Length)
	}
	var err error
	if b.folder, err = openAdaptFolder(r, folder); err != nil {
		return nil, err
	}
	m, err := loadAdapt(b.folder, b.folder.Config, adaptControl, r.settings)
	if err != nil {
		return nil, err
	}
	b.note.Parameters, b.note.Context, b.note.Weights = m.Parameters(), m.Config.Segment, weightsDigest(m)
	texts, err := results.ReadLog[adaptText](own)
	if err != nil {
		return nil, err
	}
	if n := r.settings.Adapt.OwnTexts; len(texts) != n {
		return nil, fmt.Errorf("experiments: %s holds %d texts instead of %d", own, len(texts), n)
	}
	for i, t := range texts {
		b.own = append(b.own, sample{Document: datasets.Document{ID: fmt.Sprintf("own-%d", i+1)}, ids: t.IDs})
	}
	return b, nil
}

// loadAdapt reads the base with a memory.
func loadAdapt(f *pretrained.Folder, c models.Config, memory string, s results.CellSettings) (*models.Model, error) {
	m, err := NewMemory(memory, s.Baselines)
	if err != nil {
		return nil, err
	}
	return f.Load(c, m, s.Seed)
}

// weightsDigest is the SHA-256 of the weights, as float32 in little-endian order.
func weightsDigest(m *models.Model) string {
	h := sha256.New()
	for _, p := range m.Params {
		binary.Write(h, binary.LittleEndian, p.Data()) // a hash takes everything
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
