package reports

import (
	"cmp"
	"fmt"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// judge sets the verdict of a row on the paper's Table 3. The paper claims there:
//
//   - before fine-tuning, a model retrieves only a key in the question's own segment;
//   - after it, the memory retrieves the key from any place in up to a million tokens.
//
// The ordering must be the paper's with whole intervals: every cell that only the memory
// can answer above chance, or for the first claim, every other cell above those. Chance is
// exact: without its memory a model has no information about a key in another segment, so
// what speaks for the paper needs no further control. What speaks against it counts only if
// the trial could have shown the opposite, see couldShow. The paper's values come from a model
// with a billion parameters, far more than any here.
func (r *keyRow) judge(chance float64) {
	switch {
	case r.model == localOnly:
		r.verdict, r.why = NoClaim, "the control; the paper has none"
	case !isInfini(r.model):
		r.verdict, r.why = NoClaim, "not in the paper's table"
	case r.failed != nil:
		r.verdict, r.why = Undecided, "the cell failed: "+table.Clean(r.failed.Result.Error)
	case r.scored == nil:
		r.verdict, r.why = NotAttempted, "no result in this run"
	case r.stage == results.StageZeroShot:
		r.verdict, r.why = r.beforeTuning(chance)
	default:
		r.verdict, r.why = r.afterTuning(chance)
	}
	if r.scored == nil || r.verdict == NoClaim {
		return
	}
	r.trial = r.couldShow(chance)
	if r.verdict != DirectionHolds && r.trial.Lacks != "" {
		r.verdict, r.why = r.trial.unfair()
	}
}

// paper returns the paper's row to compare with. Our recipe is not in the paper; it is
// compared with the fine-tuned row.
func (r *keyRow) paper() paperKeys {
	stage := r.stage
	if stage == results.StageRecipe {
		stage = results.StagePaper
	}
	return paperPasskey[stage][r.model]
}

// paperShare is the paper's value for a cell: at its own length, else the smallest of
// all lengths.
func (r *keyRow) paperShare(s *results.PasskeyScore) float64 {
	row, k := r.paper(), slices.Index(keyPositions, s.Position)
	if i := paperPasskeyLength(s.Length); i >= 0 {
		return row[i][k] / 100
	}
	least := row[0][k]
	for _, values := range row {
		least = min(least, values[k])
	}
	return least / 100
}

func (r *keyRow) beforeTuning(chance float64) (Verdict, string) {
	across, own := r.carried()
	if len(across) == 0 || len(own) == 0 {
		return Undecided, "keys in the question's own segment and elsewhere are needed to compare"
	}
	highest := across[0]
	for _, s := range across {
		if s.Tokens.High > highest.Tokens.High {
			highest = s
		}
	}
	for i := range own {
		s := &own[i]
		if s.Tokens.Low <= chance && s.Tokens.High < r.paperShare(s) {
			return NotReproduced, "not even a key in the question's own segment is read before the fine-tuning: " + cellWords(s)
		}
	}
	first := slices.MinFunc(own, func(a, b results.PasskeyScore) int { return cmp.Compare(a.Tokens.Low, b.Tokens.Low) })
	if first.Tokens.Low > highest.Tokens.High {
		return DirectionHolds, "only keys in the question's own segment are read, with whole intervals, not at the paper's scale"
	}
	for i := range across {
		if s := &across[i]; s.Tokens.Low > max(chance, r.paperShare(s)) {
			return NotReproduced, "the memory answers before the fine-tuning already: " + cellWords(s)
		}
	}
	return Undecided, fmt.Sprintf("n too small: %s does not lie wholly above %s", cellWords(&first), cellWords(&highest))
}

func (r *keyRow) afterTuning(chance float64) (Verdict, string) {
	across, _ := r.carried()
	if len(across) == 0 {
		return Undecided, "no key but in the question's own segment was asked for"
	}
	above := true
	for i := range across {
		s := &across[i]
		above = above && s.Tokens.Low > chance
		if s.Tokens.Low <= chance && s.Tokens.High < r.paperShare(s) {
			return NotReproduced, fmt.Sprintf("not above chance, and below the paper's %s %%: %s", table.Hundred(r.paperShare(s)), cellWords(s))
		}
	}
	worst := lowest(across)
	if !above {
		return Undecided, "n too small: " + cellWords(worst) + " may be chance"
	}
	why := fmt.Sprintf("all %s that only the memory can answer lie above chance with their whole intervals, not at the paper's scale", plural(len(across), "cell"))
	if r.stage == results.StageRecipe {
		why += " and by our recipe"
	}
	if worst.Tokens.High < r.paperShare(worst) {
		why += fmt.Sprintf("; the lowest is below the paper's %s %%", table.Hundred(r.paperShare(worst)))
	}
	return DirectionHolds, why
}

// cellWords writes a score with its place: "92 % [85, 96] of n = 74 at the start of
// 32,800 tokens".
func cellWords(s *results.PasskeyScore) string {
	place := "in the middle"
	if s.Position != "middle" {
		place = "at the " + s.Position
	}
	return fmt.Sprintf("%s %% [%s, %s] of n = %d %s of %s tokens", table.Hundred(s.Tokens.Value), table.Floored(s.Tokens.Low), table.Ceiled(s.Tokens.High), s.Samples, place, table.Count(int64(s.Length)))
}
