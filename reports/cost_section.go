package reports

import (
	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// costSection shows what the cells of a run cost, and speed and memory against length.
var costSection = &section{
	experiment: "cost",
	timed:      true,
	check:      func(*results.Result) error { return nil }, // its numbers are times, in timing.json
	measures: []Measure{
		{Name: "training speed, tokens/s", Higher: true, place: 4, read: readSpeed(trainingSpeed)},
		{Name: "evaluation speed, tokens/s", Higher: true, place: 5, read: readSpeed(evaluationSpeed)},
		{Name: "training memory, MiB", place: 6, read: readSpeed(trainingMemory)},
	},
	lay: layCost,
}

// costPage is what the page shows of the cost.
type costPage struct {
	Total   string // a sentence, "" if no cell was timed
	Lengths costLengths
	Cells   *table.Table
}

// costLengths is what was measured at several lengths.
type costLengths struct {
	Reading    []string
	Charts     []*chart.Chart
	Table      *table.Table
	Provenance provenance
}

func layCost(run *Run) (*content, error) {
	records := costRecords(run)
	charts, err := lengthCharts(records)
	if err != nil {
		return nil, err
	}
	p := costPage{costSentence(run), costLengths{lengthReading(records), charts, lengthTable(records), run.provenance("cost", "")}, costTable(run)}
	out := &content{charts: charts, claims: []claim{boundedMemory(run, records)}, total: headline{"cost", "Cost", p.Total}}
	for _, t := range []*table.Table{p.Lengths.Table, p.Cells} {
		if len(t.Rows) > 0 {
			out.tables = append(out.tables, t)
		}
	}
	if p.Total != "" || len(p.Lengths.Table.Rows) > 0 {
		out.parts = []pagePart{{"cost", "Cost", "cost", p}}
	}
	return out, nil
}
