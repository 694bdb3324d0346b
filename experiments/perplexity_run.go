package experiments

import (
	"context"

	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// makePerplexity trains a model, scores it and writes the result.
func makePerplexity(ctx context.Context, r *cellRun) error {
	if err := r.begin(); err != nil {
		return err
	}
	if err := stopForPairs(r.text, r.settings.Corpus); err != nil {
		return err
	}
	m, err := r.trained(ctx)
	if err != nil {
		return err
	}
	if m.Memory, err = NewMemory(r.cell.Model, evaluatedBaselines(r.settings.Baselines)); err != nil {
		return err
	}
	samples, err := loadSamples(r.text, r.settings.Corpus)
	if err != nil {
		return err
	}
	scores, err := r.score(ctx, m, samples)
	if err != nil {
		return err
	}
	result := r.result()
	var officialWords int64
	result.Data, officialWords = describeData(r.text, r.settings.Corpus, samples)
	if result.Perplexity, err = sum(scores, officialWords); err != nil {
		return err
	}
	if result.Footprint, err = measureFootprint(m); err != nil {
		return err
	}
	result.Protocol, result.Scale, result.Gates = protocol(r.text, r.settings.Corpus, result.Data), r.scale(m, result.Data), m.Gates()
	for _, left := range result.Data.LeftOut {
		result.Warnings = append(result.Warnings, left.String())
	}
	if result.Perplexity.Shuffled == nil && m.Stateful() {
		result.Warnings = append(result.Warnings, "no score with another document's memory: a document was scored on its own and had no neighbour")
	}
	if err := r.saveTiming(); err != nil {
		return err
	}
	// Kept until now, so that a damaged model costs the last steps only.
	if err := train.ForgetProgress(r.files.checkpoint()); err != nil {
		return err
	}
	return r.files.finish(result)
}

// score evaluates the documents that samples.jsonl does not hold yet.
func (r *cellRun) score(ctx context.Context, m *models.Model, samples []sample) ([]SampleScore, error) {
	lines, err := results.ReadLog[SampleScore](r.files.path("samples.jsonl"))
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
	start := machine.WorkTime()
	save := func(scores []SampleScore) error {
		for _, s := range scores {
			r.timing.EvalTokens += s.Tokens[Intact]
		}
		r.timing.EvalSeconds += (machine.WorkTime() - start).Seconds()
		start = machine.WorkTime()
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

// mtBudget is the tokens the Memorizing Transformer was trained on; the paper, which
// compares itself with that, does not state its own.
const mtBudget = 65_000_000_000

// scale returns the size of the run. It is the paper's only if every setting that the paper
// states and every switch of the model match, and the whole official split is scored after a
// comparable training.
func (r *cellRun) scale(m *models.Model, note results.DataNote) results.Scale {
	c, t := m.Config, r.settings.Training
	s := results.Scale{
		Parameters: m.Parameters(), Layers: c.Layers, DModel: c.Width(), Heads: c.Heads, Segment: c.Segment,
		TrainLength: r.settings.Length, Batch: t.Batch, Steps: t.Steps, TrainTokens: r.timing.TrainTokens,
	}
	s.PaperScale = c.Layers == 12 && c.Heads == 8 && c.HeadSize == 128 && c.FFN == 4096 && c.Segment == 2048 &&
		(s.TrainLength == 32768 || s.TrainLength == 49*2048) && t.Batch == 64 && t.Optimizer == "adafactor" &&
		t.LearningRate == 0.01 && t.WarmupSteps == 1000 && s.TrainTokens >= mtBudget && !c.UngatedStart && !c.MemoryPositions &&
		r.settings.Baselines == baselinesFor(paperBaselines, r.cell.Model) &&
		note.Certificate.Official && note.Truncated == 0 && note.Documents == note.Certificate.Splits[note.Split].OfficialDocuments
	return s
}
