package reports

import (
	"fmt"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// carriedLengths are the lengths of the chart of carried bytes: 1K to 1M tokens.
var carriedLengths = func() []int {
	var all []int
	for n := 1 << 10; n <= 1<<20; n *= 2 {
		all = append(all, n)
	}
	return all
}()

// carriedChart shows the bytes each model carries for one document against its length, at
// the sizes of the run: what the models keep is bounded, and the keys and values of full
// attention are not. It returns nil without a result that has a memory.
func carriedChart(run *Run) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-carried", Title: "Bytes carried against length",
		Caption: "What a model keeps of one document of this many tokens, at the sizes of this run; both axes are logarithmic. Full attention keeps the keys and values of every token. Local only keeps nothing and is not shown.",
	}
	var lines []line[int]
	add := func(name, model, color string, dash chart.Dash, width int, bytes func(length int) float64) {
		l := line[int]{Curve: chart.Curve{Name: name, Color: color, Dash: dash, Width: width, Group: model}, value: map[int]float64{}}
		for _, n := range carriedLengths {
			l.value[n] = bytes(n)
			l.X, l.Y = append(l.X, float64(n)), append(l.Y, l.value[n])
		}
		lines = append(lines, l)
	}
	seen, styles := map[string]bool{}, chart.Styles{}
	var last *results.Result
	for _, record := range run.Records {
		r := &record.Result
		if r.Status != results.StatusDone || r.Cell.Experiment != "perplexity" || seen[r.Cell.Model] || r.Footprint.Bytes == 0 || r.Cell.Model == results.FullAttention {
			continue
		}
		seen[r.Cell.Model], last = true, r
		color := modelColor(r.Cell.Model)
		dash, _ := styles.Next(color)
		add(shortName(r.Cell.Model), r.Cell.Model, color, dash, lineWidth(r.Cell.Model), func(int) float64 { return float64(r.Footprint.Bytes) })
	}
	if last == nil {
		return nil, nil
	}
	// Two numbers a token, head and layer, of four bytes.
	perToken := 4 * 2 * last.Settings.Model.Heads * last.Settings.Model.HeadSize * last.Settings.Model.Layers
	if perToken > 0 {
		add("Full attention", results.FullAttention, chart.Grey, chart.Dashed, 2, func(n int) float64 { return float64(n) * float64(perToken) })
	}
	for _, l := range lines {
		f.Curves = append(f.Curves, l.Curve)
		f.Legend = append(f.Legend, chart.LegendItem{Name: l.Name, Color: l.Color, Dash: l.Dash, Group: l.Group})
	}
	f.Data = numbers(f.Title, ">Tokens", carriedLengths, func(n int) string { return table.Count(int64(n)) }, lines, func(v float64) string { return table.Count(int64(v)) })
	f.X = chart.Axis{Name: "length, tokens", Kind: chart.Log, From: float64(carriedLengths[0]), To: float64(carriedLengths[len(carriedLengths)-1])}
	f.Y = chart.Axis{Name: "bytes", Kind: chart.Log}
	if err := f.Draw(); err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	return f, nil
}
