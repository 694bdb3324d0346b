package experiments

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// makeBooksum trains in two phases, samples the summaries and writes the result.
func makeBooksum(ctx context.Context, r *cellRun) error {
	if err := r.begin(); err != nil {
		return err
	}
	task, err := newSummaryTask(r.text, r.settings.Booksum)
	if err != nil {
		return err
	}
	split := datasets.Split(r.settings.Corpus.Split)
	if err := task.usable(split, r.note); err != nil {
		return err
	}
	m, err := r.finetuned(ctx, task)
	if err != nil {
		return err
	}
	if m.Memory, err = NewMemory(r.cell.Model, evaluatedBaselines(r.settings.Baselines)); err != nil {
		return err
	}
	lead, err := task.meanWords()
	if err != nil {
		return err
	}
	books, err := r.readBooks(ctx, newBookReader(m, task, r.settings.Seed, lead, func(tokens int, before bool) {
		if r.advance("summarise", tokens, before); !before {
			stageTiming(&r.timing, "finetuning").EvalTokens += int64(tokens)
		}
	}), split)
	if err != nil {
		return err
	}
	result := r.result()
	if result.Footprint, err = measureFootprint(m); err != nil {
		return err
	}
	result.Data = describeBooks(r.text, split, len(books))
	result.Protocol, result.Scale = task.protocol(split, result.Data), r.booksumScale(m)
	result.Booksum, result.Gates = sumBooksum(task, split, books, lead), m.Gates()
	if n := len(result.Booksum.Problems); n > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf("%d listed pairs cannot be used and were left out", n))
	}
	if n := result.Booksum.Invisible; n > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf("%d of %d references have no word that ROUGE sees (a to z, 0 to 9), so every summary of them scores 0", n, len(books)))
	}
	for _, s := range []datasets.Split{datasets.Train, split} {
		if c := task.pairs.Coverage(s); len(c.Doubts) > 0 {
			result.Warnings = append(result.Warnings, doubts(c, s))
		}
	}
	sumStages(&r.timing)
	if err := r.saveTiming(); err != nil {
		return err
	}
	// Kept until now, so that a damaged model costs the last steps only.
	for _, dir := range []string{r.files.checkpoint(), r.files.pretrained()} {
		if err := train.ForgetProgress(dir); err != nil {
			return err
		}
	}
	return r.files.finish(result)
}

// usable reports unusable pairs through note. It returns an error if there are any and the
// profile says to stop.
func (x *summaryTask) usable(split datasets.Split, note func(string)) error {
	var problems []string
	for _, s := range []datasets.Split{datasets.Train, split} {
		c := x.pairs.Coverage(s)
		for _, p := range c.Problems {
			problems = append(problems, p.String())
		}
		if len(c.Problems) > 0 {
			note(fmt.Sprintf("%s: %d of %d %s pairs can be used", x.pairs.Name(), c.Usable, c.Listed, s))
		}
		if len(c.Doubts) > 0 {
			note(fmt.Sprintf("%s: %s", x.pairs.Name(), doubts(c, s)))
		}
		if x.pairs.Len(s) == 0 {
			return fmt.Errorf("experiments: %s has no usable %s pairs: %s", x.pairs.Name(), s, strings.Join(problems, "; "))
		}
	}
	if len(problems) > 0 && x.settings.BadPairs == "stop" {
		return fmt.Errorf("experiments: %d pairs of %s cannot be used: %s; correct them, or set booksum.bad_pairs to skip", len(problems), x.pairs.Name(), strings.Join(problems, "; "))
	}
	return nil
}

// doubts warns of summaries that do not look like plain text.
func doubts(c booksum.Coverage, split datasets.Split) string {
	return fmt.Sprintf("%d of %d %s summaries do not look like plain text, such as %s", len(c.Doubts), c.Usable, split, c.Doubts[0])
}

// pretrained is the directory of the first phase's model.
func (c cellFiles) pretrained() string { return filepath.Join(c.checkpoint(), "pretrained") }

// finetuned is the model after both phases: continual pre-training on books, and
// fine-tuning on books with their summaries.
func (r *cellRun) finetuned(ctx context.Context, x *summaryTask) (*models.Model, error) {
	s, b := r.settings, r.settings.Booksum
	if err := os.MkdirAll(r.files.pretrained(), 0o755); err != nil {
		return nil, err
	}
	pretraining, finetuning := stageTiming(&r.timing, "pretraining"), stageTiming(&r.timing, "finetuning")
	first := phase{
		dir: r.files.pretrained(), log: "pretraining.jsonl", training: phaseTraining(b.Pretraining, s.Training), length: b.Pretraining.Length,
		curriculum: s.Baselines.Curriculum(),
		begin:      r.newModel,
		source: func() (train.Source, error) {
			return newTrainingSource(r.text, s.Seed, b.Pretraining.Batch, b.Pretraining.Length)
		},
		seconds: &pretraining.TrainSeconds, tokens: &pretraining.TrainTokens,
	}
	// Also when the second phase is done: the cost of the first is part of the result.
	m, err := r.fit(ctx, first)
	if err != nil {
		return nil, err
	}
	if m.Memory, err = NewMemory(r.cell.Model, s.Baselines); err != nil { // one that was loaded is set to be evaluated
		return nil, err
	}
	m, err = r.fit(ctx, phase{
		dir: r.files.checkpoint(), log: "metrics.jsonl", training: s.Training, length: s.Length,
		begin:   func() (*models.Model, error) { return m, nil },
		source:  func() (train.Source, error) { return newSummarySource(x, s.Seed, s.Training.Batch) },
		seconds: &finetuning.TrainSeconds, tokens: &finetuning.TrainTokens,
	})
	// Only summary tokens carry a loss, but the speed counts all tokens that were read.
	pretraining.TrainTokens, finetuning.TrainTokens = booksumPhaseTokens(b)
	return m, err
}

// readBooks computes the readings that samples.jsonl lacks.
func (r *cellRun) readBooks(ctx context.Context, reader *bookReader, split datasets.Split) ([]results.BooksumBook, error) {
	lines, err := results.ReadLog[results.BooksumReading](r.files.path("samples.jsonl"))
	if err != nil {
		return nil, err
	}
	done := map[string]map[int]results.BooksumReading{}
	for _, l := range lines {
		if done[l.ID] == nil {
			done[l.ID] = map[int]results.BooksumReading{}
		}
		done[l.ID][l.Length] = l
	}
	file, err := openLog(r.files.path("samples.jsonl"), lines)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	start := machine.WorkTime()
	save := func(reading results.BooksumReading) error {
		stageTiming(&r.timing, "finetuning").EvalSeconds += (machine.WorkTime() - start).Seconds()
		sumStages(&r.timing)
		start = machine.WorkTime()
		if err := r.saveTiming(); err != nil {
			return err
		}
		if err := appendLine(file, reading); err != nil {
			return err
		}
		return file.Sync()
	}
	n := reader.task.pairs.Len(split)
	if limit := r.settings.Corpus.Documents; limit > 0 {
		n = min(n, limit)
	}
	var books []results.BooksumBook
	for i := range n {
		pair, err := reader.task.pairs.Pair(split, i)
		if err != nil {
			return nil, err
		}
		book, err := reader.book(ctx, pair, i, done[pair.ID], save)
		if err != nil {
			return nil, err
		}
		books = append(books, book)
	}
	return books, nil
}

// describeBooks says which books the numbers are about.
func describeBooks(t *TokenizedCorpus, split datasets.Split, books int) results.DataNote {
	note := results.DataNote{Certificate: t.Corpus.Certificate(), Split: split, Documents: books, Tokenizer: t.Tokenizer.Name(), WordRule: "whitespace words"}
	if !note.Certificate.Official {
		note.Note = fmt.Sprintf("%s, %d %s books", note.Certificate.StandIn, books, split)
	} else if n := note.Certificate.Splits[split].OfficialDocuments; books < n {
		note.Note = fmt.Sprintf("%d of %d %s books", books, n, split)
	}
	return note
}

// protocol is the id of the scoring protocol.
func (x *summaryTask) protocol(split datasets.Split, note results.DataNote) string {
	s := x.settings
	return fmt.Sprintf("%s/%s/%s/%d-books/%d-tokens/temperature-%g/top-p-%g/%d-decodes/rouge-unstemmed/v%d",
		x.pairs.Name(), split, note.Tokenizer, note.Documents, s.SummaryTokens, s.Temperature, s.TopP, s.Decodes, ProtocolVersion)
}

// booksumScale describes the size of the run. The paper's model has 8 billion weights.
func (r *cellRun) booksumScale(m *models.Model) results.Scale {
	c, t := m.Config, r.settings.Training
	return results.Scale{
		Parameters: m.Parameters(), Layers: c.Layers, DModel: c.Width(), Heads: c.Heads, Segment: c.Segment,
		TrainLength: r.settings.Length, Batch: t.Batch, Steps: r.settings.Booksum.Pretraining.Steps + t.Steps,
		TrainTokens: int64(booksumTrainTokens(r.settings.Booksum)),
	}
}
