package reports

import (
	"fmt"
	"strings"

	"infinibench/reports/table"
)

// costTable is the only table with times, which differ from run to run.
func costTable(run *Run) *table.Table {
	t := table.New("cost", "What each cell cost", "Cell", ">Training, s", ">Training tokens per s", ">Evaluation, s", ">Evaluation tokens per s", ">Peak memory, MiB").CSV(
		"cell", "training_seconds", "training_tokens_per_second", "evaluation_seconds", "evaluation_tokens_per_second", "peak_memory_mib")
	t.Caption = "Measured times; unlike every other number here they change when the same run is repeated. Peak memory covers the whole program so far, with all cells that ran side by side."
	speed := func(tokens int64, seconds float64) table.Cell {
		if !(seconds > 0) {
			return table.Cell{}
		}
		perSecond := float64(tokens) / seconds
		return table.Shown(table.Count(int64(perSecond)), perSecond)
	}
	seconds := func(x float64) table.Cell { return table.Shown(table.Decimals(x, 1), x) }
	for _, record := range run.Records {
		if c := record.Timing; c != nil && c.Lengths == nil {
			t.Put(table.Text(record.Key), seconds(c.TrainSeconds), speed(c.TrainTokens, c.TrainSeconds),
				seconds(c.EvalSeconds), speed(c.EvalTokens, c.EvalSeconds), table.Shown(table.Count(c.PeakRSS>>20), float64(c.PeakRSS)/(1<<20)))
		}
	}
	return t
}

// costSentence sums the measured times; "" if there are none.
func costSentence(run *Run) string {
	var cells int
	var train, eval float64
	var tokens, peak int64
	var machines []string
	seen := map[string]bool{}
	for _, record := range run.Records {
		c := record.Timing
		if c == nil || c.Lengths != nil {
			continue
		}
		cells++
		train, eval, tokens, peak = train+c.TrainSeconds, eval+c.EvalSeconds, tokens+c.TrainTokens, max(peak, c.PeakRSS)
		if e := record.Result.Environment; e.CPU != "" {
			if m := fmt.Sprintf("%s, %s a cell", table.Clean(e.CPU), plural(e.Threads, "thread")); !seen[m] {
				seen[m] = true
				machines = append(machines, m)
			}
		}
	}
	if cells == 0 {
		return ""
	}
	text := fmt.Sprintf("%s trained on %s tokens together, in %s, and were evaluated in %s, times added up over cells that may have run side by side; the program took up to %s MiB.",
		plural(cells, "cell"), table.Short(tokens), duration(train), duration(eval), table.Count(peak>>20))
	if len(machines) > 0 {
		text += " Made on " + strings.Join(machines, "; ") + "."
	}
	return text
}
