package experiments

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"infinibench/internal/results"
)

// recallCells is a cell for each rule of the memory; its length is the most pairs.
func recallCells(p *Profile, _ uint64) []PlannedCell {
	if !p.Recall.Tried() {
		return nil
	}
	var cells []PlannedCell
	for _, model := range RecallModels {
		c := p.newCell(results.Cell{Model: model, Length: 4 * slices.Max(p.Recall.HeadSizes)})
		c.Settings.Recall = p.Recall
		cells = append(cells, c)
	}
	return cells
}

func countRecall(c PlannedCell, _ int, e *Estimate) error {
	e.EvaluateTokens = SumRecallPairs(c.Settings.Recall, c.Model)
	return nil
}

func estimateRecall(c PlannedCell, e *Estimate, _ calibrator) error {
	e.Seconds, e.Bytes = recallSeconds(c.Settings.Recall, c.Model), recallBytes(c.Settings.Recall)
	return nil
}

// makeRecall writes and reads the pairs, and writes the result.
func makeRecall(ctx context.Context, r *cellRun) error {
	s := r.settings
	if _, err := r.files.prepare(r.config); err != nil {
		return err
	}
	_ = os.Remove(r.files.checkpoint()) // no model is kept; that it stays is no harm
	result := r.result()
	var err error
	result.Recall, err = MeasureRecall(ctx, r.cell.Model, s.Recall, s.Model.MemoryEpsilon, func(pairs int) { r.advance("recall", pairs, false) })
	if err != nil {
		return err
	}
	return results.WriteJSON(r.files.path("result.json"), result)
}

// eachRecallPoint calls f for every point of a cell, ignoring the two kinds of keys.
func eachRecallPoint(s results.RecallSettings, model string, f func(headSize, pairs int)) {
	for _, headSize := range s.HeadSizes {
		for range recallSegments(s, model) {
			for _, pairs := range results.RecallPairs(headSize) {
				f(headSize, pairs)
			}
		}
	}
}

// SumRecallPairs is the sum of the pairs of all points.
func SumRecallPairs(s results.RecallSettings, model string) int {
	sum := 0
	eachRecallPoint(s, model, func(_, pairs int) { sum += 2 * pairs })
	return sum
}

// recallSeconds is an estimate at one gigaflop per second for the float64 arithmetic, most of
// which solves the curve's triangular systems.
func recallSeconds(s results.RecallSettings, model string) float64 {
	var flops float64
	eachRecallPoint(s, model, func(headSize, pairs int) {
		n, d, trials := float64(pairs), float64(headSize), float64(s.Trials)
		flops += 2 * n * n * (4*d*trials + 2*n)
		if isDelta(model) {
			flops += 2 * n * n * n * (trials + 1)
		}
	})
	return flops / 1e9
}

// recallBytes is the memory for the pairs of the widest head, mostly for the float64 products.
func recallBytes(s results.RecallSettings) int64 {
	var most int64
	for _, d := range s.HeadSizes {
		n := int64(4 * d)
		most = max(most, int64(s.Trials+8)*8*n*n)
	}
	return garbage * most
}

// largestRecall bounds widths and segments: the curve takes the third power of them.
const largestRecall = 256

// validateRecall bounds the numbers in the lists, which the tags cannot.
func validateRecall(p *Profile, report reporter) {
	for key, list := range map[string][]int{"head_sizes": p.Recall.HeadSizes, "segments": p.Recall.Segments} {
		for i, n := range list {
			if n < 1 || n > largestRecall {
				report(fmt.Sprintf("recall.%s[%d]", key, i), "got %d; allowed: 1 to %d", n, largestRecall)
			}
		}
	}
}

// CheckRecall refuses, of settings that no profile has validated, those that cannot be tried.
func CheckRecall(s results.RecallSettings) error {
	if len(s.HeadSizes) == 0 || len(s.Segments) == 0 {
		return errors.New("at least one width and one segment are needed")
	}
	for _, n := range slices.Concat(s.HeadSizes, s.Segments) {
		if n < 1 || n > largestRecall {
			return fmt.Errorf("a width or segment is %d, must be 1 to %d", n, largestRecall)
		}
	}
	if s.Trials < 1 || s.Trials > 100 {
		return fmt.Errorf("trials is %d, must be 1 to 100", s.Trials)
	}
	return nil
}
