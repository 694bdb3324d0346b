package reports

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"infinibench/experiments"
)

// tables of one comparison, the paper's Table 2 first.
func (c *comparison) tables(slug string) []*Table {
	tables := []*Table{c.perplexityTable(slug)}
	if t := c.pairsTable(slug); len(t.Rows) > 0 {
		tables = append(tables, t)
	}
	tables = append(tables, c.ablationTable(slug), c.scaleTable(slug))
	if t := c.classTable(slug); len(t.Rows) > 0 {
		tables = append(tables, t)
	}
	return tables
}

// perplexityTable sets the paper's token perplexity beside ours.
func (c *comparison) perplexityTable(slug string) *Table {
	best := "the paper's best"
	if c.paper.reference != "" {
		best = shortName(c.paper.reference)
	}
	t := newTable("perplexity-"+slug, "Token perplexity on "+c.title(),
		"Model", ">Paper", ">Ours", ">95 % interval", ">Seeds",
		">÷ local only", ">95 % interval of ÷", "Verdict", ">÷ "+best+", ours", ">÷ "+best+", paper",
		"Data and scale")
	t.Caption = "Lower is better. Protocol " + orNone(c.protocol) + "."
	for _, r := range c.rows {
		seeds := ""
		if len(r.records) > 0 {
			seeds = strconv.Itoa(len(r.records))
		}
		t.add(c.name(r), c.paperValue(r), r.ours.mean(), r.ours.limits(), seeds,
			ratio(r.overLocal), r.overLocal.limits(), string(r.verdict), ratio(r.overBest), paperNumber(r.paperRatio),
			c.dataAndScale(r))
		for _, f := range r.failed {
			t.note("%s, seed %d, failed: %s", modelName(r.model), f.Result.Cell.Seed, f.Result.Error)
		}
	}
	for _, i := range c.ideals {
		t.add("Ideal reader, full history", "", figure(i.full), "", "", "", "", "bound", "", "", "exact, from the generator")
		t.add("Ideal reader, last segment only ("+count(int64(i.segment))+" tokens)", "", figure(i.limited), "", "", "", "", "bound", "", "",
			"exact, from the generator")
	}
	t.note("%s", methodNote)
	if c.paper.name != "" {
		t.note("The paper's own ratio is taken against its best model of this column, %s.", modelName(c.paper.reference))
		t.note("%s The paper has no local-only control: %.2f is that of 2,048 tokens without memory or cache.", borrowedNote, c.paper.control)
	}
	if c.paper.name != "" {
		t.note("A verdict on an Infini-Transformer is about its ÷ local only; on one trained at 100K, about its ratio to the usual length; on any other model, about the ratio of %s to it. These ratios stand in “Row by row”.", shortName(c.paper.reference))
	}
	if c.standIn && c.paper.name != "" {
		t.note("The paper's values are for its own %s and tokenizer; beside other data or another vocabulary only the ordering can be compared.", c.paper.name)
	}
	return t
}

// methodNote says how values and intervals are made, wherever they are shown.
const methodNote = "Ours is the geometric mean over seeds, and its 95 % interval exp(m ± t·s/√n) of the logarithms (mean m, standard deviation s, Student's t), since a perplexity is the exponential of a mean loss. ÷ is the same of the ratios of equal seeds."

func ratio(i Interval) string {
	if i.N == 0 {
		return none
	}
	return i.mean()
}

// paperNumber writes a ratio of the paper's values, which carry three digits.
func paperNumber(x float64) string {
	if x == 0 {
		return none
	}
	return decimals(x, 3)
}

// paperValue is the paper's cell, marked with its corpus when ours is another.
func (c *comparison) paperValue(r *row) string {
	if r.paper == 0 {
		return none
	}
	value := strconv.FormatFloat(r.paper, 'f', 2, 64)
	if isBorrowed(r.model) {
		value += borrowed
	}
	if c.standIn {
		value += " on " + c.paper.name
	}
	return value
}

func orNone(s string) string {
	if s = clean(s); s == "" {
		return "unknown (no result)"
	}
	return s
}

// ablationTable shows what the memory is worth and the other units.
func (c *comparison) ablationTable(slug string) *Table {
	t := newTable("ablation-"+slug, "Memory off, and other units, on "+c.title(),
		"Model", ">Intact", ">Memory zeroed", ">Zeroed ÷ intact", ">95 % interval", ">Memory shuffled",
		">Word perplexity", ">Byte perplexity", ">Bits per byte", "Data and scale")
	t.Caption = "Token perplexity while the memory is read as zeros, or as another document's; then the intact model in other units. Geometric means over seeds; of bits per byte, arithmetic. Protocol " + orNone(c.protocol) + "."
	for _, r := range c.rows {
		if len(r.records) == 0 {
			continue
		}
		t.add(c.name(r), r.ours.mean(), r.zeroed.mean(), ratio(r.zeroedRatio), r.zeroedRatio.limits(), r.shuffled.mean(),
			positive(geometricInterval(r.field(func(s experiments.Score) float64 { return s.WordPPL })).Mean),
			positive(geometricInterval(r.field(func(s experiments.Score) float64 { return s.BytePPL })).Mean),
			positive(meanInterval(r.field(func(s experiments.Score) float64 { return s.BitsPerByte })).Mean), r.inShort())
		if rule := r.records[0].Result.Data.WordRule; rule != "" {
			t.note("Words counted by: %s.", rule)
		}
		for _, record := range r.records {
			s := record.Result.Perplexity.Intact
			for _, quantity := range slices.Sorted(maps.Keys(s.Undefined)) {
				t.note("No %s: %s.", strings.ReplaceAll(quantity, "_", " "), s.Undefined[quantity])
			}
		}
	}
	return t
}

func positive(x float64) string {
	if x <= 0 {
		return none
	}
	return figure(x)
}

// scaleTable sets our sizes beside the paper's.
func (c *comparison) scaleTable(slug string) *Table {
	t := newTable("scale-"+slug, "Scale of the runs on "+c.title(),
		"Model", ">Parameters", ">beyond local only", ">Layers", ">d_model", ">Heads", ">Segment", ">Training sequence", ">Batch", ">Steps", ">Training tokens")
	add := func(name string, s experiments.Scale, beyond, steps, tokens, about string) {
		t.add(name, about+count(s.Parameters), beyond, strconv.Itoa(s.Layers), count(int64(s.DModel)), strconv.Itoa(s.Heads),
			count(int64(s.Segment)), count(int64(s.TrainLength)), strconv.Itoa(s.Batch), steps, tokens)
	}
	for _, r := range c.rows {
		if len(r.records) > 0 {
			beyond := ""
			if local := r.like(c.rows, localOnly); local != nil {
				beyond = count(r.scale.Parameters - local.scale.Parameters)
			}
			add(c.name(r), r.scale, beyond, count(int64(r.scale.Steps)), count(r.scale.TrainTokens), "")
		}
	}
	add("The paper's Infini-Transformer", paperScale, count(int64(paperScale.Heads*paperScale.Layers)), "not stated", "not stated", "≈")
	t.note("The paper states no parameter count: ≈%s follows from its sizes with a tied vocabulary of 32,128. Its Transformer-XL and Memorizing rows saw ≈65.5B tokens.", short(paperScale.Parameters))
	return t
}

// classTable shows where the memory helps: the loss by where the fact that
// decides a word was last stated.
func (c *comparison) classTable(slug string) *Table {
	t := newTable("classes-"+slug, "Loss by kind of word on "+c.title(),
		"Model", "Kind of word", ">Tokens", ">Loss", ">95 % interval", ">Ideal, full history", ">Ideal, last segment", "Data and scale")
	t.Caption = "Nats per token, arithmetic mean over seeds with its Student-t interval; the intact model."
	for _, r := range c.rows {
		if len(r.records) == 0 {
			continue
		}
		for k := range r.records[0].Result.Perplexity.Classes {
			var loss, full, segment []float64
			var tokens int64
			name := r.records[0].Result.Perplexity.Classes[k].Class
			for _, record := range r.records {
				for _, class := range record.Result.Perplexity.Classes {
					if class.Class == name && class.Tokens > 0 {
						n := float64(class.Tokens)
						loss, full, segment = append(loss, class.NLL/n), append(full, class.IdealFull/n), append(segment, class.IdealSegment/n)
						tokens = class.Tokens
					}
				}
			}
			if len(loss) > 0 {
				i := meanInterval(loss)
				t.add(c.name(r), name, count(tokens), i.mean(), i.limits(), meanInterval(full).mean(), meanInterval(segment).mean(), r.inShort())
			}
		}
	}
	if len(t.Rows) > 0 {
		t.note("Only a model with memory can reach the ideal of a fact stated in an earlier segment; without one, the last column is the bound.")
	}
	return t
}
