package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/results"
	"infinibench/models"
)

// PasskeyQuestions configures AskPasskeys.
type PasskeyQuestions struct {
	Lengths []int  // of the prompts with their answers, in tokens
	Samples int    // keys asked for at each length and position
	Batch   int    // prompts read side by side
	Seed    uint64 // of the keys
}

// PasskeyScores is what a model answered.
type PasskeyScores struct {
	results.PasskeyTask
	Grid []results.PasskeyScore `json:"grid"` // by length, then position
}

// AskPasskeys asks a model, as it is, for keys at the start, in the middle and at the end of
// prompts (paper, Table 3). The keys are of the test split. tick receives the tokens that
// were read, of the total; apart from the last segment of each prompt, these are all.
func AskPasskeys(ctx context.Context, m *models.Model, t tokenizer.Tokenizer, q PasskeyQuestions, tick func(tokens, total int)) (*PasskeyScores, error) {
	q.Lengths = slices.Compact(slices.Sorted(slices.Values(q.Lengths)))
	task, err := passkey.New(t)
	if err != nil {
		return nil, err
	}
	keys, err := passkey.Keys(datasets.Test, rand.New(rand.NewPCG(q.Seed, 0)))
	if err != nil {
		return nil, err
	}
	if q.Samples > len(keys) {
		return nil, fmt.Errorf("experiments: %d samples, but only %d keys are reserved for tests", q.Samples, len(keys))
	}
	prompts, err := passkeyGrid(q.Lengths)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-passkey-") // an evaluation keeps its answers in files
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &passkeyRun{
		cellRun: &cellRun{files: cellFiles(dir), text: &TokenizedCorpus{Tokenizer: t}},
		task:    task, keys: keys[:q.Samples],
	}
	r.settings.Passkey.Batch = q.Batch
	stage := passkeyStage{name: results.StageZeroShot, samples: q.Samples}
	if err := os.MkdirAll(r.directory(stage), 0o755); err != nil {
		return nil, err
	}
	streams, err := passkeyStreams(task, prompts)
	if err != nil {
		return nil, err
	}
	total := readTokens(streams, m.Config.Segment, q.Samples)
	r.advance = func(_ string, tokens int, _ bool) { tick(tokens, total) }
	lines, err := r.answer(ctx, m, stage, prompts)
	if err != nil {
		return nil, err
	}
	x, err := task.Prompt(prompts[0].prompt(keys[0]))
	if err != nil {
		return nil, err
	}
	scores := &PasskeyScores{PasskeyTask: results.PasskeyTask{
		Tokenizer: x.Tokenizer, Filler: x.Filler, Period: x.Period, Digits: passkey.Digits, Chance: 0.1, Samples: q.Samples,
	}}
	for _, a := range prompts {
		scores.Grid = append(scores.Grid, scoreOf(a, a.answers(lines)))
	}
	return scores, nil
}
