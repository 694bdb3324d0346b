package reports

import (
	"fmt"

	"infinibench/internal/results"
)

// Measure is one kind of number by which runs are set side by side. A new experiment
// adds one to measures.
type Measure struct {
	Name   string `json:"name"`
	Higher bool   `json:"higher_is_better"`
	// Difference says that two values are subtracted, not divided.
	Difference bool `json:"difference,omitempty"`

	// read returns what a finished record holds of it, by the point it was taken at:
	// "" where there is one, or the length of an input.
	read func(Record) map[string]reading
}

// reading is one value, and the parts it is a mean over where those could have been
// others: documents, books, trials.
type reading struct {
	value float64
	parts []part // nil: one number for the whole cell
}

// part is a sum and what it is divided by. Of a measure whose values are divided the sum
// is a logarithm: a loss in nats, of tokens.
type part struct {
	id     string
	sum    float64
	weight int64
}

// measures are all that runs are compared by, in the order of the tables.
var measures = []Measure{
	{Name: "token perplexity", read: readPerplexity},
	{Name: "ROUGE overall", Higher: true, Difference: true, read: readRouge},
	{Name: "passkey, share of digits", Higher: true, Difference: true, read: readPasskey},
	{Name: "training speed, tokens/s", Higher: true, read: readSpeed(trainingSpeed)},
	{Name: "evaluation speed, tokens/s", Higher: true, read: readSpeed(evaluationSpeed)},
	{Name: "training memory, MiB", read: readSpeed(trainingMemory)},
}

func readPerplexity(r Record) map[string]reading {
	p := r.Result.Perplexity
	if p == nil {
		return nil
	}
	one := reading{value: p.Intact.TokenPPL}
	for _, d := range p.Documents {
		one.parts = append(one.parts, part{d.ID, d.NLL, d.Tokens})
	}
	return map[string]reading{"": one}
}

// readRouge is the mean over books of the geometric mean of ROUGE-1, 2 and L, at each
// length that was read.
func readRouge(r Record) map[string]reading {
	if r.Result.Booksum == nil {
		return nil
	}
	all := map[string]reading{}
	for _, book := range r.Result.Booksum.Books {
		for _, read := range book.Readings {
			point := count(int64(read.Length)) + " tokens read"
			one := all[point]
			one.parts = append(one.parts, part{book.ID, read.Mean.Overall, 1})
			all[point] = one
		}
	}
	for point, one := range all {
		for _, p := range one.parts {
			one.value += p.sum / float64(len(one.parts))
		}
		all[point] = one
	}
	return all
}

// readPasskey is the share of right digits after each training, at each length and place
// of the key: lengths and places are never averaged, as they ask for different things.
func readPasskey(r Record) map[string]reading {
	if r.Result.Passkey == nil {
		return nil
	}
	all := map[string]reading{}
	for _, stage := range r.Result.Passkey.Stages {
		for _, score := range stage.Grid {
			all[fmt.Sprintf("%s, %s tokens, %s", stage.Stage, count(int64(score.Length)), score.Position)] = reading{value: score.Tokens.Value}
		}
	}
	return all
}

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
	// The memory of a cell among others is that of the whole process, so only the cells
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

func readSpeed(kind speedKind) func(Record) map[string]reading {
	return func(r Record) map[string]reading {
		if r.Timing == nil {
			return nil
		}
		all := map[string]reading{}
		add := func(point string, v float64) {
			if v > 0 {
				all[point] = reading{value: v}
			}
		}
		add("", kind.cell(r.Timing))
		for _, p := range r.Timing.Lengths {
			add(fmt.Sprintf("a sequence of %s", count(int64(p.Tokens))), kind.point(p))
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
