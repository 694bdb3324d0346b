package reports

import (
	"infinibench/reports/table"
)

// adaptScores are the ratios of models with a memory plugged in to the control.
func adaptScores(all []*adaptTable) scores {
	var s scores
	for _, a := range all {
		column := scoreColumn{title: "÷ control"}
		for _, r := range a.judged() {
			if r.over.N > 0 {
				column.rows = append(column.rows, score{model: shortName(r.model), value: r.over.mean()})
			}
		}
		if len(column.rows) > 0 {
			s.columns = append(s.columns, column)
			s.note = "÷ control: perplexity with a memory plugged in, over the same training without; " + table.Short(a.base.Parameters) + " parameters"
		}
	}
	return s
}
