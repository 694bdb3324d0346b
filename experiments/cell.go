package experiments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/atomicfile"
	"infinibench/internal/kernel"
	"infinibench/internal/lease"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// advance reports tokens that were trained on or scored: just now, or before, by the run
// that this one resumes.
type advance func(phase string, tokens int, before bool)

// cellRun runs one cell, of any experiment.
type cellRun struct {
	profile  string
	cell     results.Cell
	settings results.CellSettings
	config   []byte
	hash     string
	files    cellFiles
	text     *TokenizedCorpus // nil for a cell without a corpus
	folder   *modelFolder     // of the pretrained model; nil for a model built from sizes
	version  string
	save     int // steps between checkpoints

	advance advance
	note    func(string)
	take    func(dir string) (*lease.Lease, error) // a directory that cells share, or a *lease.Held
	peak    func() float64                         // kernel.Peak, measured when first called
	timing  results.Timing
}

func newCellRun(o Options, c PlannedCell, files cellFiles, text *TokenizedCorpus, advance advance) *cellRun {
	return &cellRun{
		profile: o.Profile.Name, cell: c.Cell, settings: c.Settings, config: configOf(c.Settings), hash: hashOf(c.Settings),
		files: files, text: text, folder: c.folder, version: o.Version, save: o.Profile.SaveEvery, advance: advance, note: func(string) {}, peak: kernel.Peak,
		take: func(dir string) (*lease.Lease, error) { return lease.Try(dir, &lease.Sighting{}) },
	}
}

// begin makes the directory ready and resumes the timing of an earlier run with the same
// settings.
func (r *cellRun) begin() error {
	replaced, err := r.files.prepare(r.config)
	if err != nil {
		return err
	}
	if replaced {
		r.note(r.cell.Key() + ": the settings or the data have changed; running the cell again")
	}
	return r.loadTiming()
}

// result returns the part that the results of all experiments share.
func (r *cellRun) result() *results.Result {
	return &results.Result{
		Version: results.Version, Profile: r.profile, Cell: r.cell, ConfigHash: r.hash, Status: results.StatusDone,
		Settings: r.settings, Environment: ThisEnvironment(r.version, r.settings.Threads),
	}
}

// phase is one of the training phases of a cell.
type phase struct {
	dir      string // of its checkpoints
	log      string // its file
	training results.TrainingSettings
	length   int // tokens of a sequence
	// curriculum is the share of the steps on shorter sequences, of a phase whose sequences
	// are stretches of text.
	curriculum float64
	begin      func() (*models.Model, error)
	source     func() (train.Source, error) // called after begin
	digits     func() float64               // see results.LogLine; nil for 0
	trained    func(*models.Param) bool     // the weights that change; nil: all
	extra      map[string]string            // that is saved with the model
	// What it costs; interruptions left out.
	seconds *float64
	tokens  *int64
}

// steps returns the number of tokens in n steps.
func (p phase) steps(n int) int { return n * p.training.Batch * p.length }

// fit returns the model of a phase. It resumes from the last checkpoint, and reads the
// model if the phase is finished.
func (r *cellRun) fit(ctx context.Context, p phase) (*models.Model, error) {
	log, err := results.ReadLog[results.LogLine](r.files.path(p.log))
	if err != nil {
		return nil, err
	}
	if m, err := r.fitted(p); m != nil || err != nil {
		if err == nil {
			r.advance("train", p.steps(p.training.Steps), true)
			r.noteMissing(p.log, log, p.training.Steps)
		}
		return m, err
	}
	m, err := p.begin()
	if err != nil {
		return nil, err
	}
	if err := r.train(ctx, p, m, log); err != nil {
		return nil, err
	}
	if err := r.saveTiming(); err != nil {
		return nil, err
	}
	return m, r.saveModel(p.dir, m, *p.tokens, p.extra)
}

// fitted reads the model of a finished phase. It returns nil if the phase is not finished
// or has other settings.
func (r *cellRun) fitted(p phase) (*models.Model, error) {
	if _, err := os.Stat(filepath.Join(p.dir, "model.safetensors")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	m, extra, err := LoadModel(p.dir)
	if err != nil || extra["config_hash"] != r.hash {
		return nil, err
	}
	if want := r.vocabulary(); m.Config.Vocabulary != want {
		return nil, fmt.Errorf("experiments: %s has a vocabulary of %d, the tokenizer %s one of %d; delete the directory", p.dir, m.Config.Vocabulary, r.text.Tokenizer.Name(), want)
	}
	if *p.tokens, err = strconv.ParseInt(extra["train_tokens"], 10, 64); err != nil {
		return nil, fmt.Errorf("experiments: %s: train_tokens: %w", p.dir, err)
	}
	return m, nil
}

// train trains a model and appends to the log of the phase.
func (r *cellRun) train(ctx context.Context, p phase, m *models.Model, log []results.LogLine) error {
	t := p.training
	optimizer, err := train.NewOptimizer(t.Optimizer, train.Selected(m, p.trained), t.WeightDecay)
	if err != nil {
		return err
	}
	source, err := p.source()
	if err != nil {
		return err
	}
	var file *atomicfile.File
	begin := func(done int) error {
		if keep := slices.IndexFunc(log, func(l results.LogLine) bool { return l.Step > done }); keep >= 0 {
			log = log[:keep]
		}
		r.noteMissing(p.log, log, done)
		r.advance("train", p.steps(done), true)
		file, err = openLog(r.files.path(p.log), log)
		return err
	}
	step := func(l train.Line) error {
		line := results.LogLine{Step: l.Step, Loss: l.Loss, Tokens: l.Tokens, LearningRate: l.LearningRate, GradNorm: l.GradNorm, Seconds: l.Seconds, Auxiliary: l.Auxiliary}
		line.GateMin, line.GateMax = gateRange(m)
		if p.digits != nil {
			line.Digits = p.digits()
		}
		*p.seconds, *p.tokens = l.Seconds, l.Tokens
		r.advance("train", p.steps(1), false)
		if err := appendLine(file, line); err != nil {
			return err
		}
		if r.save > 0 && l.Step%r.save == 0 {
			return file.Sync() // a checkpoint follows, which no power cut may find without its log
		}
		return nil
	}
	err = train.Fit(ctx, m, optimizer, source, train.Settings{
		Documents: t.Batch, Length: p.length, Interval: t.CheckpointInterval,
		Steps: t.Steps, Warmup: t.WarmupSteps, Rate: t.LearningRate, GateRate: t.GateLearningRate,
		FinalRate: t.FinalLearningRate, ClipNorm: t.ClipNorm, Trained: p.trained, Curriculum: p.curriculum,
		Directory: p.dir, SaveEvery: r.save, ConfigHash: r.hash,
	}, begin, step)
	if file != nil {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}
	return err
}

// vocabulary is the size of the model's.
func (r *cellRun) vocabulary() int {
	if r.folder != nil { // which may be larger than its tokenizer's
		return r.folder.Config.Vocabulary
	}
	return r.text.Tokenizer.Size()
}

// newModel makes the model that the cell's training starts from.
func (r *cellRun) newModel() (*models.Model, error) {
	if r.folder != nil {
		if err := r.folder.reads(r.settings.CorpusName, r.text.Tokenizer); err != nil {
			return nil, fmt.Errorf("experiments: %w", err)
		}
	}
	return newModel(r.folder, r.settings, r.vocabulary())
}

// noteMissing reports how many completed steps the training log lacks.
func (r *cellRun) noteMissing(name string, log []results.LogLine, done int) {
	if n := done - len(log); n > 0 {
		r.note(fmt.Sprintf("%s lacks %d of the first %d steps; the model is not affected", r.files.path(name), n, done))
	}
}

// saveModel keeps the trained model for the evaluation and for the user.
func (r *cellRun) saveModel(dir string, m *models.Model, tokens int64, more map[string]string) error {
	if err := r.saveTokenizer(filepath.Join(dir, "tokenizer.json")); err != nil {
		return err
	}
	extra := map[string]string{"config_hash": r.hash, "cell": r.cell.Key(), "tokenizer": r.text.Tokenizer.Name(), "corpus": r.cell.Corpus, "train_tokens": strconv.FormatInt(tokens, 10)}
	if r.settings.Baselines != (results.BaselineSettings{}) {
		extra[savedBaselines] = marshalBaselines(r.settings.Baselines)
	}
	if r.folder != nil { // what an export needs
		maps.Copy(extra, r.folder.Source().Extra())
	}
	maps.Copy(extra, more)
	return train.SaveModel(dir, m, extra)
}

// saveTokenizer writes the tokenizer, a pretrained model's byte for byte.
func (r *cellRun) saveTokenizer(path string) error {
	if r.folder != nil {
		return atomicfile.Write(path, r.folder.Source().Tokenizer)
	}
	return tokenizer.Save(r.text.Tokenizer, path)
}

// loadTiming resumes the cost of an earlier run.
func (r *cellRun) loadTiming() error {
	data, err := os.ReadFile(r.files.path("timing.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if r.timing, err = results.Parse[results.Timing](data); err != nil {
		return fmt.Errorf("experiments: %s: %w; delete the file; only the cost of this cell is lost", r.files.path("timing.json"), err)
	}
	return nil
}

func (r *cellRun) saveTiming() error {
	r.timing.PeakRSS = max(r.timing.PeakRSS, machine.PeakRSS())
	r.timing.Finished = today()
	return results.WriteJSON(r.files.path("timing.json"), r.timing)
}

// today is the date in UTC.
func today() string { return time.Now().UTC().Format(time.DateOnly) }

func gateRange(m *models.Model) (low, high float64) {
	for i, layer := range m.Gates() {
		if i == 0 {
			low, high = layer[0], layer[0]
		}
		low, high = min(low, slices.Min(layer)), max(high, slices.Max(layer))
	}
	return low, high
}

// measureFootprint compares the formula with the live state of one document; a difference is
// a bug.
func measureFootprint(m *models.Model) (results.Footprint, error) {
	formula, entries := m.Memory.Footprint(m.Config)
	f := results.Footprint{Formula: formula, Entries: entries, Bytes: 4 * entries, MeasuredBytes: m.NewState(1).Bytes()}
	if f.Bytes != f.MeasuredBytes {
		return f, fmt.Errorf("experiments: %s carries %d bytes, its formula %s says %d", m.Memory.Name(), f.MeasuredBytes, formula, f.Bytes)
	}
	return f, nil
}
