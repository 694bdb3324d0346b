package reports

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// tables of one comparison, the paper's Table 2 first.
func (c *comparison) tables(slug string) []*table.Table {
	tables := []*table.Table{c.perplexityTable(slug)}
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
func (c *comparison) perplexityTable(slug string) *table.Table {
	best := "the paper's best"
	if c.paper.reference != "" {
		best = shortName(c.paper.reference)
	}
	t := table.New("perplexity-"+slug, "Token perplexity on "+c.title(),
		"Model", ">Paper", ">Ours", ">95 % interval", ">Seeds",
		">÷ local only", ">95 % interval of ÷", "Verdict", ">÷ "+best+", ours", ">÷ "+best+", paper",
		">Ideal gap closed, %", "Data and scale").CSV("model", "paper_perplexity paper_corpus paper_is_borrowed", "perplexity", "perplexity_low perplexity_high", "seeds",
		"ratio_to_local_only", "ratio_to_local_only_low ratio_to_local_only_high ratio_to_local_only_seeds", "verdict why could_have_shown",
		"ratio_to_best ratio_to_best_low ratio_to_best_high ratio_to_best_seeds", "paper_ratio_to_best", "ideal_gap_closed_percent", "data_and_scale")
	t.Caption = "Lower is better. Protocol " + orNone(c.protocol) + "."
	for _, r := range c.rows {
		var seeds, paper table.Cell
		if len(r.records) > 0 {
			seeds = table.Whole(len(r.records))
		}
		if r.paper > 0 {
			paper = table.Shown(c.paperValue(r), r.paper, c.paper.name, isBorrowed(r.model))
		}
		t.Put(table.Text(c.name(r)), paper, table.Plain(r.ours.Mean), r.ours.limitsCell(), seeds,
			r.overLocal.ratioCell(), r.overLocal.limitsAndSeeds(), table.Shown(string(r.verdict), string(r.verdict), table.ASCII(r.why), table.ASCII(r.trial.words())),
			table.Shown(ratio(r.overBest), r.overBest.valueLowHighN()...), paperRatio(r.paperRatio), c.closedCell(r), table.Prose(c.dataAndScale(r)))
		for _, words := range c.aparts(r) {
			t.Note("%s", words)
		}
		for _, f := range r.failed {
			t.Note("%s, seed %d, failed: %s", modelName(r.model), f.Result.Cell.Seed, f.Result.Error)
		}
	}
	for _, i := range c.ideals {
		bound, exact := table.Shown("bound", "bound", nil, nil), table.Text("exact, from the generator")
		t.Put(table.Text("Ideal reader, full history"), table.Cell{}, table.Plain(i.full), table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, bound, table.Cell{}, table.Cell{}, table.Cell{}, exact)
		t.Put(table.Text("Ideal reader, last segment only ("+table.Count(int64(i.segment))+" tokens)"), table.Cell{}, table.Plain(i.limited), table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, bound, table.Cell{}, table.Cell{}, table.Cell{}, exact)
	}
	t.Note("%s", methodNote)
	if len(c.ideals) > 0 {
		t.Note("Ideal gap: the nats between the two ideal readers; 0 %% is the reader of a segment alone, 100 %% the reader of the whole text.")
	}
	if c.paper.name != "" {
		t.Note("The paper's own ratio is taken against its best model of this column, %s.", modelName(c.paper.reference))
		t.Note("%s The paper has no local-only control: %.2f is a model that reads 2,048 tokens without memory or cache.", borrowedNote, c.paper.control)
	}
	if c.paper.name != "" {
		t.Note("A verdict on an Infini-Transformer is about its ÷ local only; on one trained at 100K, about its ratio to the usual length; on any other model, about the ratio of %s to it. These ratios stand in “Row by row”.", shortName(c.paper.reference))
	}
	if c.standIn && c.paper.name != "" {
		t.Note("The paper's values are for its own %s and tokenizer; beside other data or another vocabulary only the ordering can be compared.", c.paper.name)
	}
	return t
}

// methodNote says how values and intervals are made, wherever they are shown.
const methodNote = "Ours is the geometric mean over seeds, and its 95 % interval exp(m ± t·s/√n) of the logarithms (mean m, standard deviation s, Student's t), since a perplexity is the exponential of a mean loss. ÷ is the same of the ratios of equal seeds."

func ratio(i Interval) string {
	if i.N == 0 {
		return table.None
	}
	return i.mean()
}

// paperValue is the paper's cell, marked with its corpus when ours is another.
func (c *comparison) paperValue(r *row) string {
	if r.paper == 0 {
		return table.None
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

// ablationTable shows what the memory is worth and the other units.
func (c *comparison) ablationTable(slug string) *table.Table {
	t := table.New("ablation-"+slug, "Memory off, and other units, on "+c.title(),
		"Model", ">Intact", ">Memory zeroed", ">Zeroed ÷ intact", ">95 % interval", ">Memory shuffled",
		">Word perplexity", ">Byte perplexity", ">Bits per byte", "Data and scale").CSV("model", "perplexity", "perplexity_memory_zeroed",
		"ratio_zeroed_to_intact", "ratio_zeroed_to_intact_low ratio_zeroed_to_intact_high ratio_zeroed_to_intact_seeds", "perplexity_memory_shuffled",
		"word_perplexity", "byte_perplexity", "bits_per_byte", "data_and_scale")
	t.Caption = "Token perplexity while the memory is read as zeros, or as another document's; then the intact model in other units. Geometric means over seeds; of bits per byte, arithmetic. Protocol " + orNone(c.protocol) + "."
	for _, r := range c.rows {
		if len(r.records) == 0 {
			continue
		}
		t.Put(table.Text(c.name(r)), table.Plain(r.ours.Mean), table.Plain(r.zeroed.Mean), r.zeroedRatio.ratioCell(), r.zeroedRatio.limitsAndSeeds(), table.Plain(r.shuffled.Mean),
			positive(geometricInterval(r.field(func(s results.Score) float64 { return s.WordPPL })).Mean),
			positive(geometricInterval(r.field(func(s results.Score) float64 { return s.BytePPL })).Mean),
			positive(meanInterval(r.field(func(s results.Score) float64 { return s.BitsPerByte })).Mean), table.Prose(r.inShort()))
		if n := r.zeroed.N; n > 0 && n != r.ours.N {
			t.Note("%s: its memory was zeroed with %d of its %d seeds, and zeroed ÷ intact is over those.", c.name(r), n, r.ours.N)
		}
		if rule := r.records[0].Result.Data.WordRule; rule != "" {
			t.Note("Words counted by: %s.", rule)
		}
		for _, record := range r.records {
			s := record.Result.Perplexity.Intact
			for _, quantity := range slices.Sorted(maps.Keys(s.Undefined)) {
				t.Note("No %s: %s.", strings.ReplaceAll(quantity, "_", " "), s.Undefined[quantity])
			}
		}
	}
	return t
}

func positive(x float64) table.Cell {
	if x <= 0 {
		return table.Cell{}
	}
	return table.Plain(x)
}

// scaleTable sets our sizes beside the paper's.
func (c *comparison) scaleTable(slug string) *table.Table {
	t := table.New("scale-"+slug, "Scale of the runs on "+c.title(),
		"Model", ">Parameters", ">beyond local only", ">Layers", ">d_model", ">Heads", ">Segment", ">Training sequence", ">Batch", ">Steps", ">Training tokens").CSV(
		"model", "parameters parameters_are_estimated", "parameters_beyond_local_only", "layers", "d_model", "heads", "segment_tokens", "training_sequence_tokens", "batch", "steps", "training_tokens why_missing")
	add := func(name string, s results.Scale, beyond, steps, tokens table.Cell, about string) {
		t.Put(table.Text(name), table.Shown(about+table.Count(s.Parameters), s.Parameters, about != ""), beyond, table.Whole(s.Layers), table.Whole(s.DModel), table.Whole(s.Heads),
			table.Whole(s.Segment), table.Whole(s.TrainLength), table.Whole(s.Batch), steps, tokens)
	}
	for _, r := range c.rows {
		if len(r.records) > 0 {
			var beyond table.Cell
			if local := r.like(c.rows, localOnly); local != nil {
				beyond = table.Whole(r.scale.Parameters - local.scale.Parameters)
			}
			add(c.name(r), r.scale, beyond, table.Whole(r.scale.Steps), table.Shown(table.Count(r.scale.TrainTokens), r.scale.TrainTokens, nil), "")
		}
	}
	add("The paper's Infini-Transformer", paperScale, table.Whole(paperScale.Heads*paperScale.Layers), table.Shown("not stated", nil), table.Shown("not stated", nil, "the paper does not state its steps and training tokens"), "≈")
	t.Note("The paper states no parameter count: ≈%s follows from its sizes with a tied vocabulary of 32,128. Its Transformer-XL and Memorizing rows saw ≈65.5B tokens.", table.Short(paperScale.Parameters))
	return t
}

// classTable shows where the memory helps: the loss by where the fact that
// decides a word was last stated.
func (c *comparison) classTable(slug string) *table.Table {
	t := table.New("classes-"+slug, "Loss by kind of word on "+c.title(),
		"Model", "Kind of word", ">Tokens", ">Loss", ">95 % interval", ">Ideal, full history", ">Ideal, last segment", "Data and scale").CSV("model", "kind_of_word", "tokens", "loss_nats_per_token", "loss_nats_per_token_low loss_nats_per_token_high seeds",
		"ideal_full_history_nats_per_token", "ideal_last_segment_nats_per_token", "data_and_scale")
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
				t.Put(table.Text(c.name(r)), table.Text(name), table.Whole(tokens), table.Plain(i.Mean), i.limitsAndSeeds(), table.Plain(meanInterval(full).Mean), table.Plain(meanInterval(segment).Mean), table.Prose(r.inShort()))
			}
		}
	}
	if len(t.Rows) > 0 {
		t.Note("Only a model with memory can reach the ideal of a fact stated in an earlier segment; without one, the last column is the bound.")
	}
	return t
}
