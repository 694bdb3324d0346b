package experiments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/atomicfile"
	"infinibench/internal/machine"
	"infinibench/internal/seal"
	"infinibench/internal/train"
	"infinibench/models"
)

// advance is told of tokens trained on or scored: just now, or before, by a run that
// this one goes on from.
type advance func(phase string, tokens int, before bool)

// cellRun makes one cell of the perplexity experiment (paper Table 2).
type cellRun struct {
	profile  string
	cell     Cell
	settings CellSettings
	config   []byte
	hash     string
	files    cellFiles
	text     *Text
	version  string
	save     int // steps between checkpoints

	advance advance
	note    func(string) // told what there is to say
	timing  Timing
}

func newCellRun(o Options, c Cell, files cellFiles, text *Text, told advance) *cellRun {
	p := o.Profile
	return &cellRun{
		profile: p.Name, cell: c, settings: p.Settings(c), config: p.Config(c), hash: p.Hash(c),
		files: files, text: text, version: o.Version, save: p.SaveEvery, advance: told, note: func(string) {},
	}
}

// run trains, scores and writes the result. Whatever an earlier run with the same
// settings left behind is gone on from.
func (r *cellRun) run(ctx context.Context, note func(string)) (*Result, error) {
	replaced, err := r.files.prepare(r.config)
	if err != nil {
		return nil, err
	}
	if replaced {
		note(r.cell.Key() + ": the settings or the data have changed: made anew")
	}
	if err := r.loadTiming(); err != nil {
		return nil, err
	}
	if err := stopForPairs(r.text, r.settings.Corpus); err != nil {
		return nil, err
	}
	m, err := r.trained(ctx)
	if err != nil {
		return nil, err
	}
	if m.Memory, err = NewMemory(r.cell.Model, r.settings.Baselines.evaluated()); err != nil {
		return nil, err
	}
	samples, err := loadSamples(r.text, r.settings.Corpus)
	if err != nil {
		return nil, err
	}
	scores, err := r.score(ctx, m, samples)
	if err != nil {
		return nil, err
	}
	data, officialWords := describeData(r.text, r.settings.Corpus, samples)
	perplexity, err := sum(scores, officialWords)
	if err != nil {
		return nil, err
	}
	footprint, err := measureFootprint(m)
	if err != nil {
		return nil, err
	}
	result := &Result{
		Version: ResultVersion, Profile: r.profile, Cell: r.cell, ConfigHash: r.hash, Status: StatusDone,
		Protocol: protocol(r.text, r.settings.Corpus, data), Scale: r.scale(m, data), Data: data,
		Perplexity: perplexity, Gates: m.Gates(), Footprint: footprint,
		Settings: r.settings, Environment: ThisEnvironment(r.version, r.settings.Threads),
	}
	for _, left := range data.LeftOut {
		result.Warnings = append(result.Warnings, left.String())
	}
	if perplexity.Shuffled == nil && m.Stateful() {
		result.Warnings = append(result.Warnings, "no score with another document's memory: a document was scored on its own and had no neighbour")
	}
	if err := r.saveTiming(); err != nil {
		return nil, err
	}
	// Kept until now, so that a damaged model costs the last steps only.
	if err := train.ForgetProgress(r.files.checkpoint()); err != nil {
		return nil, err
	}
	return result, r.files.finish(result)
}

// phase is one training of a cell, of which it may have several.
type phase struct {
	dir      string // of its checkpoints
	log      string // its file
	training TrainingSettings
	length   int // tokens of a sequence
	begin    func() (*models.Model, error)
	source   func() (train.Source, error)
	// What it costs; interruptions left out.
	seconds *float64
	tokens  *int64
}

// trained returns the trained model of a cell that is trained once, from scratch.
func (r *cellRun) trained(ctx context.Context) (*models.Model, error) {
	s := r.settings
	return r.fit(ctx, phase{
		dir: r.files.checkpoint(), log: "metrics.jsonl", training: s.Training, length: s.Length,
		begin: func() (*models.Model, error) { return NewModel(s, r.text.Tokenizer.Size()) },
		source: func() (train.Source, error) {
			return newTrainingSource(r.text, s.Seed, s.Training.Batch, s.Length)
		},
		seconds: &r.timing.TrainSeconds, tokens: &r.timing.TrainTokens,
	})
}

// fit returns the model that a phase leads to: the one in the phase's directory when
// it is finished.
func (r *cellRun) fit(ctx context.Context, p phase) (*models.Model, error) {
	dir, t := p.dir, p.training
	log, err := readLog[LogLine](r.files.path(p.log))
	if err != nil {
		return nil, err
	}
	total := t.Steps * t.Batch * p.length
	if _, err := os.Stat(filepath.Join(dir, "model.safetensors")); err == nil {
		m, extra, err := LoadModel(dir)
		if err != nil {
			return nil, err
		}
		if extra["config_hash"] == r.hash {
			if m.Config.Vocabulary != r.text.Tokenizer.Size() {
				return nil, fmt.Errorf("experiments: %s has a vocabulary of %d, the tokenizer %s one of %d; delete the directory", dir, m.Config.Vocabulary, r.text.Tokenizer.Name(), r.text.Tokenizer.Size())
			}
			if *p.tokens, err = strconv.ParseInt(extra["train_tokens"], 10, 64); err != nil {
				return nil, fmt.Errorf("experiments: %s: train_tokens: %w", dir, err)
			}
			r.advance("train", total, true)
			r.missing(p.log, log, t.Steps)
			return m, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	m, err := p.begin()
	if err != nil {
		return nil, err
	}
	optimizer, err := train.NewOptimizer(t.Optimizer, m.Params, t.WeightDecay)
	if err != nil {
		return nil, err
	}
	source, err := p.source()
	if err != nil {
		return nil, err
	}
	var file *atomicfile.File
	begin := func(done int) error {
		keep := slices.IndexFunc(log, func(l LogLine) bool { return l.Step > done })
		if keep >= 0 {
			log = log[:keep]
		}
		r.missing(p.log, log, done)
		r.advance("train", done*t.Batch*p.length, true)
		file, err = openLog(r.files.path(p.log), log)
		return err
	}
	step := func(l train.Line) error {
		line := LogLine{Step: l.Step, Loss: l.Loss, Tokens: l.Tokens, LearningRate: l.LearningRate, GradNorm: l.GradNorm, Seconds: l.Seconds, Auxiliary: l.Auxiliary}
		line.GateMin, line.GateMax = gateRange(m)
		log = append(log, line)
		*p.seconds, *p.tokens = l.Seconds, l.Tokens
		r.advance("train", t.Batch*p.length, false)
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
		FinalRate: t.FinalLearningRate, ClipNorm: t.ClipNorm,
		Directory: dir, SaveEvery: r.save, ConfigHash: r.hash,
	}, begin, step)
	if file != nil {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}
	if err != nil {
		return nil, err
	}
	if err := r.saveTiming(); err != nil {
		return nil, err
	}
	return m, r.saveModel(dir, m, *p.tokens)
}

// missing says how many of the steps that were done the training log lacks.
func (r *cellRun) missing(name string, log []LogLine, done int) {
	if n := done - len(log); n > 0 {
		r.note(fmt.Sprintf("%s lacks %d of the first %d steps: the model is not concerned", r.files.path(name), n, done))
	}
}

// saveModel keeps the trained model for the evaluation and for the user.
func (r *cellRun) saveModel(dir string, m *models.Model, tokens int64) error {
	if err := tokenizer.Save(r.text.Tokenizer, filepath.Join(dir, "tokenizer.json")); err != nil {
		return err
	}
	extra := map[string]string{"config_hash": r.hash, "cell": r.cell.Key(), "tokenizer": r.text.Tokenizer.Name(), "corpus": r.cell.Corpus, "train_tokens": strconv.FormatInt(tokens, 10)}
	if r.settings.Baselines != (BaselineSettings{}) {
		extra[savedBaselines] = r.settings.Baselines.saved()
	}
	return train.SaveModel(dir, m, extra)
}

// loadTiming goes on from what an earlier run has cost.
func (r *cellRun) loadTiming() error {
	data, err := os.ReadFile(r.files.path("timing.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := seal.Unmarshal(data, &r.timing); err != nil {
		return fmt.Errorf("experiments: %s: %w; delete the file: only the cost of this cell is lost", r.files.path("timing.json"), err)
	}
	return nil
}

func (r *cellRun) saveTiming() error {
	r.timing.PeakRSS = max(r.timing.PeakRSS, machine.PeakRSS())
	return writeJSON(r.files.path("timing.json"), r.timing)
}

// score evaluates the documents that samples.jsonl does not hold yet.
func (r *cellRun) score(ctx context.Context, m *models.Model, samples []sample) ([]SampleScore, error) {
	lines, err := readLog[SampleScore](r.files.path("samples.jsonl"))
	if err != nil {
		return nil, err
	}
	done := map[string]SampleScore{}
	for _, l := range lines {
		done[l.ID] = l
	}
	file, err := openLog(r.files.path("samples.jsonl"), lines)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	start := time.Now()
	save := func(scores []SampleScore) error {
		for _, s := range scores {
			r.timing.EvalTokens += s.Tokens[Intact]
		}
		r.timing.EvalSeconds += time.Since(start).Seconds()
		start = time.Now()
		if err := r.saveTiming(); err != nil {
			return err
		}
		if err := appendLine(file, scores...); err != nil {
			return err
		}
		return file.Sync()
	}
	return scoreSamples(ctx, m, samples, r.settings.Evaluation, done, save, func(tokens int, before bool) { r.advance("evaluate", tokens, before) })
}

func gateRange(m *models.Model) (low, high float64) {
	for i, layer := range m.Gates() {
		if i == 0 {
			low, high = layer[0], layer[0]
		}
		low, high = min(low, slices.Min(layer)), max(high, slices.Max(layer))
	}
	return low, high
}

// mtBudget is the tokens the Memorizing Transformer was trained on; the paper, which
// compares itself with that, does not state its own.
const mtBudget = 65_000_000_000

// scale says how large the run was. It is the paper's only when everything the
// paper states is, the model is the paper's in every switch, and all of the official
// split is scored after a comparable training.
func (r *cellRun) scale(m *models.Model, note DataNote) Scale {
	c, t := m.Config, r.settings.Training
	s := Scale{
		Parameters: m.Parameters(), Layers: c.Layers, DModel: c.Width(), Heads: c.Heads, Segment: c.Segment,
		TrainLength: r.settings.Length, Batch: t.Batch, Steps: t.Steps, TrainTokens: r.timing.TrainTokens,
	}
	s.PaperScale = c.Layers == 12 && c.Heads == 8 && c.HeadSize == 128 && c.FFN == 4096 && c.Segment == 2048 &&
		(s.TrainLength == 32768 || s.TrainLength == 49*2048) && t.Batch == 64 && t.Optimizer == "adafactor" &&
		t.LearningRate == 0.01 && t.WarmupSteps == 1000 && s.TrainTokens >= mtBudget && !c.UngatedStart && !c.MemoryPositions &&
		r.settings.Baselines == paperBaselines.of(r.cell.Model) &&
		note.Certificate.Official && note.Truncated == 0 && note.Documents == note.Certificate.Splits[note.Split].OfficialDocuments
	return s
}

// measureFootprint holds the formula against the live state of one document; that
// they differ is an error of the program.
func measureFootprint(m *models.Model) (Footprint, error) {
	formula, entries := m.Memory.Footprint(m.Config)
	f := Footprint{Formula: formula, Entries: entries, Bytes: 4 * entries, MeasuredBytes: m.NewState(1).Bytes()}
	if f.Bytes != f.MeasuredBytes {
		return f, fmt.Errorf("experiments: %s carries %d bytes, its formula %s says %d", m.Memory.Name(), f.MeasuredBytes, formula, f.Bytes)
	}
	return f, nil
}
