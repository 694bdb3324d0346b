package reports

import (
	"fmt"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// A speedKind takes one number of what a cell cost: of the cell as a whole, or at one
// length of a sequence. 0 is none.
type speedKind struct {
	cell  func(*results.Timing) float64
	point func(results.CostPoint) float64
}

var (
	trainingSpeed = speedKind{
		func(t *results.Timing) float64 { return rate(t.TrainTokens, t.TrainSeconds) },
		func(p results.CostPoint) float64 { return tokensPerSecond(p.Training) },
	}
	evaluationSpeed = speedKind{
		func(t *results.Timing) float64 { return rate(t.EvalTokens, t.EvalSeconds) },
		func(p results.CostPoint) float64 { return tokensPerSecond(p.Evaluation) },
	}
	// Cells that run side by side share the memory of one process, so only the cells
	// that measure the cost have it.
	trainingMemory = speedKind{
		func(*results.Timing) float64 { return 0 },
		func(p results.CostPoint) float64 {
			if p.Training == nil {
				return 0
			}
			return float64(p.Training.Bytes) / (1 << 20)
		},
	}
)

func readSpeed(kind speedKind) func(Record) map[string]value {
	return func(r Record) map[string]value {
		if r.Timing == nil {
			return nil
		}
		all := map[string]value{}
		add := func(point string, v float64) {
			if v > 0 {
				all[point] = value{value: v}
			}
		}
		add("", kind.cell(r.Timing))
		for _, p := range r.Timing.Lengths {
			add(fmt.Sprintf("a sequence of %s", table.Count(int64(p.Tokens))), kind.point(p))
		}
		return all
	}
}

func rate(tokens int64, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return float64(tokens) / seconds
}

func tokensPerSecond(c *results.Cost) float64 {
	if c == nil {
		return 0
	}
	return c.TokensPerSecond
}
