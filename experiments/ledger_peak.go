package experiments

import (
	"context"

	"infinibench/internal/kernel"
	"infinibench/internal/machine"
)

// PeakMemory evaluates one model of a profile on two segments, so that the second reads
// what the first has written, and returns the most memory that the process has had
// resident, in bytes: to be asked of a process that has done nothing else. It is 0 where
// that is not known.
func PeakMemory(ctx context.Context, p *Profile, model string) (int64, error) {
	kernel.SetThreads(p.Threads)
	corpus := p.Perplexity[0].Corpus
	s := CellSettings{ModelID: model, CorpusName: corpus, Corpus: p.Corpora[corpus], Model: p.Model, Baselines: p.Baselines}
	vocabulary, err := vocabularyOf(s)
	if err != nil {
		return 0, err
	}
	m, err := NewModel(s, vocabulary)
	if err != nil {
		return 0, err
	}
	if _, err := MeasureStream(ctx, m, []int{2 * m.Config.Segment}, func(int) {}); err != nil {
		return 0, err
	}
	return machine.PeakRSS(), nil
}
