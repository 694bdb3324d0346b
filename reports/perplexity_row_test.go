package reports

import (
	"strings"
	"testing"

	"infinibench/internal/results"
)

// The switch that makes a baseline another is in its name, and what was set of it in its row.
func TestBaselineSettingsAreShown(t *testing.T) {
	run := fixture()
	for i := range run.Records {
		r := &run.Records[i].Result
		if r.Cell.Experiment == "perplexity" && r.Cell.Corpus == "novel" && r.Cell.Model == infiniLin {
			r.Cell.Model = "memorizing"
			r.Settings.Baselines = results.BaselineSettings{
				TransformerXL: results.TransformerXLSettings{Cache: 128, EvaluationCache: 2048, T5: true},
				Memorizing:    results.MemorizingSettings{Entries: 512, K: 8},
			}
		}
	}
	const name = "Memorizing Transformer with T5 biases"
	const settings = "; a cache of 128 tokens, one of 2,048 when evaluated, a memory of 512 tokens, the nearest 8 of it, T5's relative biases on keys and queries of length 1"
	for _, c := range compare(run) {
		table := c.perplexityTable(c.corpus)
		found := false
		for _, row := range table.Rows {
			isIt := row[0] == name
			found = found || isIt
			if scale := row[len(row)-1]; strings.Contains(scale, settings) != isIt {
				t.Errorf("%s, %s: %q", c.corpus, row[0], scale)
			}
		}
		if found != (c.corpus == "novel") {
			t.Errorf("%s has %s: %t", c.corpus, name, found)
		}
	}
}
