package live

import (
	"math"

	"infinibench/internal/results"
)

// rate is a number of tokens processed in a number of seconds.
type rate struct{ tokens, seconds float64 }

func (r rate) known() bool { return r.tokens > 0 && r.seconds > 0 }

func (r rate) perSecond() float64 { return r.tokens / r.seconds }

func (r *rate) add(other rate) {
	if other.known() {
		r.tokens, r.seconds = r.tokens+other.tokens, r.seconds+other.seconds
	}
}

// rates is how fast cells are, by experiment and model, by experiment, and all together.
type rates map[[2]string]*rate

func keys(c results.Cell) [][2]string {
	return [][2]string{{c.Experiment, c.Model}, {c.Experiment}, {}}
}

func (all rates) add(c results.Cell, r rate) {
	for _, key := range keys(c) {
		if all[key] == nil {
			all[key] = &rate{}
		}
		all[key].add(r)
	}
}

// of estimates the speed of a cell from the most similar cells.
func (all rates) of(c results.Cell) rate {
	for _, key := range keys(c) {
		if r := all[key]; r != nil && r.known() {
			return *r
		}
	}
	return rate{}
}

// estimate returns the remaining seconds of each cell, and of all of them on `workers`
// workers; NaN if unknown. It leaves out failed cells and cells that log no progress;
// leftOut counts the latter while they are not done.
func estimate(cells []*cell, workers int) (each []float64, all float64, leftOut int) {
	train, evaluate := rates{}, rates{}
	for _, x := range cells {
		for _, t := range x.size.Trainings {
			train.add(x.Cell, x.perSecond(t))
		}
		evaluate.add(x.Cell, x.evaluation())
	}
	longest, sum, todo := 0., 0., 0
	for _, x := range cells {
		left := math.NaN()
		switch {
		case x.state == done || x.state == failed:
		case len(x.size.Trainings) == 0:
			leftOut++
		default:
			left = x.left(train, evaluate)
			longest, sum = max(longest, left), sum+left // NaN stays NaN
			todo++
		}
		each = append(each, left)
	}
	if todo == 0 {
		return each, math.NaN(), leftOut
	}
	return each, max(longest, sum/float64(max(1, min(workers, todo)))), leftOut
}

// evaluation is how fast it is, over all of it.
func (x *cell) evaluation() rate {
	if len(x.size.Trainings) == 0 {
		return rate{} // not of tokens, or not to be compared
	}
	return rate{float64(x.timing.EvalTokens), x.timing.EvalSeconds}
}

// left returns the remaining seconds of a cell, at its own speed if it has one. Before the
// first evaluation, evaluation is assumed to be as fast as training.
func (x *cell) left(train, evaluate rates) float64 {
	seconds := 0.
	like := train.of(x.Cell)
	for _, t := range x.size.Trainings {
		speed := x.perSecond(t)
		if !speed.known() {
			speed = like
		}
		if left := positive(t.Tokens) * (1 - x.share(t)); left > 0 {
			seconds += left / speed.perSecond() // 0/0 where nothing is known
		}
	}
	speed := x.evaluation()
	for _, other := range []rate{evaluate.of(x.Cell), like} {
		if !speed.known() {
			speed = other
		}
	}
	if left := positive(x.size.EvaluateTokens) - max(0, float64(x.timing.EvalTokens)); left > 0 {
		seconds += left / speed.perSecond()
	}
	return seconds
}
