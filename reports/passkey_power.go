package reports

import (
	"fmt"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// fairKeys is the largest share of right digits that a fair trial may fail to distinguish
// from chance. The paper's lowest value after fine-tuning is 94 %.
const fairKeys = 0.5

// couldShow is what the keys of a row could have shown. The positive control is the needle in
// the last segment: a model that does not find a key in the question's own segment has not
// learnt the task, whatever its memory holds.
func (r *keyRow) couldShow(chance float64) Trial {
	across, _ := r.carried()
	if len(across) == 0 {
		return Trial{}
	}
	least := across[0].Samples
	for _, s := range across {
		least = min(least, s.Samples)
	}
	t := Trial{Detectable: detectableShare(least, chance), Unit: "% of the digits", N: least, Of: "key"}
	if !(t.Detectable <= fairKeys) {
		return t.lacking(fewKeys(least, t.Detectable), "at least "+plural(enoughKeys(chance), "key"))
	}
	near := r.nearest()
	if near == nil {
		return t.lacking("no key in the question's own segment was asked for", "such a key, as the control")
	}
	t.Control = fmt.Sprintf("%s %% [%s, %s] with the key in the question's own segment", table.Hundred(near.Tokens.Value), table.Floored(near.Tokens.Low), table.Ceiled(near.Tokens.High))
	if near.Tokens.Low <= chance {
		takes, hours := r.moreTuning(chance)
		t = t.lacking(fmt.Sprintf("not learnt in %s steps (%s)", table.Count(int64(r.scored.Steps)), t.Control), takes)
		t.Hours = hours
	}
	return t
}

// fewKeys says that so many keys are too few.
func fewKeys(n int, detectable float64) string {
	if !(detectable <= 1) {
		return plural(n, "key") + " cannot be distinguished from a guess"
	}
	return fmt.Sprintf("%s would not show less than %s %% of the digits", plural(n, "key"), table.Hundred(detectable))
}

// enoughKeys is how many keys and more are enough for a fair trial. Keys are whole, so one
// more may be worse: of 5 keys two must be right to exclude a guess, of 6 three.
func enoughKeys(chance float64) int {
	enough := 1
	for n := 1; n <= 100; n++ {
		if !(detectableShare(n, chance) <= fairKeys) {
			enough = n + 1
		}
	}
	return enough
}

// nearest is the score with needle and question in one segment, nil if there is none.
func (r *keyRow) nearest() *results.PasskeyScore {
	if r.scored.LastSegment != nil {
		return r.scored.LastSegment
	}
	_, own := r.carried()
	return lowest(own)
}

// moreTuning says how much more training a stage needs to learn the task, and the hours of
// those steps if the run has an example: the recipe, if it learnt the task.
func (r *keyRow) moreTuning(chance float64) (takes string, hours float64) {
	takes = fmt.Sprintf("more than %s steps", table.Count(int64(r.scored.Steps)))
	stages := r.record.Result.Passkey.Stages
	i := slices.IndexFunc(stages, func(s results.PasskeyStage) bool {
		return s.Stage == results.StageRecipe && s.LastSegment != nil && s.LastSegment.Tokens.Low > chance
	})
	if i < 0 || r.stage == results.StageRecipe {
		return takes + " (how many is unknown)", 0
	}
	if timing := r.record.Timing; timing != nil {
		for _, s := range timing.Stages {
			if s.Stage == results.StageRecipe {
				hours = s.TrainSeconds / 3600
			}
		}
	}
	return takes + fmt.Sprintf("; our recipe finds it after %s", table.Count(int64(stages[i].Steps))), hours
}
