package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// span is the positions [from, to) of a document.
type span struct{ from, to int64 }

// positionChart shows the loss by position in the document: a model with a
// working memory gets better the further it has read.
func (c *comparison) positionChart(slug string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-position-" + slug, Title: "Loss by position in the document",
		Caption: "Mean loss (the logarithm of the perplexity) of the tokens from each position to the next; lower is better. Where documents differ in length, points further right speak of the longer ones only.",
	}
	styles := chart.Styles{}
	var lines []line[span]
	for _, r := range c.rows {
		value := r.byPosition(func(_ results.Result, b results.Bucket) (float64, bool) { return b.NLL, true })
		if len(value) > 0 {
			lines = append(lines, lineOf(r.positionCurve(c.name(r), styles), value))
		}
	}
	lines = c.withIdeals(lines, func(r *row, reader int) map[span]Interval {
		return r.byPosition(func(_ results.Result, b results.Bucket) (float64, bool) {
			return []float64{b.IdealFull, b.IdealSegment}[reader], b.IdealFull > 0
		})
	})
	return drawPositions(f, lines, "loss, nats per token")
}

// withIdeals adds the ideal readers' lines to those of the models: values returns a row's bounds for the
// reader of the full history, 0, or of the last segment, 1. With two segment sizes a place has
// two bounds and no line is either.
func (c *comparison) withIdeals(lines []line[span], values func(r *row, reader int) map[span]Interval) []line[span] {
	if len(lines) == 0 || len(c.ideals) != 1 {
		return lines
	}
	for k, name := range []string{"ideal, full history", "ideal, last segment only"} {
		bound := line[span]{Curve: chart.Curve{Name: name, Color: chart.Grey, Dash: chart.NthDash(1 + k), Width: 2}, value: map[span]float64{}}
		for _, r := range c.rows {
			maps.Copy(bound.value, means(values(r, k)))
		}
		lines = append(lines, bound)
	}
	return lines
}

// gainChart shows the same as positionChart against the control, on an axis of
// its own: beside the bounds, small differences cannot be seen.
func (c *comparison) gainChart(slug string) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-gain-" + slug, Title: "Gain over local only by position",
		Caption: "Loss of the local-only control minus the loss of the model, paired by seed, mean over seeds. Above 0 the model is better than the control; a line that rises to the right gains more the more it has read.",
	}
	styles := chart.Styles{}
	var lines []line[span]
	for _, r := range c.rows {
		control := r.like(c.rows, localOnly)
		if control == nil {
			continue
		}
		type key struct {
			seed uint64
			at   span
		}
		base := map[key]float64{}
		for _, record := range control.records {
			for _, b := range record.Result.Perplexity.Positions {
				base[key{record.Result.Cell.Seed, span{b.From, b.To}}] = b.NLL
			}
		}
		value := r.byPosition(func(result results.Result, b results.Bucket) (float64, bool) {
			nll, ok := base[key{result.Cell.Seed, span{b.From, b.To}}]
			return nll - b.NLL, ok
		})
		if len(value) > 0 {
			lines = append(lines, lineOf(r.positionCurve(c.name(r), styles), value))
		}
	}
	if len(lines) > 0 {
		zero := line[span]{Curve: chart.Curve{Name: "no difference", Color: chart.Grey, Dash: chart.Dashed, Width: 2}, value: map[span]float64{}}
		for _, l := range lines {
			for at := range l.value {
				zero.value[at] = 0
			}
		}
		lines = append(lines, zero)
	}
	return drawPositions(f, lines, "gain, nats per token")
}

// positionCurve is a row's curve without its values.
func (r *row) positionCurve(name string, styles chart.Styles) chart.Curve {
	color := modelColor(r.model)
	dash, shape := styles.Next(color)
	return chart.Curve{Name: name, Color: color, Dash: dash, Width: lineWidth(r.model), Symbol: shape, Group: r.model}
}

// byPosition is the mean over seeds of a bucket's sum divided by its tokens;
// buckets for which of says no are left out.
func (r *row) byPosition(of func(results.Result, results.Bucket) (sum float64, ok bool)) map[span]Interval {
	return r.perToken(func(result results.Result, add func(span, float64, int64)) {
		for _, b := range result.Perplexity.Positions {
			if sum, ok := of(result, b); ok {
				add(span{b.From, b.To}, sum, b.Tokens)
			}
		}
	})
}

// perToken is the mean over seeds of a sum divided by its tokens, place by place. each adds
// the sums of one result; those over no token are left out.
func (r *row) perToken(each func(result results.Result, add func(at span, sum float64, tokens int64))) map[span]Interval {
	bySeed := map[span][]float64{}
	for _, record := range r.records {
		each(record.Result, func(at span, sum float64, tokens int64) {
			if tokens > 0 {
				bySeed[at] = append(bySeed[at], sum/float64(tokens))
			}
		})
	}
	all := map[span]Interval{}
	for at, values := range bySeed {
		all[at] = meanInterval(values)
	}
	return all
}

// means are the values of a curve without their intervals.
func means[K comparable](all map[K]Interval) map[K]float64 {
	values := map[K]float64{}
	for at, i := range all {
		values[at] = i.Mean
	}
	return values
}

// lineOf is a curve of means over seeds, whose intervals the pointer shows.
func lineOf[K comparable](curve chart.Curve, all map[K]Interval) line[K] {
	l := line[K]{Curve: curve, value: means(all), words: map[K]string{}}
	for at, i := range all {
		l.words[at] = i.String() + ", " + plural(i.N, "seed")
	}
	return l
}

// drawPositions fills a chart with lines over positions. It returns nil without lines.
func drawPositions(f *chart.Chart, lines []line[span], axisName string) (*chart.Chart, error) {
	x := spanAxis{
		name: "position in the document, tokens", title: "Tokens",
		tick: func(at span) string { return fmt.Sprint(at.from) }, row: func(at span) string { return fmt.Sprintf("%d–%d", at.from, at.to) },
	}
	return drawSpans(f, lines, x, axisName)
}

// spanAxis is how an axis of spans is written: its name, the label of a span on the axis and
// in the table, and the title of the table's column.
type spanAxis struct {
	name, title string
	tick, row   func(span) string
}

// drawSpans fills a chart with lines. It returns nil without lines.
func drawSpans(f *chart.Chart, lines []line[span], x spanAxis, axisName string) (*chart.Chart, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	spans := map[span]bool{}
	for _, l := range lines {
		for at := range l.value {
			spans[at] = true
		}
	}
	order := slices.SortedFunc(maps.Keys(spans), func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	var labels []string
	for _, at := range order {
		labels = append(labels, x.tick(at))
	}
	s := chart.EmptyRange()
	for _, l := range lines {
		for i, at := range order {
			v, ok := l.value[at]
			if !ok {
				v = math.NaN()
			}
			s.Include(v)
			l.X, l.Y = append(l.X, float64(i)), append(l.Y, v)
			if l.words != nil {
				l.Texts = append(l.Texts, l.words[at])
			}
		}
		l.Size = l.Symbol.Size()
		f.Curves = append(f.Curves, l.Curve)
		f.Legend = append(f.Legend, chart.LegendItem{Name: l.Name, Color: l.Color, Dash: l.Dash, Shape: l.Symbol, Group: l.Group})
	}
	f.Data = numbers(f.Title+": "+axisName, x.title, order, x.row, lines, table.Sig4)
	f.X = chart.Axis{Name: x.name, Kind: chart.Category, Labels: labels}
	f.Y = chart.ValueAxis(axisName, s)
	return f, f.Draw()
}
