package reports

import (
	"fmt"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// fairKeys is the largest share of right digits that a fair trial may fail to tell from
// chance: the paper's lowest value after the fine-tuning is 94 %.
const fairKeys = 0.5

// couldShow is what the keys of a row could have shown. Its positive control is the needle in
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
	if near := r.nearest(); near == nil {
		t.Lacks = "no key in the question's own segment was asked for"
	} else {
		words := fmt.Sprintf("%s %% [%s, %s] with the key in the question's own segment", table.Hundred(near.Tokens.Value), table.Floored(near.Tokens.Low), table.Ceiled(near.Tokens.High))
		if t.Control = words; near.Tokens.Low <= chance {
			t.Lacks, t.Takes = "it does not surely find even a key in the question's own segment: "+words, r.moreTuning(chance)
		}
	}
	if !(t.Detectable <= fairKeys) {
		t.Lacks, t.Takes = fmt.Sprintf("%s tell no less than %s %% of the digits from a guess", plural(least, "key"), table.Hundred(t.Detectable)), "more keys"
		for n := least + 1; n <= 1000; n++ {
			if detectableShare(n, chance) <= fairKeys {
				t.Takes = fmt.Sprintf("at least %d keys", n)
				break
			}
		}
	}
	return t
}

// nearest is the score with needle and question in one segment, nil if there is none.
func (r *keyRow) nearest() *results.PasskeyScore {
	if r.scored.LastSegment != nil {
		return r.scored.LastSegment
	}
	_, own := r.carried()
	return lowest(own)
}

// moreTuning says how much more training a stage needs to learn the task.
func (r *keyRow) moreTuning(chance float64) string {
	text := fmt.Sprintf("more than %s steps", table.Count(int64(r.scored.Steps)))
	stages := r.record.Result.Passkey.Stages
	i := slices.IndexFunc(stages, func(s results.PasskeyStage) bool {
		return s.Stage == results.StageRecipe && s.LastSegment != nil && s.LastSegment.Tokens.Low > chance
	})
	if i < 0 || r.stage == results.StageRecipe {
		return text + "; how many is not known"
	}
	return text + fmt.Sprintf("; by our recipe it is found after %s", table.Count(int64(stages[i].Steps)))
}
