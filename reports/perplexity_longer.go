package reports

import (
	"fmt"
	"strconv"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// longSection sets the rows of the paper's 100K beside the same models at the usual
// length.
func (c *comparison) longSection(slug string) (subsection, error) {
	s := subsection{ID: "long-" + slug, Title: "Trained at 100K, on " + c.title(), Table: table.New("long-"+slug, "Training on longer sequences on "+c.title(),
		"Model", ">Usual length", ">Long", ">Perplexity, usual", ">Long", ">Long ÷ usual", ">95 % interval", ">Paper, 100K ÷ 32K", "Verdict", "Why", "Data and scale").CSV(
		"model", "usual_length_tokens", "long_length_tokens", "perplexity_usual perplexity_usual_low perplexity_usual_high perplexity_usual_seeds",
		"perplexity_long perplexity_long_low perplexity_long_high perplexity_long_seeds", "ratio_long_to_usual", "ratio_long_to_usual_low ratio_long_to_usual_high ratio_long_to_usual_seeds",
		"paper_ratio", "verdict", "why", "data_and_scale")}
	s.Table.Caption = "Ratios of perplexities, paired by seed; below 1 the longer training is better. Protocol " + orNone(c.protocol) + "."
	f := &chart.Chart{
		ID: "chart-long-" + slug, Title: "What training on longer sequences is worth",
		Caption: "Perplexity after the longer training divided by that at the usual length, paired by seed, with 95 % intervals; below 1 it helps.",
		Data:    table.New("", "Ratios of perplexities", "Model", ">Long ÷ usual", ">95 % interval", ">Seeds"),
		Legend:  []chart.LegendItem{{Name: "long ÷ usual", Color: chart.Grey, Mark: "full"}, {Name: "no difference", Color: chart.Grey, Dash: chart.Dashed}},
	}
	var names []string
	var points []point
	for _, r := range c.rows {
		if !r.long || len(r.records) == 0 {
			continue
		}
		usual, paper := c.shorter(r), table.None
		if r.paper > 0 {
			paper = fmt.Sprintf("%.3f", r.paper/c.paper.value(r.model, false))
		}
		length, usualLength, perplexity, printed := table.None, table.Cell{}, table.Cell{}, table.Cell{}
		if usual != nil {
			length, usualLength, perplexity = table.Count(int64(usual.length)), table.Whole(usual.length), usual.ours.cell()
		}
		if r.paper > 0 {
			printed = table.Shown(paper, r.paper/c.paper.value(r.model, false))
		}
		s.Table.Put(table.Text(modelName(r.model)), usualLength, table.Whole(r.length), perplexity, r.ours.cell(), r.overShort.ratioCell(), r.overShort.limitsAndSeeds(), printed,
			table.Text(string(r.verdict)), table.Prose(r.why), table.Prose(c.dataAndScale(r)))
		if words := c.apart(r, usual); words != "" {
			s.Table.Note("%s", words)
		}
		if r.overShort.N == 0 {
			continue
		}
		sentence := fmt.Sprintf("%s: sequences of %s instead of %s tokens multiply its perplexity by %s", modelName(r.model), table.Count(int64(r.length)), length, r.overShort)
		if r.paper > 0 {
			sentence += "; the paper's, from 32K to 100K, by " + paper
		}
		s.Reading = append(s.Reading, sentence+".")
		points = append(points, point{len(names), modelName(r.model), "long ÷ usual", modelColor(r.model), r.model, false, r.overShort})
		f.Data.Add(modelName(r.model), r.overShort.mean(), r.overShort.limits(), strconv.Itoa(r.overShort.N))
		names = append(names, shortName(r.model))
	}
	if len(names) == 0 {
		return s, nil
	}
	s.Charts = append(s.Charts, f)
	return s, drawPoints(f, names, "ratio of perplexities", points, []chart.Level{{Name: "no difference", Value: 1, Dash: chart.Dashed}})
}
