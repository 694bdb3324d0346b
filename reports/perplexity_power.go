package reports

import (
	"fmt"
	"math"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// closed is the share of the ideal gap that a row has closed: 0 is the best reader of its
// segment alone, 1 the best reader of the whole text. known is false for a text whose
// source is not known.
func (c *comparison) closed(r *row) (share float64, known bool) {
	for _, i := range c.ideals {
		if i.segment == r.scale.Segment && i.full > 0 && i.limited > i.full && len(r.records) > 0 {
			return math.Log(i.limited/r.ours.Mean) / math.Log(i.limited/i.full), true
		}
	}
	return 0, false
}

// closedCell is the share of the ideal gap in percent.
func (c *comparison) closedCell(r *row) table.Cell {
	share, known := c.closed(r)
	if !known {
		return table.Cell{}
	}
	return table.Shown(table.Hundred(share), table.Hundredfold(share))
}

// control is the positive control of a verdict on a row. On a generated text, the model must
// have closed enough of the ideal gap; on a real one, attention over the whole training
// sequence must be better than the control without memory.
func (c *comparison) control(r *row) Trial {
	if r == nil || len(r.records) == 0 {
		return Trial{}
	}
	share, known := c.closed(r)
	if !known {
		return c.fullControl(r)
	}
	t := Trial{Control: fmt.Sprintf("%s closes %s %% of the ideal gap", c.shortName(r), table.Hundred(share))}
	if share < fairShare {
		t.Lacks = fmt.Sprintf("%s closes only %s %% of the ideal gap, where a fair trial takes %s %%", c.shortName(r), table.Hundred(share), table.Hundred(fairShare))
		t.Takes = r.longerTraining(share)
	}
	return t
}

// able is the row whose control counts for a claim that a row is the better one: itself if it
// is the paper's own, else the model that the text and the training served best.
func (c *comparison) able(r *row) *row {
	if isInfini(r.model) {
		return r
	}
	best := r
	for _, other := range c.rows {
		if r.alike(other) && other.ours.Mean < best.ours.Mean {
			best = other
		}
	}
	return best
}

// fairSteps is how long a row would have to be trained to close enough of the ideal gap, if
// it goes on at the rate so far; known is false where it has hardly begun.
func (r *row) fairSteps(share float64) (steps int, known bool) {
	if share < 0.05 {
		return 0, false
	}
	return int(math.Ceil(fairShare/share*float64(r.scale.Steps)/10) * 10), true
}

// longerTraining is fairSteps in words. What they take in hours is in fairTrialsTable.
func (r *row) longerTraining(share float64) string {
	steps, known := r.fairSteps(share)
	if !known {
		return fmt.Sprintf("more than its %s steps; how many is not known", table.Count(int64(r.scale.Steps)))
	}
	return fmt.Sprintf("about %s steps in place of %s, at its rate so far", table.Count(int64(steps)), table.Count(int64(r.scale.Steps)))
}

// fairTrialsTable says how many hours it would take to train the paper's models on generated
// text until their trials are fair.
func fairTrialsTable(comparisons []*comparison) *table.Table {
	t := table.New("fair-trials", "What fair trials would take", "Text", "Model", ">Ideal gap closed, %", ">Steps", ">Steps of a fair trial", ">Hours for all seeds").CSV(
		"corpus", "model", "ideal_gap_closed_percent", "steps", "steps_of_a_fair_trial", "hours_of_all_seeds")
	t.Caption = fmt.Sprintf("Models that have closed less than %s %% of the ideal gap, and how long they would train if they went on at the rate so far; hours of one worker.", table.Hundred(fairShare))
	for _, c := range comparisons {
		for _, r := range c.rows {
			share, known := c.closed(r)
			if !known || !isInfini(r.model) || share >= fairShare {
				continue
			}
			var seconds float64
			for _, record := range r.records {
				if record.Timing != nil {
					seconds += record.Timing.TrainSeconds
				}
			}
			cells := []table.Cell{table.Text(c.corpus), table.Text(c.name(r)), table.Shown(table.Hundred(share), table.Hundredfold(share)), table.Whole(r.scale.Steps), {}, {}}
			if steps, known := r.fairSteps(share); known {
				cells[4] = table.Whole(steps)
				if seconds > 0 {
					hours := seconds / 3600 * float64(steps) / float64(r.scale.Steps)
					cells[5] = table.Shown(table.Decimals(hours, 2), hours)
				}
			}
			t.Put(cells...)
		}
	}
	return t
}

// fullControl compares full attention with the control without memory, trained alike. A row
// trained at 100K has those of the usual length.
func (c *comparison) fullControl(r *row) Trial {
	if r.long {
		r = c.shorter(r)
	}
	if r == nil {
		return Trial{Lacks: "no control with full attention", Takes: "the model full-attention, trained alike"}
	}
	full, local := r, r.like(c.rows, localOnly)
	if r.model != results.FullAttention {
		full = r.like(c.rows, results.FullAttention)
	}
	if r.model == localOnly {
		local = r
	}
	if full == nil || local == nil {
		return Trial{Lacks: "no control with full attention", Takes: "the models full-attention and local-only, trained alike"}
	}
	ratio, documents := full.over(local), full.byDocument(local)
	t := Trial{Control: "full attention ÷ local only " + ratio.String()}
	if !(ratio.High < 1) || documents.Documents > 0 && !(documents.High < 1) {
		t.Lacks = "not even full attention is surely better than no memory: ÷ local only " + ratio.String()
		t.Takes = fmt.Sprintf("more than %s steps; how many is not known", table.Count(int64(full.scale.Steps)))
	}
	return t
}

// handicap is what a baseline lacks of the budget that its authors gave it, where that is
// known: Wu et al. 2022 let the nearest 32 of 65,536 tokens answer, 32 segments in the paper;
// Bulatov et al. 2023 lengthen the sequences of the RMT in training.
func (r *row) handicap() string {
	if len(r.records) == 0 || r.scale.PaperScale {
		return ""
	}
	var lacks []string
	s := r.records[0].Result.Settings
	switch r.model {
	case "memorizing":
		if n, usual := s.Baselines.Memorizing.Entries, 32*r.scale.Segment; n > 0 && n < usual {
			lacks = append(lacks, fmt.Sprintf("a memory of %s of %s tokens", table.Count(int64(n)), table.Count(int64(usual))))
		}
		if k := s.Baselines.Memorizing.K; k > 0 && k < 32 {
			lacks = append(lacks, fmt.Sprintf("the nearest %d of 32", k))
		}
	case "rmt":
		if s.Baselines.RMT.Curriculum == 0 {
			lacks = append(lacks, "no curriculum of lengths")
		}
	}
	return strings.Join(lacks, ", ")
}
