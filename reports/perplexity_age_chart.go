package reports

import (
	"fmt"
	"math"

	"infinibench/internal/results"
	"infinibench/reports/chart"
)

// leastFacts is how many facts of an age must have been scored for a point of the chart:
// below, the point would be the chance of a few words.
const leastFacts = 30

// ageChart shows the loss on a fact against how long ago it was last stated: how long each
// memory remembers.
func (c *comparison) ageChart(slug string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-age-" + slug, Title: "Loss on a fact by its age",
		Caption: fmt.Sprintf("Mean loss of the words that repeat a fact stated earlier, against how many segments ago it was last stated; 0 is the part of the text that local attention sees. "+
			"Lower is better: at the bound without earlier segments a model has forgotten the fact, at 0 it knows it. Points with fewer than %d such words are left out.", leastFacts),
	}
	styles := chart.Styles{}
	var lines []line[span]
	for _, r := range c.rows {
		value := r.byAge(func(a results.AgeScore) float64 { return a.NLL })
		if len(value) > 0 {
			lines = append(lines, lineOf(r.positionCurve(c.name(r), styles), value))
		}
	}
	lines = c.withIdeals(lines, func(r *row, reader int) map[span]Interval {
		return r.byAge(func(a results.AgeScore) float64 { return []float64{a.IdealFull, a.IdealSegment}[reader] })
	})
	label := func(at span) string {
		switch {
		case at.to == math.MaxInt64:
			return fmt.Sprintf("%d or more", at.from)
		case at.from == at.to:
			return fmt.Sprint(at.from)
		}
		return fmt.Sprintf("%d–%d", at.from, at.to)
	}
	return drawSpans(f, lines, spanAxis{name: "segments since the fact was stated", title: "Segments ago", tick: label, row: label}, "loss, nats per fact")
}

// byAge is the mean over seeds of a row's sum divided by its words.
func (r *row) byAge(of func(results.AgeScore) float64) map[span]Interval {
	return r.perToken(func(result results.Result, add func(span, float64, int64)) {
		for _, a := range result.Perplexity.Ages {
			if a.Tokens < leastFacts {
				continue
			}
			at := span{int64(a.From), int64(a.To)}
			if a.To < 0 {
				at.to = math.MaxInt64
			}
			add(at, of(a), a.Tokens)
		}
	})
}
