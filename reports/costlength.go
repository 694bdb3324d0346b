package reports

import (
	"cmp"
	"fmt"
	"slices"

	"infinibench/experiments"
)

// costRecords is the cells that measured the cost, in the order of the models.
func costRecords(run *Run) []Record {
	var records []Record
	for _, record := range run.Records {
		if record.Timing != nil && len(record.Timing.Lengths) > 0 {
			records = append(records, record)
		}
	}
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Compare(modelOrder(a.Result.Cell.Model), modelOrder(b.Result.Cell.Model))
	})
	return records
}

// lengthTable shows what a sequence of each length costs with each model; no row when
// that was not measured.
func lengthTable(run *Run) *Table {
	t := newTable("cost-length", "Speed and memory against the length of a sequence", "Model", ">Tokens",
		">Evaluation, tokens per s", ">Of peak", ">Memory, MiB", ">Training, tokens per s", ">Of peak", ">Memory, MiB", ">State, bytes", "Remark")
	t.Caption = "One sequence of random tokens, read or trained on for one step with a checkpoint after each segment, and nothing beside it. Memory is what is in use after that: weights, state, buffers, and in training gradients and the optimiser's moments. The state is carried from segment to segment."
	for _, record := range costRecords(run) {
		name, peak, beyond := modelName(record.Result.Cell.Model), record.Timing.PeakFLOPS, false
		for _, p := range record.Timing.Lengths {
			if p.Evaluation == nil || p.Training == nil {
				t.add(name, count(int64(p.Tokens)), "", "", "", "", "", "", "",
					"not measured: would take "+duration(p.WouldTakeSeconds)+" and "+mebibytes(p.WouldTakeBytes)+" MiB")
				continue
			}
			cells := []string{name, count(int64(p.Tokens))}
			for _, c := range []*experiments.Cost{p.Evaluation, p.Training} {
				share := none
				switch {
				case c.FLOPS > peak: // or no peak
					beyond = beyond || peak > 0
				default:
					share = percent(c.FLOPS / peak)
				}
				cells = append(cells, count(int64(c.TokensPerSecond)), share, mebibytes(c.Bytes))
			}
			t.add(append(cells, count(p.StateBytes))...)
		}
		if peak > 0 {
			t.note("Peak is %s GFLOP/s, measured on large matrix products with %s; its share is that of a model's matrix products, counted without those that are made twice to save memory.",
				figure(peak/1e9), plural(record.Result.Environment.Threads, "thread"))
		}
		if beyond {
			t.note("%s was faster than the peak, which must have been measured while something else kept the machine busy: no share is shown there.", name)
		}
		if record.Result.Cell.Model == experiments.FullAttention {
			t.note("%s is the local-only model with one segment as long as the sequence.", name)
		}
	}
	return t
}

// mebibytes writes bytes with as many digits as a comparison needs.
func mebibytes(bytes int64) string { return figure(float64(bytes) / (1 << 20)) }

// lengthReading says for each model how speed and memory change from the shortest to
// the longest length that was measured.
func lengthReading(run *Run) []string {
	var text []string
	for _, record := range costRecords(run) {
		var measured []experiments.CostPoint
		for _, p := range record.Timing.Lengths {
			if p.Evaluation != nil && p.Training != nil {
				measured = append(measured, p)
			}
		}
		if len(measured) < 2 {
			continue
		}
		first, last := measured[0], measured[len(measured)-1]
		change := func(of func(experiments.CostPoint) float64) string {
			return fmt.Sprintf("%.2f times", of(last)/of(first))
		}
		text = append(text, fmt.Sprintf("%s: from %s to %s tokens, evaluation goes at %s the speed in %s the memory, training at %s the speed in %s the memory.",
			modelName(record.Result.Cell.Model), count(int64(first.Tokens)), count(int64(last.Tokens)),
			change(func(p experiments.CostPoint) float64 { return p.Evaluation.TokensPerSecond }),
			change(func(p experiments.CostPoint) float64 { return float64(p.Evaluation.Bytes) }),
			change(func(p experiments.CostPoint) float64 { return p.Training.TokensPerSecond }),
			change(func(p experiments.CostPoint) float64 { return float64(p.Training.Bytes) })))
	}
	return text
}
