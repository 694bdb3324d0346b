package experiments

import (
	"context"

	"infinibench/models"
)

// ExpectedSpeed estimates how many tokens a second a model reads on this machine, without
// gradients, one document at a time. It measures models of one layer and of two, and of a
// part of the vocabulary and twice as much; a token takes the same time in each layer and,
// in the logits, the same for each row of the vocabulary.
func ExpectedSpeed(ctx context.Context, c models.Config, m models.Memory) (tokensPerSecond float64, err error) {
	const rows = 4096
	measure := func(layers, vocabulary int) (float64, error) {
		small := c
		small.Layers, small.Vocabulary = layers, vocabulary
		model, err := models.New(small, m, 0)
		if err != nil {
			return 0, err
		}
		r := newReader(model)
		return perToken(c.Segment, func() error { return r.read(ctx, c.Segment, func(int) {}) })
	}
	n := min(rows, c.Vocabulary)
	one, err := measure(1, n)
	if err != nil {
		return 0, err
	}
	two, err := measure(2, n)
	if err != nil {
		return 0, err
	}
	wide, err := measure(1, 2*n)
	if err != nil {
		return 0, err
	}
	layer, row := max(two-one, 0), max(wide-one, 0)/float64(n)
	return 1 / (one + float64(c.Layers-1)*layer + float64(c.Vocabulary-n)*row), nil
}
