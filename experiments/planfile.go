package experiments

import "infinibench/internal/results"

// planFile returns the plan of a run.
func planFile(o Options, work []Estimate) results.Plan {
	plan := results.Plan{Workers: o.workers()}
	for _, e := range work {
		size := results.Size{ConfigHash: e.hash, Trainings: e.trainings, EvaluateTokens: e.TrainTokens + e.EvaluateTokens}
		for _, t := range e.trainings { // without a log, training counts as evaluation
			size.EvaluateTokens -= t.Tokens
		}
		plan.Cells, plan.Sizes = append(plan.Cells, e.Cell), append(plan.Sizes, size)
	}
	return plan
}
