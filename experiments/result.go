package experiments

import (
	"infinibench/internal/results"
)

// ProtocolVersion is part of every protocol id; it changes with the scoring method.
const ProtocolVersion = 1

// stageTiming is the timing of one stage, made when first asked for.
func stageTiming(t *results.Timing, name string) *results.StageTiming {
	for _, s := range t.Stages {
		if s.Stage == name {
			return s
		}
	}
	s := &results.StageTiming{Stage: name}
	t.Stages = append(t.Stages, s)
	return s
}

// sumStages adds the stages up.
func sumStages(t *results.Timing) {
	t.TrainSeconds, t.EvalSeconds, t.TrainTokens, t.EvalTokens = 0, 0, 0, 0
	for _, s := range t.Stages {
		t.TrainSeconds, t.EvalSeconds = t.TrainSeconds+s.TrainSeconds, t.EvalSeconds+s.EvalSeconds
		t.TrainTokens, t.EvalTokens = t.TrainTokens+s.TrainTokens, t.EvalTokens+s.EvalTokens
	}
}
