package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// span is the positions [from, to) of a document.
type span struct{ from, to int64 }

// positionCurve is a line over the positions of a document.
type positionCurve struct {
	name, color string
	dash, width int
	symbol      string
	value       map[span]float64 // nats per token
}

// positionChart shows the loss by position in the document: a model with a
// working memory gets better the further it has read.
func (c *comparison) positionChart(slug string) (*chart, error) {
	f := &chart{
		ID: "chart-position-" + slug, Title: "Loss by position in the document",
		Caption: "Mean loss (the logarithm of the perplexity) of the tokens from each position to the next; lower is better. Where documents differ in length, points further right speak of the longer ones only.",
	}
	styles := map[string]int{}
	var curves []positionCurve
	for _, r := range c.rows {
		curve := r.positionCurve(c.name(r), styles)
		curve.value = r.byPosition(func(_ results.Result, b results.Bucket) (float64, bool) { return b.NLL, true })
		if len(curve.value) > 0 {
			curves = append(curves, curve)
			styles[curve.color]++
		}
	}
	// With two segment sizes a position has two bounds and no line is either.
	if len(curves) > 0 && len(c.ideals) == 1 {
		for k, name := range []string{"ideal, full history", "ideal, last segment only"} {
			bound := positionCurve{name, grey, 1 + k, 2, "", map[span]float64{}}
			for _, r := range c.rows {
				maps.Copy(bound.value, r.byPosition(func(_ results.Result, b results.Bucket) (float64, bool) {
					return []float64{b.IdealFull, b.IdealSegment}[k], b.IdealFull > 0
				}))
			}
			curves = append(curves, bound)
		}
	}
	return f.drawPositions(curves, "loss, nats per token")
}

// gainChart shows the same as positionChart against the control, on an axis of
// its own: beside the bounds, small differences cannot be seen.
func (c *comparison) gainChart(slug string) (*chart, error) {
	f := &chart{
		ID: "chart-gain-" + slug, Title: "Gain over local only by position",
		Caption: "Loss of the local-only control minus that of the model, paired by seed, mean over seeds. Above 0 the model is better than the control; a line that rises to the right gains more the more it has read.",
	}
	styles := map[string]int{}
	var curves []positionCurve
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
		curve := r.positionCurve(c.name(r), styles)
		curve.value = r.byPosition(func(result results.Result, b results.Bucket) (float64, bool) {
			nll, ok := base[key{result.Cell.Seed, span{b.From, b.To}}]
			return nll - b.NLL, ok
		})
		if len(curve.value) > 0 {
			curves = append(curves, curve)
			styles[curve.color]++
		}
	}
	if len(curves) > 0 {
		zero := positionCurve{"no difference", grey, 1, 2, "", map[span]float64{}}
		for _, curve := range curves {
			for at := range curve.value {
				zero.value[at] = 0
			}
		}
		curves = append(curves, zero)
	}
	return f.drawPositions(curves, "gain, nats per token")
}

// positionCurve is a row's line without its values; styles counts the lines of
// each colour, so that two of one colour differ in their dashes and points.
func (r *row) positionCurve(name string, styles map[string]int) positionCurve {
	color, width := modelColor(r.model), 2
	if r.model == infiniLin {
		width = 5 // Delta's line is drawn over it: where they coincide both show
	}
	return positionCurve{name: name, color: color, dash: styles[color] % len(dashes), width: width, symbol: shapes[styles[color]%len(shapes)]}
}

// byPosition is the mean over seeds of a bucket's sum divided by its tokens;
// buckets for which of says no are left out.
func (r *row) byPosition(of func(results.Result, results.Bucket) (sum float64, ok bool)) map[span]float64 {
	means, n := map[span]float64{}, map[span]float64{}
	for _, record := range r.records {
		for _, b := range record.Result.Perplexity.Positions {
			if sum, ok := of(record.Result, b); ok && b.Tokens > 0 {
				at := span{b.From, b.To}
				means[at] += sum / float64(b.Tokens)
				n[at]++
			}
		}
	}
	for at := range means {
		means[at] /= n[at]
	}
	return means
}

// drawPositions fills the chart, and returns none when there is nothing to draw.
func (f *chart) drawPositions(curves []positionCurve, axisName string) (*chart, error) {
	if len(curves) == 0 {
		return nil, nil
	}
	titles := []string{"Tokens"}
	spans := map[span]bool{}
	for _, curve := range curves {
		titles = append(titles, ">"+curve.name)
		for at := range curve.value {
			spans[at] = true
		}
	}
	order := slices.SortedFunc(maps.Keys(spans), func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	f.Data = table.New("", f.Title+": "+axisName, titles...)
	var labels []string
	for _, at := range order {
		labels = append(labels, fmt.Sprint(at.from))
		cells := []string{fmt.Sprintf("%d–%d", at.from, at.to)}
		for _, curve := range curves {
			cell := table.None
			if v, ok := curve.value[at]; ok {
				cell = table.Sig4(v)
			}
			cells = append(cells, cell)
		}
		f.Data.Add(cells...)
	}
	s := nothing()
	for _, of := range curves {
		c := curve{name: of.name, color: of.color, dash: of.dash, width: of.width, symbol: of.symbol, size: symbolSize(of.symbol), x: indices(len(order))}
		for _, at := range order {
			v, ok := of.value[at]
			if !ok {
				v = math.NaN()
			}
			s.see(v)
			c.y = append(c.y, v)
		}
		f.drawing.curves = append(f.drawing.curves, c)
		f.Legend = append(f.Legend, legendItem{Name: of.name, Color: of.color, Dash: dashes[of.dash].svg, Shape: of.symbol})
	}
	f.drawing.x = axis{name: "position in the document, tokens", kind: "category", labels: labels}
	f.drawing.y = rangeOf(axisName, s)
	return f, f.draw()
}
