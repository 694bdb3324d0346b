package reports

import (
	"slices"
	"strings"
	"testing"

	"infinibench/experiments"
)

// The switch that makes a baseline another is in its name, and what was set of it below
// the table.
func TestBaselineSettingsAreShown(t *testing.T) {
	run := fixture()
	for i := range run.Records {
		r := &run.Records[i].Result
		if r.Cell.Experiment == "perplexity" && r.Cell.Corpus == "novel" && r.Cell.Model == infiniLin {
			r.Cell.Model = "memorizing"
			r.Settings.Baselines = experiments.BaselineSettings{
				TransformerXL: experiments.TransformerXLSettings{Cache: 128, EvaluationCache: 2048, T5: true},
				Memorizing:    experiments.MemorizingSettings{Entries: 512, K: 8},
			}
		}
	}
	const name = "Memorizing Transformer with T5 biases"
	const note = "Memorizing Transformer is run with a cache of 128 tokens, one of 2,048 when evaluated, a memory of 512 tokens, the nearest 8 of it, T5's relative biases on keys and queries of length 1."
	for _, c := range compare(run) {
		table := c.perplexityTable(c.corpus)
		var names []string
		for _, row := range table.Rows {
			names = append(names, row[0])
		}
		want := c.corpus == "novel"
		if slices.Contains(names, name) != want || slices.Contains(table.Notes, note) != want {
			t.Errorf("%s: models %q, notes %q", c.corpus, names, strings.Join(table.Notes, "\n"))
		}
	}
}
