package experiments

import (
	"fmt"
	"slices"

	"infinibench/baselines"
	"infinibench/internal/results"
	"infinibench/models"
)

// paperMemory is the memory column of the paper's Table 2 as printed (arXiv
// 2404.07143v2): the only numbers of the ledger that are not computed.
var paperMemory = map[string][2]string{
	"transformer-xl": {"50M", "3.7x"},
	memorizing:       {"183M", "1x"},
	"rmt":            {"2.5M", "73x"},
	"infini-linear":  {"1.6M", "114x"},
	"infini-delta":   {"1.6M", "114x"},
}

// memorizing is the reference model of the paper's ratios.
const memorizing = "memorizing"

// PaperLedger is the ledger of every model at the paper's own sizes. It counts the
// Memorizing Transformer's memory of 65K tokens as 65,000, without which its 183M would
// be 185M.
func PaperLedger() (*results.Ledger, error) {
	p, err := LoadProfile("paper")
	if err != nil {
		return nil, err
	}
	l, err := p.Ledger()
	if err != nil {
		return nil, err
	}
	reference := ""
	for i := range l.Rows {
		r := &l.Rows[i]
		r.Paper, r.PaperRatio = paperMemory[r.Model][0], paperMemory[r.Model][1]
		if r.Model == memorizing {
			c, _, err := modelOf(nil, results.CellSettings{ModelID: memorizing, Model: p.Model}, 1)
			if err != nil {
				return nil, err
			}
			_, cache := baselines.TransformerXL{}.Footprint(c)
			tokens := int(r.Entries-cache) / (2 * c.Width()) / 1000 * 1000
			r.Formula, r.Entries = baselines.Memorizing{Entries: tokens}.Footprint(c)
			r.Formula += fmt.Sprintf(", M = %d", tokens)
		}
		if r.Entries > 0 {
			r.Rounded = results.Millions(r.Entries)
		}
		if r.Model == memorizing {
			reference = r.Rounded
		}
	}
	for i := range l.Rows {
		l.Rows[i].RoundedRatio = results.Quotient(reference, l.Rows[i].Rounded)
	}
	compareLedger(l)
	return l, addPeaks(l, paperPeaks)
}

// Ledger returns the ledger of every model at the profile's sizes. A live state that differs
// from its formula is a bug.
func (p *Profile) Ledger() (*results.Ledger, error) {
	if f, err := p.folder(p.Model.From); f != nil || err != nil {
		return p.folderLedger(f, err)
	}
	l := &results.Ledger{
		Profile: p.Name, Model: p.Model, Batch: p.Training.Batch,
		Local: 2 * int64(p.Model.Segment) * int64(p.Model.Heads) * int64(p.Model.HeadSize) * int64(p.Model.Layers),
	}
	for _, memory := range memories {
		if offTable(memory) && !slices.Contains(p.languageModels(), memory.Name()) {
			continue
		}
		c, memory, err := modelOf(nil, results.CellSettings{ModelID: memory.Name(), Model: p.Model, Baselines: p.Baselines}, 1)
		if err != nil {
			return nil, err
		}
		if err := addMemory(l, c, memory); err != nil {
			return nil, err
		}
	}
	if len(p.Perplexity) > 0 {
		l.Rows = append(l.Rows, autoCompressor(p.Model, p.Perplexity[0].Length))
	}
	compareLedger(l)
	return l, nil
}

// offTable marks the controls that are no rows of the paper's table. A profile that trains one
// has a row for it.
func offTable(m models.Memory) bool {
	switch m.(type) {
	case baselines.FullAttention, baselines.LocalScaled:
		return true
	}
	return false
}

// folderLedger is the ledger of a profile whose model is pretrained.
func (p *Profile) folderLedger(f *modelFolder, err error) (*results.Ledger, error) {
	if err != nil {
		return nil, err
	}
	var all []models.Memory
	for _, m := range memories {
		all = append(all, configureMemory(p.Baselines, m))
	}
	return ModelLedger(p.Name, f.config(p.Model), all, p.Training.Batch, nil)
}

// addMemory adds the row of a model.
func addMemory(l *results.Ledger, c models.Config, memory models.Memory) error {
	// A model without weights: a state needs none, and at the paper's sizes they
	// would take a gigabyte.
	f, err := measureFootprint(&models.Model{Config: c, Memory: memory})
	if err != nil {
		return err
	}
	r := results.LedgerRow{
		Model: memory.Name(), Carried: f.Formula, Bytes: f.Bytes, OfBatch: int64(l.Batch) * f.Bytes, Measured: &f.MeasuredBytes,
	}
	r.Formula, r.Entries = asThePaperCounts(memory.Name(), c, f)
	l.Rows = append(l.Rows, r)
	return nil
}

// ModelLedger returns the ledger of one model for a batch of documents: the state of each
// memory that its trunk supports, by default all, beside the keys and values that full
// attention caches at the given lengths. name labels the sizes.
func ModelLedger(name string, c models.Config, all []models.Memory, batch int, lengths []int) (*results.Ledger, error) {
	l := &results.Ledger{
		Profile: name, Batch: batch, KeyValueHeads: c.KVHeads(), Local: keysAndValues(c, c.Segment),
		Model: results.ModelSettings{Layers: c.Layers, Heads: c.Heads, HeadSize: c.HeadSize, FFN: c.FFN, Segment: c.Segment},
	}
	if all == nil {
		all = memories
	}
	for _, memory := range all {
		if offTable(memory) && len(all) > 1 {
			continue // the rows of full attention are below
		}
		if err := models.Check(c, memory); err != nil {
			l.LeftOut = append(l.LeftOut, err.Error())
			continue
		}
		if err := addMemory(l, c, memory); err != nil {
			return nil, err
		}
	}
	for _, n := range lengths {
		entries := keysAndValues(c, n)
		formula := fmt.Sprintf("(d_key+d_value)·%s·l·N, N = %d", c.HeadLetter(), n)
		l.Rows = append(l.Rows, results.LedgerRow{Model: baselines.FullAttention{}.Name(), Formula: formula, Entries: entries, Carried: formula, Bytes: 4 * entries, OfBatch: 4 * entries})
	}
	compareLedger(l)
	return l, nil
}

// keysAndValues returns how many numbers attention caches for a number of tokens.
func keysAndValues(c models.Config, tokens int) int64 {
	return 2 * int64(c.KVHeads()) * int64(c.HeadSize) * int64(c.Layers) * int64(tokens)
}

// compareLedger computes the ratios.
func compareLedger(l *results.Ledger) {
	var reference int64
	for _, r := range l.Rows {
		if r.Model == memorizing {
			reference = r.Entries
		}
	}
	for i := range l.Rows {
		if n := l.Rows[i].Entries; n > 0 {
			l.Rows[i].Ratio = float64(reference) / float64(n)
		}
	}
}

// asThePaperCounts is the formula of Table 1 and its value, from what a model carries.
// They are the same but for two models.
func asThePaperCounts(model string, c models.Config, f results.Footprint) (formula string, entries int64) {
	switch model {
	case "rmt":
		// Each layer is counted, and twice, though the tokens are handed on once.
		return "d_model·p·l·2", f.Entries * int64(c.Layers) * 2
	case "compressive":
		// It is the hidden layers that are kept; here their keys and values are.
		return "d_model·(c+N)·l", f.Entries / 2
	}
	return f.Formula, f.Entries
}

// autoCompressor is the one row of the paper's Table 1 without a model here: soft prompts
// that a language model adds to its input. Their number p is the 50 with which its authors
// train (Chevalier et al. 2023), per 2048 tokens of a segment as for the RMT. m is the number
// of segments before the last of a training sequence, as all summaries are kept.
func autoCompressor(s results.ModelSettings, length int) results.LedgerRow {
	vectors, segments := max(1, (50*s.Segment+1024)/2048), max(1, length/s.Segment)
	return results.LedgerRow{
		Model: "autocompressor", Formula: fmt.Sprintf("d_model·p·(m+1)·l, p = %d, m = %d", vectors, segments-1),
		Entries: int64(s.Heads) * int64(s.HeadSize) * int64(vectors) * int64(segments) * int64(s.Layers),
	}
}
