package experiments

import (
	"context"
	"fmt"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/finite"
	"infinibench/internal/results"
	"infinibench/models"
)

// Unscored is a document that has no score, and why.
type Unscored struct{ ID, Why string }

// ScoreDocuments scores a model on documents by the perplexity protocol. A document that
// cannot be scored does not affect the others: it is left out of every sum and listed. The
// perplexity is nil if no document could be scored.
func ScoreDocuments(ctx context.Context, m *models.Model, t tokenizer.Tokenizer, documents []datasets.Document, s results.EvaluationSettings, tick func(tokens int)) (*results.Perplexity, []Unscored, error) {
	if t.Size() > m.Config.Vocabulary { // a pretrained model's may be larger
		return nil, nil, fmt.Errorf("experiments: the model has a vocabulary of %d, tokenizer %s one of %d", m.Config.Vocabulary, t.Name(), t.Size())
	}
	var samples []sample
	var unscored []Unscored
	refuse := func(id, why string, values ...any) {
		unscored = append(unscored, Unscored{id, fmt.Sprintf(why, values...)})
	}
	for _, d := range documents {
		switch x, err := newSample(d, t, 0); {
		case err != nil:
			refuse(d.ID, "%v", err)
		case len(x.ids) < 2:
			refuse(d.ID, "the text is %d token long, and the first token of a text is never scored", len(x.ids))
		default:
			samples = append(samples, x)
		}
	}
	scored, err := scoreEach(ctx, m, samples, s, tick, refuse)
	if err != nil {
		return nil, nil, err
	}
	var scores []SampleScore
	for _, x := range scored {
		if nll := x.NLL[Intact]; !finite.Is(nll) {
			refuse(x.ID, "the negative log-likelihood is %g", nll)
			continue
		}
		scores = append(scores, x)
	}
	if len(scores) == 0 {
		return nil, unscored, nil
	}
	p, err := sum(scores, 0)
	return p, unscored, err
}

// scoreEach scores samples side by side. If the model fails on one, such as by a memory
// that overflows, each is scored alone and those that fail are refused.
func scoreEach(ctx context.Context, m *models.Model, samples []sample, s results.EvaluationSettings, tick func(tokens int), refuse func(id, why string, values ...any)) ([]SampleScore, error) {
	score := func(samples []sample) ([]SampleScore, error) {
		return scoreSamples(ctx, m, samples, s, nil, func([]SampleScore) error { return nil }, func(tokens int, _ bool) { tick(tokens) })
	}
	scores, err := score(samples)
	if err == nil || ctx.Err() != nil {
		return scores, err
	}
	scores = nil
	for i, x := range samples {
		alone, err := score(samples[i : i+1])
		if ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			refuse(x.ID, "%v", err)
		}
		scores = append(scores, alone...)
	}
	return scores, nil
}
