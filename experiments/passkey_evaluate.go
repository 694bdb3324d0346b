package experiments

import (
	"context"

	"infinibench/datasets/passkey"
	"infinibench/internal/atomicfile"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/models"
)

// passkeySave is the number of tokens, over all samples of a batch, read between two saves of
// the state: a kill loses at most these.
const passkeySave = 1 << 20

// passkeyEvaluation reads and answers the prompts of a stage. They all have the same filler,
// so the text before a needle is read once and its state is kept: the prefix. Then the batches
// of samples follow one after another, each with all streams.
type passkeyEvaluation struct {
	*passkeyRun
	model   *models.Model
	stage   passkeyStage
	streams []passkeyStream
	prefix  []*models.State // of one document, before each stream; nil: not reached yet
	at      passkeyProgress
	state   *models.State // of the batch at hand, or of the prefix
	saved   bool          // `at` and `state` were read from a file and not used yet
	lines   []results.PasskeyAnswer
	file    *atomicfile.File
	unsaved int // tokens read
}

// evaluate asks all prompts of a stage and returns the answers.
func (r *passkeyRun) evaluate(ctx context.Context, m *models.Model, stage passkeyStage) ([]results.PasskeyAnswer, error) {
	prompts, err := passkeyPrompts(r.settings.Passkey, r.task)
	if err != nil {
		return nil, err
	}
	return r.answer(ctx, m, stage, prompts)
}

// answer asks prompts and returns the answers. It resumes where an earlier run stopped, even
// in the middle of a prompt.
func (r *passkeyRun) answer(ctx context.Context, m *models.Model, stage passkeyStage, prompts []passkeyPrompt) (_ []results.PasskeyAnswer, err error) {
	e := &passkeyEvaluation{passkeyRun: r, model: m, stage: stage}
	if e.streams, err = passkeyStreams(r.task, prompts); err != nil {
		return nil, err
	}
	e.prefix = make([]*models.State, len(e.streams))
	name := "samples-" + stage.name + ".jsonl"
	if e.lines, err = results.ReadLog[results.PasskeyAnswer](r.files.path(name)); err != nil {
		return nil, err
	}
	e.lines = e.lines[:e.intact()]
	total := readTokens(e.streams, m.Config.Segment, stage.samples)
	if len(e.lines) == len(prompts)*stage.samples {
		r.advance("evaluate", total, true)
		return e.lines, nil
	}
	if e.file, err = openLog(r.files.path(name), e.lines); err != nil {
		return nil, err
	}
	err = e.load()
	if err == nil {
		err = e.run(ctx)
	}
	if closed := e.file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = atomicfile.RemoveAll(e.path())
	}
	return e.lines, err
}

// readTokens is how many tokens an evaluation reads, apart from the last segment of each
// prompt.
func readTokens(streams []passkeyStream, segment, samples int) int {
	last := streams[len(streams)-1]
	n := last.from(segment)
	for _, s := range streams {
		n += samples * (s.prompts[len(s.prompts)-1].until(segment) - s.from(segment))
	}
	return n
}

func (e *passkeyEvaluation) run(ctx context.Context) error {
	batch := e.settings.Passkey.Batch
	if e.at.Batch == prefixBatch {
		if err := e.readPrefix(ctx); err != nil {
			return err
		}
		e.at = passkeyProgress{ConfigHash: e.hash, Stage: e.stage.name}
	}
	readers := map[int]*passkeyReader{} // by batch size, which is fixed in a pass
	for first := e.at.Batch * batch; first < e.stage.samples; first += batch {
		keys := e.keys[first:min(first+batch, e.stage.samples)]
		reader := readers[len(keys)]
		if reader == nil {
			reader = newPasskeyReader(e.model, len(keys), e.text.Tokenizer.Size())
			readers[len(keys)] = reader
		}
		for ; e.at.Stream < len(e.streams); e.at.Stream++ {
			if err := e.stream(ctx, reader, first, keys); err != nil {
				return err
			}
		}
		e.at = passkeyProgress{ConfigHash: e.hash, Stage: e.stage.name, Batch: e.at.Batch + 1}
	}
	return nil
}

// readPrefix keeps the state before each stream.
func (e *passkeyEvaluation) readPrefix(ctx context.Context) error {
	n := e.model.Config.Segment
	last := e.streams[len(e.streams)-1]
	x, err := e.task.Prompt(last.prompts[len(last.prompts)-1].prompt(0))
	if err != nil {
		return err
	}
	if !e.saved {
		e.state = e.model.NewState(1)
	}
	e.saved = false
	reader := newPasskeyReader(e.model, 1, e.text.Tokenizer.Size())
	for ; e.at.Stream < len(e.streams); e.at.Stream++ {
		if err := e.read(ctx, reader, [][]int32{x.IDs}, e.streams[e.at.Stream].from(n)); err != nil {
			return err
		}
		e.prefix[e.at.Stream] = e.model.NewState(1)
		e.prefix[e.at.Stream].Copy(e.state)
	}
	return nil
}

// stream reads one stream with every key of a batch and asks its questions.
func (e *passkeyEvaluation) stream(ctx context.Context, reader *passkeyReader, first int, keys []passkey.Key) error {
	s, n := e.streams[e.at.Stream], e.model.Config.Segment
	documents := make([][]int32, len(keys))
	for i, k := range keys {
		x, err := e.task.Prompt(s.prompts[len(s.prompts)-1].prompt(k))
		if err != nil {
			return err
		}
		documents[i] = x.IDs
	}
	if !e.saved {
		e.state = e.model.NewState(len(keys))
		for i := range keys {
			e.state.CopyDocument(i, e.prefix[e.at.Stream], 0)
		}
		e.at.Token = s.from(n)
	}
	e.saved = false
	for _, a := range s.prompts {
		if e.at.Token > a.until(n) {
			continue // answered before the state was saved
		}
		if err := e.read(ctx, reader, documents, a.until(n)); err != nil {
			return err
		}
		if err := e.ask(reader, a, first, keys); err != nil {
			return err
		}
	}
	return nil
}

// readAtOnce is the number of tokens of each document read between two checks of the context.
const readAtOnce = 1 << 13

// read advances the state to a token. It saves the state periodically and when the context
// ends.
func (e *passkeyEvaluation) read(ctx context.Context, reader *passkeyReader, documents [][]int32, to int) error {
	start := machine.WorkTime()
	cost := stageTiming(&e.timing, e.stage.name)
	defer func() { cost.EvalSeconds += (machine.WorkTime() - start).Seconds() }()
	n := e.model.Config.Segment
	for e.at.Token < to {
		pass := n * readAbreast(n)
		next := min(to, e.at.Token+max(n, readAtOnce/pass*pass))
		if err := reader.read(e.state, documents, e.at.Token, next); err != nil {
			return err
		}
		tokens := (next - e.at.Token) * len(documents)
		e.at.Token = next
		e.advance("evaluate", tokens, false)
		if e.model.Stateful() { // the others look at the last segment alone
			cost.EvalTokens += int64(tokens)
		}
		if e.unsaved += tokens; e.unsaved >= passkeySave || ctx.Err() != nil {
			if err := e.save(); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// ask generates the answers of all documents to one prompt and saves them, unless an earlier
// run did.
func (e *passkeyEvaluation) ask(reader *passkeyReader, a passkeyPrompt, first int, keys []passkey.Key) error {
	for _, l := range e.lines {
		if a.matches(l) && l.Sample == first {
			return nil
		}
	}
	n := e.model.Config.Segment
	var prompts []promptEnd
	for _, k := range keys {
		x, err := a.end(e.task, k, n)
		if err != nil {
			return err
		}
		prompts = append(prompts, x)
	}
	output, probability, err := reader.answers(e.state, prompts)
	if err != nil {
		return err
	}
	var zeroed [][]int32
	if e.model.Stateful() {
		if zeroed, _, err = reader.answers(e.model.NewState(len(keys)), prompts); err != nil {
			return err
		}
	}
	var fresh []results.PasskeyAnswer
	for i, x := range prompts {
		l := results.PasskeyAnswer{
			Stage: e.stage.name, Kind: a.Kind, Length: a.Length, Position: a.Position, Sample: first + i,
			Key: keys[i], Needle: x.record.Needle, Writes: a.until(n)/n - x.record.Needle.Last/n, Hash: x.record.Hash, Probability: probability[i],
		}
		for k, want := range x.record.Answer {
			t, err := e.token(output[i][k])
			if err != nil {
				return err
			}
			l.Output = append(l.Output, t)
			l.Right = append(l.Right, output[i][k] == want)
			if zeroed != nil {
				l.Zeroed = append(l.Zeroed, zeroed[i][k] == want)
			}
		}
		fresh = append(fresh, l)
	}
	e.lines = append(e.lines, fresh...)
	return appendLine(e.file, fresh...)
}
