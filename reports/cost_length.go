package reports

import (
	"cmp"
	"fmt"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
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
func lengthTable(records []Record) *table.Table {
	t := table.New("cost-length", "Speed and memory against the length of a sequence", "Model", ">Tokens",
		">Evaluation, tokens per s", ">Of peak", ">Memory, MiB", ">Training, tokens per s", ">Of peak", ">Memory, MiB", ">State, bytes", "Remark").CSV("model", "tokens",
		"evaluation_tokens_per_second", "evaluation_share_of_peak_percent", "evaluation_memory_mib", "training_tokens_per_second", "training_share_of_peak_percent", "training_memory_mib", "state_bytes", "remark")
	t.Caption = "One sequence of random tokens, read or trained on for one step with a checkpoint after each segment, and nothing beside it. Memory is what is in use after that: weights, state, buffers, and in training gradients and the optimiser's moments. The state is carried from segment to segment."
	for _, record := range records {
		name, peak, beyond := modelName(record.Result.Cell.Model), record.Timing.PeakFLOPS, false
		for _, p := range record.Timing.Lengths {
			if p.Evaluation == nil || p.Training == nil {
				t.Put(table.Text(name), table.Whole(p.Tokens), table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{},
					table.Text("not measured: would take "+duration(p.WouldTakeSeconds)+" and "+mebibytes(p.WouldTakeBytes)+" MiB"))
				continue
			}
			cells := []table.Cell{table.Text(name), table.Whole(p.Tokens)}
			for _, c := range []*results.Cost{p.Evaluation, p.Training} {
				var share table.Cell
				switch {
				case c.FLOPS > peak: // or no peak
					beyond = beyond || peak > 0
				default:
					share = table.Shown(table.Percent(c.FLOPS/peak), table.Hundredfold(c.FLOPS/peak))
				}
				cells = append(cells, table.Shown(table.Count(int64(c.TokensPerSecond)), c.TokensPerSecond), share, table.Shown(mebibytes(c.Bytes), float64(c.Bytes)/(1<<20)))
			}
			t.Put(append(cells, table.Whole(p.StateBytes), table.Text(shared(record)))...)
		}
		if peak > 0 {
			t.Note("Peak is %s GFLOP/s, measured on large matrix products with %s; the share counts a model's matrix products, counted without those that are made twice to save memory.",
				table.Sig4(peak/1e9), plural(record.Result.Environment.Threads, "thread"))
		}
		if beyond {
			t.Note("%s was faster than the peak, which must have been measured while something else kept the machine busy: no share is shown there.", name)
		}
		if record.Result.Cell.Model == results.FullAttention {
			t.Note("%s is the local-only model with one segment as long as the sequence.", name)
		}
	}
	return t
}

// mebibytes formats bytes with enough digits for a comparison.
func mebibytes(bytes int64) string { return table.Sig4(float64(bytes) / (1 << 20)) }

// measured are the lengths at which a model was run.
func measured(record Record) []results.CostPoint {
	return slices.DeleteFunc(slices.Clone(record.Timing.Lengths), func(p results.CostPoint) bool { return p.Evaluation == nil || p.Training == nil })
}

// lengthReading describes for each model how speed and memory change from the shortest to
// the longest measured length.
func lengthReading(records []Record) []string {
	var text []string
	for _, record := range records {
		points := measured(record)
		if len(points) < 2 {
			continue
		}
		first, last := points[0], points[len(points)-1]
		change := func(of func(results.CostPoint) float64) string {
			return table.Decimals(of(last)/of(first), 2) + " times"
		}
		text = append(text, fmt.Sprintf("%s: from %s to %s tokens, evaluation goes at %s the speed in %s the memory, training at %s the speed in %s the memory.",
			modelName(record.Result.Cell.Model), table.Count(int64(first.Tokens)), table.Count(int64(last.Tokens)),
			change(func(p results.CostPoint) float64 { return p.Evaluation.TokensPerSecond }),
			change(func(p results.CostPoint) float64 { return float64(p.Evaluation.Bytes) }),
			change(func(p results.CostPoint) float64 { return p.Training.TokensPerSecond }),
			change(func(p results.CostPoint) float64 { return float64(p.Training.Bytes) })))
	}
	for _, record := range records {
		if isInfini(record.Result.Cell.Model) && len(measured(record)) > 0 {
			verdict, why := judgeBounded(record)
			text = append(text, fmt.Sprintf("%s, a memory that does not grow: %s, %s.", modelName(record.Result.Cell.Model), verdict, why))
		}
	}
	return text
}

// judgeBounded judges a model on the paper's bounded memory: the state carried from segment
// to segment must have the same size at every length. The size is counted, not measured, so
// it has no interval.
func judgeBounded(record Record) (Verdict, string) {
	points := measured(record)
	for _, p := range points {
		if p.StateBytes != points[0].StateBytes {
			return NotReproduced, fmt.Sprintf("it carries %s bytes at %s tokens and %s at %s", table.Count(points[0].StateBytes), table.Count(int64(points[0].Tokens)), table.Count(p.StateBytes), table.Count(int64(p.Tokens)))
		}
	}
	if len(points) < 2 {
		return Undecided, "n too small: " + plural(len(points), "length")
	}
	why := fmt.Sprintf("it carries as much at all of %s", plural(len(points), "length"))
	if record.Result.Scale.PaperScale {
		return Reproduced, why + ", at the paper's scale"
	}
	return DirectionHolds, why + ", not at the paper's scale"
}

// boundedMemory is the claim of the paper's title: the carried state does not grow.
func boundedMemory(run *Run, measuredCells []Record) claim {
	t := claim{text: "Memory stays bounded however long the input", brief: "Bounded memory", place: 7, tally: "sizes constant", paper: "d_key·(d_value+1)·H·l numbers, whatever the length", scale: "failed"}
	var found []evidence
	for _, record := range measuredCells {
		r, points := record.Result, measured(record)
		if !isInfini(r.Cell.Model) || len(points) == 0 {
			continue
		}
		v := evidence{who: shortName(r.Cell.Model), ours: fmt.Sprintf("%s: %s bytes from %s to %s tokens", shortName(r.Cell.Model), table.Count(points[0].StateBytes), table.Count(int64(points[0].Tokens)), table.Count(int64(points[len(points)-1].Tokens)))}
		v.verdict, v.why = judgeBounded(record)
		v.trial = exact
		found = append(found, v)
		t.scale = fmt.Sprintf("%s of ≈%s parameters; counted", table.Short(r.Scale.Parameters), table.Short(paperScale.Parameters))
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "cost" && r.Status == results.StatusFailed && isInfini(r.Cell.Model) {
			found = append(found, evidence{who: shortName(r.Cell.Model), verdict: Undecided, why: "the cell failed: " + table.Clean(r.Error)})
		}
	}
	t.add(found, "cost", "cost")
	return t
}
