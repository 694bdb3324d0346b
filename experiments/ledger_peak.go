package experiments

import (
	"context"
	_ "embed"
	"fmt"

	"infinibench/internal/jsonread"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/models"
)

// paperPeaks holds PeakMemory at the paper's sizes, measured once for each model in a
// separate process: a measurement takes too long for every report.
//
//go:embed paper_peaks.json
var paperPeaks []byte

// addPeaks sets the peaks of the rows to measured ones, in JSON.
func addPeaks(l *results.Ledger, measured []byte) error {
	var m struct {
		Command string           `json:"command"`
		Version string           `json:"version"`
		Machine string           `json:"machine"`
		Bytes   map[string]int64 `json:"peak_rss_bytes"`
	}
	if err := jsonread.Document(measured, &m); err != nil {
		return fmt.Errorf("experiments: peaks of %s: %w", l.Profile, err)
	}
	for i := range l.Rows {
		l.Rows[i].PeakRSS = m.Bytes[l.Rows[i].Model]
	}
	l.Peaks = fmt.Sprintf("measured once, by “%s” of version %s on %s", m.Command, m.Version, m.Machine)
	return nil
}

// PeakMemory evaluates one model of a profile on two segments, so that the second reads what
// the first wrote, and returns the peak resident memory of the process in bytes, or 0 if
// unknown. Call it in a process that does nothing else.
func PeakMemory(ctx context.Context, p *Profile, model string) (int64, error) {
	if err := p.configure(); err != nil {
		return 0, err
	}
	corpora := p.corpora()
	if len(corpora) == 0 {
		return 0, fmt.Errorf("experiments: profile %s trains no model on a text", p.Name)
	}
	corpus := corpora[0]
	s := results.CellSettings{ModelID: model, CorpusName: corpus, Corpus: p.Corpora[corpus], Model: p.Model, Baselines: p.Baselines}
	f, err := p.folder(p.Model.From)
	if err != nil {
		return 0, err
	}
	vocabulary, err := vocabularyOf(f, s)
	if err != nil {
		return 0, err
	}
	m, err := newModel(f, s, vocabulary)
	if err != nil {
		return 0, err
	}
	return PeakOf(ctx, m)
}

// PeakOf is PeakMemory of a model that is already there.
func PeakOf(ctx context.Context, m *models.Model) (int64, error) {
	if _, err := MeasureStream(ctx, m, []int{2 * m.Config.Segment}, func(int) {}); err != nil {
		return 0, err
	}
	return machine.PeakRSS(), nil
}
