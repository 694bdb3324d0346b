package reports

import (
	"fmt"
	"math"
	"strconv"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// gateChart shows how much of each head's output comes from the memory, as the
// paper's Figure 3 does. Heads of different seeds are not the same heads, so
// the figure shows the first seed and the table all of them.
func (c *comparison) gateChart(r *row, id string) (*chart.Chart, error) {
	var first *Record
	heads := 0
	for i, record := range r.records {
		for _, layer := range record.Result.Gates {
			heads = max(heads, len(layer))
			if first == nil && len(layer) > 0 {
				first = &r.records[i]
			}
		}
	}
	if first == nil {
		return nil, nil
	}
	titles := []string{">Seed", ">Layer"}
	var columns, layers []string
	for h := range heads {
		columns = append(columns, strconv.Itoa(h+1))
		titles = append(titles, ">Head "+columns[h])
	}
	f := &chart.Chart{
		ID: id, Title: "Gates of " + c.name(r) + ", seed " + strconv.FormatUint(first.Result.Cell.Seed, 10),
		Caption: "sigmoid(β) of each head: 0 reads only its own segment, 1 only the memory; the paper's Figure 3.",
		Data:    table.New("", "Gates of "+c.name(r)+", sigmoid(β)", titles...),
	}
	for _, record := range r.records {
		for l, layer := range record.Result.Gates {
			cells := []string{strconv.FormatUint(record.Result.Cell.Seed, 10), strconv.Itoa(l + 1)}
			for _, g := range layer {
				cells = append(cells, table.Decimals(g, 3))
			}
			f.Data.Add(cells...)
		}
	}
	for l, layer := range first.Result.Gates {
		layers = append(layers, strconv.Itoa(l+1))
		for h, g := range layer {
			f.AddCell(h, l, chart.Round(math.Round(100*g)/100), fmt.Sprintf("layer %d, head %d: %s", l+1, h+1, table.Decimals(g, 3)))
		}
	}
	f.X = chart.Axis{Name: "head", Kind: chart.Category, Labels: columns}
	f.Y = chart.Axis{Name: "layer", Kind: chart.Category, Labels: layers} // early layers on top, as in the paper
	// From blue over near-white to orange: distinguishable with every kind of colour vision,
	// and light enough for black figures in print.
	f.Colors = chart.ColorScale{Name: "sigmoid(β)", To: 1, Stops: []string{"#3B82BD", "#F3F0EA", "#E08A2E"}, Ends: [2]string{"1 memory only", "0 segment only"}}
	return f, f.Draw()
}
