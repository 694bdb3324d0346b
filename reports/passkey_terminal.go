package reports

import (
	"fmt"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// passkeyScores are the lowest shares of digits that only the memory can give, after the
// paper's training and after ours.
func passkeyScores(all []*passkeyTable) scores {
	var s scores
	for _, p := range all {
		var scored *keyRow
		for _, stage := range []struct{ name, title string }{{results.StagePaper, "passkey, paper"}, {results.StageRecipe, "passkey, ours"}} {
			column := scoreColumn{title: stage.title}
			for _, r := range p.rows {
				across, _ := r.carried()
				worst := lowest(across)
				if r.stage != stage.name || worst == nil {
					continue
				}
				column.rows = append(column.rows, score{r.name(shortName), table.Hundred(worst.Tokens.Value),
					fmt.Sprintf(" [%s, %s]", table.Floored(worst.Tokens.Low), table.Ceiled(worst.Tokens.High))})
				scored = r
			}
			s.columns = append(s.columns, column)
		}
		if scored != nil {
			s.note = fmt.Sprintf("passkey: lowest %% of digits to %s tokens, paper's recipe and ours; chance %s; %s of %s parameters",
				table.Count(int64(p.lengths[len(p.lengths)-1])), table.Hundred(p.task.Chance), table.Short(scored.record.Result.Scale.Parameters), table.Short(paperKeyScale.parameters))
		}
	}
	return s
}
