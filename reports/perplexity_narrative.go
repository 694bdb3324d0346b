package reports

import (
	"fmt"
	"slices"
	"strings"

	"infinibench/datasets"
	"infinibench/reports/table"
)

// reading says in plain words what the numbers of a comparison show, one text
// for each model. Every sentence follows from a number; none is written when
// its number is missing.
func (c *comparison) reading() []string {
	var text []string
	ran := false
	for _, r := range c.rows {
		if len(r.records) == 0 {
			continue
		}
		if !ran {
			text = append(text, c.comparable(r))
			ran = true
		}
		if r.model != localOnly {
			text = append(text, c.modelSentences(r))
		}
	}
	if t := c.lookup(); t != "" {
		text = append(text, t)
	}
	if !ran {
		return []string{"No cell on this corpus has a result, so nothing can be said about it."}
	}
	return text
}

// comparable states which of the paper's numbers ours can be compared with.
func (c *comparison) comparable(r *row) string {
	switch {
	case r.paperScale():
		return "The paper's model, sequence length, batch and data: its ratios and ours can be compared directly; the values are those of a tokenizer that it does not name."
	case c.standIn && c.paper.name != "":
		return fmt.Sprintf("The text stands in for the paper's %s, so our perplexities cannot be set against the paper's, only the ordering of the models.", c.paper.name)
	}
	return "The runs are smaller than the paper's, so only the ordering of the models can be compared with it."
}

// lookup says which models do not use a fact that their own segment states: what is not
// learnt there cannot be shown across segments. Where the control is one of them and
// others are not, those have more than their memory over it.
func (c *comparison) lookup() string {
	var poor []string
	var costs []float64
	var best, first float64
	control, better := false, false
	for _, r := range c.rows {
		near, ideal := r.classLoss(datasets.ClassNear.String())
		fresh, _ := r.classLoss(datasets.ClassNew.String())
		switch {
		case near > fresh/2:
			poor, costs = append(poor, c.shortName(r)), append(costs, near)
			best, first = ideal, fresh
			control = control || r.model == localOnly
		case near <= fresh/2:
			better = true
		}
	}
	if len(poor) == 0 {
		return ""
	}
	cost := table.Sig4(slices.Min(costs))
	if high := table.Sig4(slices.Max(costs)); high != cost {
		cost += " to " + high
	}
	text := fmt.Sprintf("A fact that the same segment states still costs %s %s nats a word, where an ideal reader pays %s and a new fact costs %s: without having learnt to look a fact up, a memory of earlier segments cannot help much.",
		strings.Join(poor, ", "), cost, table.Sig4(best), table.Sig4(first))
	if control && better {
		text += " The other models have learnt it, so what they are better by than the control is not their memory's alone."
	}
	return text
}

// classLoss is the mean over seeds of a class's loss and of its ideal with the
// full history, in nats per token; NaN when no seed has such tokens.
func (r *row) classLoss(name string) (loss, ideal float64) {
	var losses, ideals []float64
	for _, record := range r.records {
		for _, class := range record.Result.Perplexity.Classes {
			if class.Class == name && class.Tokens > 0 {
				losses = append(losses, class.NLL/float64(class.Tokens))
				ideals = append(ideals, class.IdealFull/float64(class.Tokens))
			}
		}
	}
	return meanInterval(losses).Mean, meanInterval(ideals).Mean
}

// modelSentences compares one model with the control, with itself without its
// memory, and with the ideal reader.
func (c *comparison) modelSentences(r *row) string {
	s := []string{fmt.Sprintf("%s: token perplexity %s over %s.", c.name(r), r.ours, plural(len(r.records), "seed"))}
	switch i := r.overLocal; {
	case i.N == 0:
		s = append(s, "There is no local-only control trained alike to compare it with.")
	case i.N < 2:
		s = append(s, fmt.Sprintf("That is %s of the local-only control's; one pair of seeds allows no interval, so this decides nothing.", table.Percent(i.Mean)))
	case i.High < 1:
		s = append(s, fmt.Sprintf("That is %s of the local-only control's, interval %s to %s: the model with memory predicts better.", table.Percent(i.Mean), table.Percent(i.Low), table.Percent(i.High)))
	case i.Low >= 1:
		s = append(s, fmt.Sprintf("That is %s of the local-only control's, interval %s to %s: the memory did not help.", table.Percent(i.Mean), table.Percent(i.Low), table.Percent(i.High)))
	default:
		s = append(s, fmt.Sprintf("That is %s of the local-only control's, interval %s to %s, which contains 100 %%: the difference may be chance.", table.Percent(i.Mean), table.Percent(i.Low), table.Percent(i.High)))
	}
	if words := c.apart(r, r.like(c.rows, localOnly)); words != "" {
		s = append(s, words)
	}
	if won, worth := c.gap(r); worth > 0 {
		if won <= 0 {
			s = append(s, fmt.Sprintf("It is above the best possible reader of the last segment alone, so none of the %.3f nats per token that the history before it is worth can be put down to its memory for sure.", worth))
		} else {
			s = append(s, fmt.Sprintf("It is %.3f nats per token below the best possible reader of the last segment alone; the best reader of the full history is %.3f below.", won, worth))
		}
	}
	if z := r.zeroedRatio; z.N > 0 {
		s = append(s, fmt.Sprintf("Reading zeros instead of its memory multiplies its perplexity by %s.", z))
		if z.N > 1 && z.Low <= 1 && z.High >= 1 {
			s = append(s, "As that interval contains 1, these runs do not show that the model uses its memory.")
		}
	}
	return strings.Join(s, " ")
}
