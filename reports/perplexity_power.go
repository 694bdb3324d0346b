package reports

import (
	"fmt"
	"math"
	"strings"

	"infinibench/internal/finite"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// gap is how far a row is below the best reader of its segment alone, and how far the best
// reader of the whole text is, in nats per token, where gains add up; worth is 0 when the
// source of the text is unknown. The local-only model would be no measure: what it has not
// learnt would count for the memory.
func (c *comparison) gap(r *row) (won, worth float64) {
	for _, i := range c.ideals {
		if i.segment == r.scale.Segment && i.full > 0 && i.limited > i.full && len(r.records) > 0 {
			return math.Log(i.limited / r.ours.Mean), math.Log(i.limited / i.full)
		}
	}
	return 0, 0
}

// closed is the share of the ideal gap that a row has closed: 0 is the best reader of its
// segment alone, 1 the best reader of the whole text.
func (c *comparison) closed(r *row) (share float64, known bool) {
	won, worth := c.gap(r)
	return won / worth, worth > 0
}

// closedCell is the share of the ideal gap in percent.
func (c *comparison) closedCell(r *row) table.Cell {
	share, known := c.closed(r)
	if !known {
		return table.Cell{}
	}
	return table.Shown(table.Hundred(share), table.Hundredfold(share))
}

// control is the positive control of a verdict on a row. On generated text the model must
// have closed enough of the ideal gap; on real text, full attention over the training
// sequence must beat local attention.
func (c *comparison) control(r *row) Trial {
	if r == nil || len(r.records) == 0 {
		return Trial{}
	}
	share, known := c.closed(r)
	if !known {
		return c.fullControl(r)
	}
	t := closedControl(c.shortName(r), share)
	if t.Lacks == "" {
		return t
	}
	now := table.Count(int64(r.scale.Steps))
	// Below a twentieth, the rate so far says nothing.
	if share < 0.05 {
		return t.lacking(t.Lacks, fmt.Sprintf("more than its %s steps (how many is unknown)", now))
	}
	steps := math.Ceil(fairShare/share*float64(r.scale.Steps)/10) * 10
	t.Takes = fmt.Sprintf("about %s steps in place of %s, at its rate so far", table.Count(int64(steps)), now)
	t.Hours = r.hoursFor(steps)
	return t
}

// hoursFor is how long one worker would train all seeds of a row for so many steps, at the
// speed of this run; 0 if unknown.
func (r *row) hoursFor(steps float64) float64 {
	var seconds float64
	for _, record := range r.records {
		if record.Timing != nil {
			seconds += record.Timing.TrainSeconds
		}
	}
	hours := seconds / 3600 * steps / float64(r.scale.Steps)
	if !finite.Is(hours) {
		return 0
	}
	return hours
}

// able is the row whose control counts for a claim that row r is the better one: r itself if
// it is the paper's model, otherwise the best of all that were trained alike. Its control
// shows what the text and the training could have taught.
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

// fullControl compares full attention with local attention, both trained like r. A row
// trained at 100K has the control of the usual length.
func (c *comparison) fullControl(r *row) Trial {
	missing := Trial{Lacks: "no control with full attention", Takes: "the models full-attention and local-only, trained alike"}
	if r.long {
		r = c.shorter(r)
	}
	if r == nil {
		return missing
	}
	find := func(model string) *row {
		if r.model == model {
			return r
		}
		return r.like(c.rows, model)
	}
	full, local := find(results.FullAttention), find(localOnly)
	if full == nil || local == nil {
		return missing
	}
	ratio, documents := full.over(local), full.byDocument(local)
	t := Trial{Control: "full attention ÷ local only " + ratio.String()}
	if !(ratio.High < 1) || documents.Documents > 0 && !(documents.High < 1) {
		return t.lacking("not even full attention surely beats local attention: ÷ local only "+ratio.String(),
			fmt.Sprintf("more than %s steps (how many is unknown)", table.Count(int64(full.scale.Steps))))
	}
	return t
}

// handicap is what a baseline lacks of the budget that its authors gave it, where that is
// known: Wu et al. 2022 let the nearest 32 of 65,536 tokens answer, 32 segments in the paper;
// Bulatov et al. 2023 lengthen the sequences of the RMT during training.
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
