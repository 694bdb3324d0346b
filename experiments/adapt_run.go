package experiments

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"infinibench/internal/atomicfile"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// adaptRun runs one cell: the base with one memory or with none.
type adaptRun struct {
	*cellRun
	base    *adaptBase
	samples []sample

	file  *atomicfile.File                  // samples.jsonl
	lines map[string]map[string]SampleScore // in it, by reading and document
	note  results.DataNote
	words int64 // official count
}

// adaptLine is a line of samples.jsonl: the score of a document in one reading.
type adaptLine struct {
	Reading string `json:"reading"`
	SampleScore
}

func makeAdapt(ctx context.Context, r *cellRun) (err error) {
	if err := r.begin(); err != nil {
		return err
	}
	if err := stopForPairs(r.text, r.settings.Corpus); err != nil {
		return err
	}
	run := &adaptRun{cellRun: r, lines: map[string]map[string]SampleScore{}}
	if run.base, err = openAdaptBase(ctx, r); err != nil {
		return err
	}
	if run.samples, err = loadSamples(r.text, r.settings.Corpus); err != nil {
		return err
	}
	run.note, run.words = describeData(r.text, r.settings.Corpus, run.samples)
	lines, err := results.ReadLog[adaptLine](r.files.path("samples.jsonl"))
	if err != nil {
		return err
	}
	for _, l := range lines {
		if run.lines[l.Reading] == nil {
			run.lines[l.Reading] = map[string]SampleScore{}
		}
		run.lines[l.Reading][l.ID] = l.SampleScore
	}
	if run.file, err = openLog(r.files.path("samples.jsonl"), lines); err != nil {
		return err
	}
	defer run.file.Close()
	return run.make(ctx)
}

// make scores the base as it is and after each training, and writes the result.
func (r *adaptRun) make(ctx context.Context) error {
	result := r.result()
	result.Adapt = &results.Adapt{Base: r.base.note}
	rows, err := r.untrained(ctx)
	if err != nil {
		return err
	}
	result.Adapt.Rows = rows
	for i, w := range r.settings.Adapt.Ways {
		if r.cell.Model == adaptControl && w.Train == results.AdaptGates {
			continue // it has none
		}
		m, err := r.train(ctx, i)
		if err != nil {
			return err
		}
		row, err := r.row(ctx, m, fmt.Sprintf("trained-%d", i+1), adaptStage(i), results.AdaptRow{Kind: results.AdaptTrained, Way: &w})
		if err != nil {
			return err
		}
		result.Adapt.Rows = append(result.Adapt.Rows, row)
	}
	m, err := r.load(r.cell.Model, r.settings.Adapt.Segment, 0)
	if err != nil {
		return err
	}
	if result.Footprint, err = measureFootprint(m); err != nil {
		return err
	}
	result.Data, result.Protocol, result.Scale = r.note, protocol(r.text, r.settings.Corpus, r.note), r.scale(m, r.note)
	for _, left := range r.note.LeftOut {
		result.Warnings = append(result.Warnings, left.String())
	}
	sumStages(&r.timing)
	if err := r.saveTiming(); err != nil {
		return err
	}
	// Kept until now, so that a damaged model costs the last steps only.
	for i := range r.settings.Adapt.Ways {
		if err := train.ForgetProgress(r.directory(i)); err != nil {
			return err
		}
	}
	return r.files.finish(result)
}

// untrained scores the base, or the base with a memory plugged in.
func (r *adaptRun) untrained(ctx context.Context) (rows []results.AdaptRow, err error) {
	s := r.settings.Adapt
	add := func(name string, segment int, gate float64, row results.AdaptRow) error {
		m, err := r.load(r.cell.Model, segment, gate)
		if err == nil {
			row, err = r.row(ctx, m, name, "untrained", row)
		}
		rows = append(rows, row)
		return err
	}
	if r.cell.Model != adaptControl {
		for i, gate := range adaptGateInits(s.Ways) {
			if err := add(fmt.Sprintf("plugged-%d", i+1), s.Segment, gate, results.AdaptRow{Kind: results.AdaptPlugged, Way: &results.AdaptWay{GateInit: gate}}); err != nil {
				return nil, err
			}
		}
		return rows, nil
	}
	if n := r.base.note.Context; n != s.Segment {
		if err := add("context", n, 0, results.AdaptRow{Kind: results.AdaptContext}); err != nil {
			return nil, err
		}
	}
	return rows, add("cut", s.Segment, 0, results.AdaptRow{Kind: results.AdaptCut})
}

// load is the base with a memory.
func (r *adaptRun) load(memory string, segment int, gate float64) (*models.Model, error) {
	c := r.base.folder.Config
	c.Segment, c.GateInit, c.UngatedStart = segment, gate, r.settings.Adapt.UngatedStart
	c.MemoryEpsilon, c.MemoryPositions = r.settings.Model.MemoryEpsilon, r.settings.Model.MemoryPositions
	return loadAdapt(r.base.folder, c, memory, r.settings)
}

// Each way has a directory, a training log and a line in the timing.

func (r *adaptRun) directory(way int) string {
	return filepath.Join(r.files.checkpoint(), adaptStage(way))
}

func adaptStage(way int) string { return fmt.Sprintf("way-%d", way+1) }

// adaptLog is the training log of a way. The first is the one that a report shows.
func adaptLog(way int) string {
	if way == 0 {
		return "metrics.jsonl"
	}
	return "metrics-" + adaptStage(way) + ".jsonl"
}

// train returns the model of a way.
func (r *adaptRun) train(ctx context.Context, i int) (*models.Model, error) {
	s, w := r.settings, r.settings.Adapt.Ways[i]
	t := s.Training
	t.GateLearningRate = w.GateLearningRate
	cost := stageTiming(&r.timing, adaptStage(i))
	if err := os.MkdirAll(r.directory(i), 0o755); err != nil {
		return nil, err
	}
	m, err := r.fit(ctx, phase{
		dir: r.directory(i), log: adaptLog(i), training: t, length: s.Length, trained: adaptTrained(w.Train),
		begin:   func() (*models.Model, error) { return r.load(r.cell.Model, s.Adapt.Segment, w.GateInit) },
		source:  func() (train.Source, error) { return newTrainingSource(r.text, s.Seed, t.Batch, s.Length) },
		extra:   r.base.folder.Source().Extra(),
		seconds: &cost.TrainSeconds, tokens: &cost.TrainTokens,
	})
	if err != nil {
		return nil, err
	}
	m.Memory, err = NewMemory(r.cell.Model, evaluatedBaselines(s.Baselines))
	return m, err
}

// adaptTrained selects the weights that a way trains; nil is all.
func adaptTrained(train string) func(*models.Param) bool {
	if train == results.AdaptAll {
		return nil
	}
	return func(p *models.Param) bool {
		norm := p.Group == models.Vector && strings.Contains(p.Name, "norm")
		return p.Group == models.Gate || norm && train == results.AdaptGatesAndNorms
	}
}

// row scores a model on the corpus and on the base's own texts. It scores a model trained
// with a memory without using the memory as well.
func (r *adaptRun) row(ctx context.Context, m *models.Model, name, stage string, row results.AdaptRow) (results.AdaptRow, error) {
	row.Segment, row.Gates = m.Config.Segment, m.Gates()
	own, err := r.read(ctx, m, name+"/own", stage, r.base.own, false)
	if err != nil {
		return row, err
	}
	for _, s := range own {
		row.Own.NLL, row.Own.Tokens = row.Own.NLL+s.NLL[Intact], row.Own.Tokens+s.Tokens[Intact]
	}
	trained := row.Kind == results.AdaptTrained
	if row.Score, err = r.score(ctx, m, name, stage, trained); err != nil || !trained || row.Gates == nil {
		return row, err
	}
	defer shutGates(m)()
	row.Shut, err = r.score(ctx, m, name+"/shut", stage, false)
	return row, err
}

// score reads the corpus.
func (r *adaptRun) score(ctx context.Context, m *models.Model, name, stage string, ablate bool) (*results.Perplexity, error) {
	scores, err := r.read(ctx, m, name, stage, r.samples, ablate)
	if err != nil {
		return nil, err
	}
	p, err := sum(scores, r.words)
	if err != nil {
		return nil, err
	}
	p.Positions, p.Classes, p.Ages = nil, nil, nil
	return p, nil
}

// read scores the documents of a reading that samples.jsonl does not hold yet.
func (r *adaptRun) read(ctx context.Context, m *models.Model, name, stage string, samples []sample, ablate bool) ([]SampleScore, error) {
	start := machine.WorkTime()
	save := func(scores []SampleScore) error {
		cost := stageTiming(&r.timing, stage)
		lines := make([]adaptLine, len(scores))
		for i, s := range scores {
			cost.EvalTokens += s.Tokens[Intact]
			lines[i] = adaptLine{name, s}
		}
		cost.EvalSeconds += (machine.WorkTime() - start).Seconds()
		start = machine.WorkTime()
		sumStages(&r.timing)
		if err := r.saveTiming(); err != nil {
			return err
		}
		if err := appendLine(r.file, lines...); err != nil {
			return err
		}
		return r.file.Sync()
	}
	tick := func(tokens int, before bool) { r.advance("evaluate", tokens, before) }
	s := newStream(m, ablate, func(tokens int) { tick(tokens, false) })
	return s.scoreSamples(ctx, samples, r.settings.Evaluation, r.lines[name], save, tick)
}
