package reports

import (
	"fmt"
	"math"

	"infinibench/reports/table"
)

// gateNear is how near a gate must be to 0, to ½ or to 1. The paper's Figure 3 has
// colours and no numbers.
const gateNear = 0.1

// gateCount is how the heads of one trained model divide.
type gateCount struct {
	heads, local, mixed, memory int
	layers, withLocal           int // withLocal: those with a head that reads only its own segment
}

// specialised and mixers are shares of the heads.
func (g gateCount) specialised() float64 { return float64(g.local+g.memory) / float64(g.heads) }
func (g gateCount) mixers() float64      { return float64(g.mixed) / float64(g.heads) }

// gates counts the gates of each seed's model.
func (r *row) gates() []gateCount {
	var all []gateCount
	for _, record := range r.records {
		var g gateCount
		for _, layer := range record.Result.Gates {
			has := false
			for _, x := range layer {
				g.heads++
				switch {
				case x < gateNear:
					g.local++
					has = true
				case x > 1-gateNear:
					g.memory++
				case x >= 0.5-gateNear && x <= 0.5+gateNear:
					g.mixed++
				}
			}
			g.layers++
			if has {
				g.withLocal++
			}
		}
		if g.heads > 0 {
			all = append(all, g)
		}
	}
	return all
}

// fairHeads is the fewest heads, over all seeds, among which a missing kind is evidence. The
// paper's model has 96.
const fairHeads = 12

// gateTrial is what the gates of a row could have shown, beside the positive control of its
// model: the smallest share of a kind of which one would be among so many independent heads
// with the probability power, 1 - (1 - power)^(1/heads).
func (c *comparison) gateTrial(r *row, heads int) Trial {
	t := c.control(r)
	t.N, t.Of, t.Unit = heads, "head", "% of the heads"
	t.Detectable = 1 - math.Pow(1-power, 1/float64(heads))
	return t
}

// judgeGates judges a row on the paper's Figure 3: after training some heads
// are specialised, near 0 or 1, and others mix, near ½. The claim holds where the model of
// every seed has both kinds. It is not reproduced where a kind is missing among the heads of
// all seeds, if those are many enough. Gates of a model that has not learnt to use its memory
// decide nothing.
func (c *comparison) judgeGates(r *row) (Verdict, string, Trial) {
	models := r.gates()
	switch {
	case !isInfini(r.model):
		return NoClaim, "the paper shows no gates of it", Trial{}
	case len(models) == 0 && len(r.failed) > 0:
		return Undecided, plural(len(r.failed), "cell") + " failed", Trial{}
	case len(models) == 0:
		return NotAttempted, "no result in this run", Trial{}
	}
	var all gateCount // over all seeds
	both := 0
	for _, g := range models {
		all.heads, all.local, all.mixed, all.memory = all.heads+g.heads, all.local+g.local, all.mixed+g.mixed, all.memory+g.memory
		if g.local+g.memory > 0 && g.mixed > 0 {
			both++
		}
	}
	trial := c.gateTrial(r, all.heads)
	seeds := plural(len(models), "seed")
	switch {
	case len(models) < 2:
		trial = trial.lacking("n too small: "+seeds, "at least 2")
	case trial.Lacks != "":
	case both == len(models) && r.paperScale():
		return Reproduced, "specialised heads and mixers with all of " + seeds + ", at the paper's scale; it prints no values", trial
	case both == len(models):
		return DirectionHolds, "specialised heads and mixers with all of " + seeds + ", not at the paper's scale", trial
	case all.heads < fairHeads:
		trial = trial.lacking(fmt.Sprintf("%s may all be of one kind by chance", plural(all.heads, "head")), fmt.Sprintf("at least %d", fairHeads))
	case all.local+all.memory == 0:
		return NotReproduced, fmt.Sprintf("no specialised head among %d", all.heads), trial
	case all.mixed == 0:
		return NotReproduced, fmt.Sprintf("no mixer among %d heads", all.heads), trial
	default:
		return Undecided, fmt.Sprintf("specialised heads and mixers together with %d of %s", both, seeds), trial
	}
	verdict, why := trial.unfair()
	return verdict, why, trial
}

// gateEvidence is the numbers the verdict rests on.
func (r *row) gateEvidence() string {
	var specialised, mixers []float64
	for _, g := range r.gates() {
		specialised, mixers = append(specialised, g.specialised()), append(mixers, g.mixers())
	}
	if len(mixers) == 0 {
		return ""
	}
	return "specialised " + shareWords(specialised) + ", mixers " + shareWords(mixers)
}

// gateSection is what the page shows of the gates of a comparison.
func (c *comparison) gateSection(slug string) (subsection, error) {
	s := subsection{ID: "gates-" + slug, Title: "Gates on " + c.title(), Table: table.New("gates-"+slug, "Gates after training on "+c.title(),
		"Model", ">Seeds", ">Heads", ">Near 0", ">Near ½", ">Near 1", ">Between", ">Layers with one near 0", "Verdict", "Why", "Data and scale").CSV(
		"model", "seeds", "heads", "heads_near_0", "heads_near_half", "heads_near_1", "heads_between", "layers_with_a_head_near_0 layers", "verdict", "why", "data_and_scale")}
	s.Table.Caption = fmt.Sprintf("Counts over all seeds. A gate is sigmoid(β): 0 reads only the segment, 1 only the memory. Near is within %v; specialised heads are near 0 or 1, mixers near ½.", gateNear)
	for i, r := range c.rows {
		var all gateCount
		models := r.gates()
		for _, g := range models {
			all.heads, all.local, all.mixed, all.memory = all.heads+g.heads, all.local+g.local, all.mixed+g.mixed, all.memory+g.memory
			all.layers, all.withLocal = all.layers+g.layers, all.withLocal+g.withLocal
		}
		if all.heads == 0 {
			continue
		}
		verdict, why, _ := c.judgeGates(r)
		s.Table.Put(table.Text(c.name(r)), table.Digits(len(models)), table.Digits(all.heads), table.Digits(all.local), table.Digits(all.mixed), table.Digits(all.memory),
			table.Digits(all.heads-all.local-all.mixed-all.memory), table.Shown(fmt.Sprintf("%d of %d", all.withLocal, all.layers), all.withLocal, all.layers), table.Text(string(verdict)), table.Prose(why), table.Prose(r.inShort()))
		s.Reading = append(s.Reading, fmt.Sprintf("%s: of %d gates over all seeds, %d lie below 0.1, %d above 0.9 and %d within 0.1 of ½. In the paper every layer has a head that reads only its own segment; here %d of %d layers have a gate below 0.1.",
			c.name(r), all.heads, all.local, all.memory, all.mixed, all.withLocal, all.layers))
		f, err := c.gateChart(r, fmt.Sprintf("chart-gates-%s-%d", slug, i))
		if err != nil {
			return s, err
		}
		if f != nil {
			s.Charts = append(s.Charts, f)
		}
	}
	return s, nil
}

// gatesClaim is the claim of Figure 3.
func gatesClaim(comparisons []*comparison, pages []perplexityPage) claim {
	t := claim{text: "Gates specialise, near 0 or 1, or mix, near ½ (Figure 3)", brief: "Gates specialise or mix", place: 6, tally: "models with heads of both kinds", paper: "heads of both kinds; no values"}
	var ran []*row
	for i, c := range comparisons {
		var found []evidence
		for _, r := range c.rows {
			if r.long {
				continue // the figure is of the usual length; the section has these too
			}
			v := evidence{who: table.Clean(c.corpus) + ", " + c.shortName(r)}
			v.verdict, v.why, v.trial = c.judgeGates(r)
			if v.verdict == NoClaim {
				continue
			}
			if ours := r.gateEvidence(); ours != "" {
				ran, v.ours = append(ran, r), v.who+": "+ours
			}
			found = append(found, v)
		}
		t.add(found, pages[i].ID, pages[i].anchor("gates"))
	}
	t.scale = scaleOfRows(ran)
	return t
}
