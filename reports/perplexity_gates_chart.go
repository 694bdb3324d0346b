package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// gateChart shows how much of each head's output comes from the memory, as the
// paper's Figure 3 does. Heads of different seeds are not the same heads: the seeds are
// drawn side by side, with a gap between them.
func (c *comparison) gateChart(r *row, id string) (*chart.Chart, error) {
	heads, depth := 0, 0
	var seeds []string
	for _, record := range r.records {
		for _, layer := range record.Result.Gates {
			heads = max(heads, len(layer))
		}
		if depth = max(depth, len(record.Result.Gates)); len(record.Result.Gates) > 0 {
			seeds = append(seeds, strconv.FormatUint(record.Result.Cell.Seed, 10))
		}
	}
	if heads == 0 {
		return nil, nil
	}
	titles := []string{">Seed", ">Layer"}
	for h := range heads {
		titles = append(titles, ">Head "+strconv.Itoa(h+1))
	}
	f := &chart.Chart{
		ID: id, Title: "Gates of " + c.name(r) + ", " + listed(len(seeds), "seed", seeds),
		Caption: "sigmoid(β) of each head: 0 reads only its own segment, 1 only the memory; the paper's Figure 3.",
		Group:   r.model,
		Data:    table.New("", "Gates of "+c.name(r)+", sigmoid(β)", titles...),
	}
	var columns []string
	for _, record := range r.records {
		if len(record.Result.Gates) == 0 {
			continue
		}
		if len(columns) > 0 {
			columns = append(columns, "") // the gap
		}
		for l, layer := range record.Result.Gates {
			cells := []string{strconv.FormatUint(record.Result.Cell.Seed, 10), strconv.Itoa(l + 1)}
			for h, g := range layer {
				cells = append(cells, table.Decimals(g, 3))
				f.AddCell(len(columns)+h, l, chart.Round(math.Round(100*g)/100), fmt.Sprintf("seed %d, layer %d, head %d: %s", record.Result.Cell.Seed, l+1, h+1, table.Decimals(g, 3)))
			}
			f.Data.Add(cells...)
		}
		for h := range heads {
			columns = append(columns, strconv.Itoa(h+1))
		}
	}
	name := "head"
	if len(seeds) > 1 {
		name = "head; seeds " + strings.Join(seeds, ", ") + " from left to right"
	}
	var layers []string
	for l := range depth {
		layers = append(layers, strconv.Itoa(l+1))
	}
	f.X = chart.Axis{Name: name, Kind: chart.Category, Labels: columns}
	f.Y = chart.Axis{Name: "layer", Kind: chart.Category, Labels: layers} // early layers on top, as in the paper
	// From blue over near-white to orange: distinguishable with every kind of colour vision,
	// and light enough for black figures in print.
	f.Colors = chart.ColorScale{Name: "sigmoid(β)", To: 1, Stops: []string{"#3B82BD", "#F3F0EA", "#E08A2E"}, Ends: [2]string{"1 memory only", "0 segment only"}}
	return f, f.Draw()
}
