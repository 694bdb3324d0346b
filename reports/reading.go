package reports

import (
	"fmt"
	"math"
	"strings"
)

// reading says in plain words what the numbers of a comparison show. Every
// sentence follows from a number; none is written when its number is missing.
func (c *comparison) reading() []string {
	var text []string
	ran := false
	for _, r := range c.rows {
		if len(r.records) == 0 {
			continue
		}
		if !ran {
			text = append(text, c.scaleSentence(r))
			ran = true
		}
		if r.model != localOnly {
			text = append(text, c.modelSentences(r))
		}
	}
	if !ran {
		return []string{"No cell on this corpus has a result, so nothing can be said about it."}
	}
	if missing := c.missing(); missing != "" {
		text = append(text, missing)
	}
	return text
}

func (c *comparison) scaleSentence(r *row) string {
	switch {
	case r.paperScale():
		return "These runs use the paper's model, sequence length, batch and data, so its values and ours can be compared directly."
	case c.standIn && c.paper.name != "":
		return fmt.Sprintf("The text is not the paper's %s but stands in for it, and the model has %s parameters where the paper's has ≈%s. So our perplexities cannot be set against the paper's; what can be compared is whether the ordering of the models is the same.",
			c.paper.name, short(r.scale.Parameters), short(paperScale.Parameters))
	}
	return fmt.Sprintf("The model has %s parameters where the paper's has ≈%s, so only the ordering of the models can be compared with the paper.",
		short(r.scale.Parameters), short(paperScale.Parameters))
}

// modelSentences compares one model with the control, with itself without its
// memory, and with the ideal reader.
func (c *comparison) modelSentences(r *row) string {
	name := c.name(r)
	s := []string{fmt.Sprintf("%s reached a token perplexity of %s (%s).", name, r.ours, plural(len(r.records), "seed"))}
	switch i := r.overLocal; {
	case i.N == 0:
		s = append(s, "There is no local-only control with the same seeds to compare it with.")
	case i.N < 2:
		s = append(s, fmt.Sprintf("That is %s of the local-only control's; one pair of seeds allows no interval, so this decides nothing.", percent(i.Mean)))
	case i.High < 1:
		s = append(s, fmt.Sprintf("That is %s of the local-only control's, with an interval of %s to %s: the model with memory predicts better.", percent(i.Mean), percent(i.Low), percent(i.High)))
	case i.Low >= 1:
		s = append(s, fmt.Sprintf("That is %s of the local-only control's, with an interval of %s to %s: the memory did not help. The paper's ordering was not reproduced here.", percent(i.Mean), percent(i.Low), percent(i.High)))
	default:
		s = append(s, fmt.Sprintf("That is %s of the local-only control's, with an interval of %s to %s, which contains 100 %%: the difference may be chance.", percent(i.Mean), percent(i.Low), percent(i.High)))
	}
	if z := r.zeroedRatio; z.N > 0 {
		s = append(s, fmt.Sprintf("Reading zeros instead of its memory multiplies its perplexity by %s.", z))
		if z.N > 1 && z.Low <= 1 && z.High >= 1 {
			s = append(s, "As that interval contains 1, these runs do not show that the model uses its memory.")
		}
	}
	if text := c.idealSentence(r); text != "" {
		s = append(s, text)
	}
	if text := gateSentence(r); text != "" {
		s = append(s, text)
	}
	return strings.Join(s, " ")
}

// idealSentence says how much there was to win, and how much was won. It
// measures in nats per token, where gains add up.
func (c *comparison) idealSentence(r *row) string {
	for _, i := range c.ideals {
		if i.segment != r.scale.Segment || !(i.full > 0 && i.limited > i.full) || r.overLocal.N == 0 {
			continue
		}
		worth, won := math.Log(i.limited/i.full), -math.Log(r.overLocal.Mean)
		if won <= 0 {
			return fmt.Sprintf("An ideal reader gains %.3f nats per token from the history before the last segment; this model gained none of it over the control.", worth)
		}
		return fmt.Sprintf("An ideal reader gains %.3f nats per token from the history before the last segment; this model gained %.3f over the control, %.0f %% of that.",
			worth, won, 100*won/worth)
	}
	return ""
}

// gateSentence checks what the paper says of its Figure 3.
func gateSentence(r *row) string {
	var local, memory, total, layers, layersWithLocal int
	for _, record := range r.records {
		for _, layer := range record.Result.Gates {
			has := false
			for _, g := range layer {
				total++
				if g < 0.1 {
					local++
					has = true
				}
				if g > 0.9 {
					memory++
				}
			}
			layers++
			if has {
				layersWithLocal++
			}
		}
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("Of its %d gates over all seeds %d lie below 0.1 and %d above 0.9; the paper says that every layer has a head that reads only its own segment, and here %d of %d layers have a gate below 0.1.",
		total, local, memory, layersWithLocal, layers)
}

// missing names what the paper reports and this run does not.
func (c *comparison) missing() string {
	var names []string
	failed := 0
	for _, r := range c.rows {
		if r.verdict == NotAttempted {
			names = append(names, c.name(r))
		}
		failed += len(r.failed)
	}
	text := ""
	if len(names) > 0 {
		text = "Not attempted in this run: " + strings.Join(names, "; ") + "."
	}
	if failed > 0 {
		text = strings.TrimSpace(text + " " + plural(failed, "cell") + " failed; the errors stand below the table.")
	}
	return text
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
