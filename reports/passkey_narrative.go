package reports

import (
	"fmt"
	"slices"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// title names the table in headings.
func (p *passkeyTable) title() string {
	return "Passkey retrieval"
}

// reading says in plain words what the numbers show.
func (p *passkeyTable) reading() []string {
	ran := p.ran()
	if len(ran) == 0 {
		return []string{"No cell of passkey retrieval has a result, so nothing can be said about it."}
	}
	filler := table.Clean(p.task.Filler)
	if p.task.Period > 0 {
		filler += fmt.Sprintf(", which repeats itself after %s", plural(p.task.Period, "token"))
	}
	text := []string{fmt.Sprintf("A key of %s, one token each, is hidden in prompts of %s tokens and asked for at their end; no training saw any of these keys. The filler is %s. A guess gets %s %% of the digits right.",
		plural(p.task.Digits, "digit"), lengthList(p.lengths), filler, table.Hundred(p.task.Chance))}
	var others []string
	for _, r := range ran {
		if isInfini(r.model) {
			text = append(text, p.sentences(r))
			continue
		}
		across, _ := r.carried()
		if worst := lowest(across); worst != nil && r.stage == results.StageRecipe {
			others = append(others, fmt.Sprintf("%s %s to %s %%", r.name(modelName), table.Hundred(worst.Tokens.Value), table.Hundred(highestOf(across))))
		}
	}
	if len(others) > 0 {
		text = append(text, "The other models, by our recipe, in the cells whose key lies in an earlier segment: "+strings.Join(others, "; ")+".")
	}
	return text
}

func highestOf(cells []results.PasskeyScore) float64 {
	var high float64
	for _, s := range cells {
		high = max(high, s.Tokens.Value)
	}
	return high
}

// sentences describes the results of one model after one training.
func (p *passkeyTable) sentences(r *keyRow) string {
	var s []string
	across, own := r.carried()
	name := r.name(modelName) + ", " + stageWords(r.stage) + ": "
	if worst := lowest(across); worst != nil {
		s = append(s, fmt.Sprintf("%sof the %s whose key only the memory can bring, the lowest is %s.", name, plural(len(across), "cell"), cellWords(worst)))
		s = append(s, zeroedSentence(across)...)
	} else {
		s = append(s, name+"no cell has a key in another segment than its question.")
	}
	if worst := lowest(own); worst != nil {
		s = append(s, fmt.Sprintf("With the key in the question's own segment the lowest is %s %%.", table.Hundred(worst.Tokens.Value)))
	}
	if reach := p.reach(r); reach != "" {
		s = append(s, reach)
	}
	if found := r.foundSentence(); found != "" {
		s = append(s, found)
	}
	return strings.Join(s, " ")
}

// zeroedSentence compares with the same prompts without the memory.
func zeroedSentence(across []results.PasskeyScore) []string {
	var zeroed []results.PasskeyScore
	for _, s := range across {
		if s.Zeroed != nil {
			s.Tokens = *s.Zeroed
			zeroed = append(zeroed, s)
		}
	}
	if len(zeroed) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("With the memory emptied before the question, the highest is %s %%.", table.Hundred(highestOf(zeroed)))}
}

// reach says how many writes a key survives: up to where the interval touches chance.
func (p *passkeyTable) reach(r *keyRow) string {
	writes := slices.Clone(r.scored.Writes)
	slices.SortStableFunc(writes, func(a, b results.PasskeyScore) int { return a.Writes - b.Writes })
	var last *results.PasskeyScore
	for i := range writes {
		s := &writes[i]
		if s.Writes == 0 {
			continue
		}
		if s.Tokens.Low <= p.task.Chance {
			if last == nil {
				return fmt.Sprintf("Already after %s to memory it cannot be distinguished from a guess.", plural(s.Writes, "write"))
			}
			return fmt.Sprintf("It is above chance up to %s to memory after the key, %s %%; at %s, %s %%, it may be a guess.",
				plural(last.Writes, "write"), table.Hundred(last.Tokens.Value), table.Count(int64(s.Writes)), table.Hundred(s.Tokens.Value))
		}
		last = s
	}
	if last == nil {
		return ""
	}
	return fmt.Sprintf("It is above chance for every number of writes to memory that was tried, up to %s, where it is %s %%.", table.Count(int64(last.Writes)), table.Hundred(last.Tokens.Value))
}

// headline says what came out, in a line.
func (p *passkeyTable) headline() string {
	var parts []string
	for _, r := range p.ran() {
		across, _ := r.carried()
		if worst := lowest(across); isInfini(r.model) && worst != nil && r.stage != results.StageZeroShot {
			parts = append(parts, fmt.Sprintf("%s, %s: %s, lowest cell from memory %s %%", r.name(shortName), stageWords(r.stage), r.verdict, table.Hundred(worst.Tokens.Value)))
		}
	}
	if len(parts) == 0 {
		return "no result bears on a claim of the paper."
	}
	return strings.Join(parts, "; ") + "."
}

// summaryRows are the rows of the paper's Table 3.
func (p *passkeyTable) summaryRows() []summaryRow {
	var all []summaryRow
	var missing []string
	for _, r := range p.rows {
		switch r.verdict {
		case NoClaim:
			continue
		case NotAttempted:
			missing = append(missing, shortName(r.model)+", "+stageWords(r.stage))
			continue
		}
		c := summaryRow{corpus: "passkey", verdict: r.verdict, why: r.why, trial: r.trial, evidence: table.Prose(r.evidence()), scale: r.dataAndScale()}
		if r.stage == results.StageZeroShot {
			c.text = r.name(modelName) + " reads, before the fine-tuning, only a passkey in the question's own segment"
			c.paper = paperWords("end " + r.paperRange(2) + ", else " + r.paperRange(0, 1))
		} else {
			c.text = r.name(modelName) + ", " + stageWords(r.stage) + ", reads a passkey from its memory"
			if len(p.lengths) > 0 {
				c.text += " at up to " + table.Count(int64(p.lengths[len(p.lengths)-1])) + " tokens"
			}
			c.paper = paperWords(r.paperRange(0, 1))
		}
		if across, _ := r.carried(); r.stage != results.StageZeroShot && len(across) > 0 {
			c.evidence = measuredEvidence(r.evidence(), "lowest share of digits right, percent", shareValues(&lowest(across).Tokens, lowest(across).Samples))
		}
		all = append(all, c)
	}
	if len(missing) > 0 {
		all = append(all, summaryRow{corpus: "passkey", verdict: NotAttempted, text: "The paper's Table 3: " + strings.Join(missing, "; "), why: "no result in this run", scale: "paper only"})
	}
	return all
}

// evidence is the number a verdict rests on, "" where there is none.
func (r *keyRow) evidence() string {
	across, own := r.carried()
	if r.stage == results.StageZeroShot {
		if low := lowest(own); low != nil && len(across) > 0 {
			return fmt.Sprintf("end ≥ %s %%, else ≤ %s %%", table.Hundred(low.Tokens.Value), table.Hundred(highestOf(across)))
		}
		return ""
	}
	if low := lowest(across); low != nil {
		return fmt.Sprintf("lowest cell %s %% [%s, %s]", table.Hundred(low.Tokens.Value), table.Floored(low.Tokens.Low), table.Ceiled(low.Tokens.High))
	}
	return ""
}

// number is the lowest share that only the memory can answer, beside the paper's.
func (r *keyRow) number() dialPoint {
	if r.scored == nil {
		return dialPoint{}
	}
	across, _ := r.carried()
	low := lowest(across)
	if low == nil {
		return dialPoint{}
	}
	return dialPoint{Interval{low.Tokens.Value, low.Tokens.Low, low.Tokens.High, low.Samples}, r.paperShare(low)}
}

// paperRange is the paper's lowest and highest value with the key at some of the places.
func (r *keyRow) paperRange(places ...int) string {
	low, high := 100., 0.
	for _, values := range r.paper() {
		for _, k := range places {
			low, high = min(low, values[k]), max(high, values[k])
		}
	}
	return fmt.Sprintf("%v to %v %%", low, high)
}
