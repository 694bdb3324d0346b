package reports

import (
	"fmt"

	"infinibench/reports/table"
)

// booksumScores are the scores of the summaries of whole books and, on a wide screen, how
// much more that is than the control's.
func booksumScores(all []*booksumTable) scores {
	var s scores
	for _, b := range all {
		value, over := scoreColumn{title: "ROUGE"}, scoreColumn{title: "− local only", wide: true}
		for _, r := range b.ran() {
			in := r.whole().rouge
			name := shortName(r.model)
			value.rows = append(value.rows, score{name, points(in.Mid.Overall), fmt.Sprintf(" [%s, %s]", points(in.Low.Overall), points(in.High.Overall))})
			if r.overLocal.Books > 0 {
				over.rows = append(over.rows, bracketed(name, r.overLocal.String()))
			}
			scale := fmt.Sprintf("%s of %s parameters, %s", table.Short(r.records[0].Result.Scale.Parameters), table.Short(paperBookParameters), plural(len(r.records), "seed"))
			if isStandIn(r.records[0].Result) {
				scale += ", stand-in text"
			}
			s.note = fmt.Sprintf("ROUGE: of %s, times 100; %s", plural(r.whole().books, "whole book"), scale)
		}
		s.columns = append(s.columns, value, over)
	}
	return s
}
