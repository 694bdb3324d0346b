package live

import (
	"math"
	"slices"
)

// curvePoints is the minimum number of points of a curve with enough steps, and half of the
// maximum.
const curvePoints = 100

// curve is a training curve of bounded size: a point is the mean of `per` steps, and when
// there are too many points, neighbours are merged in pairs.
type curve struct {
	per    int // steps to a point
	points []point
	sum    float64 // of the steps after the last point
	n      int
	step   int // the last
	loss   float64
}

// point is the mean loss of the steps up to Step.
type point struct {
	step int
	loss float64
}

// largest bounds the losses that are drawn; a larger value is not a valid loss.
const largest = 1e30

func (c *curve) add(step int, loss float64) {
	if !(math.Abs(loss) < largest) {
		return
	}
	if step <= c.step && c.step > 0 { // steps that are made again
		at := slices.IndexFunc(c.points, func(p point) bool { return p.step >= step })
		if at >= 0 {
			c.points = c.points[:at]
		}
		c.sum, c.n = 0, 0
	}
	c.step, c.loss = step, loss
	c.sum += loss
	if c.n++; c.n < c.per {
		return
	}
	c.points = append(c.points, point{step, c.sum / float64(c.n)})
	c.sum, c.n = 0, 0
	if len(c.points) < 2*curvePoints {
		return
	}
	for i := range curvePoints {
		a, b := c.points[2*i], c.points[2*i+1]
		c.points[i] = point{b.step, (a.loss + b.loss) / 2}
	}
	c.points = c.points[:curvePoints]
	c.per *= 2
}

// drawn is the points with what came after the last, as pairs of step and loss.
func (c *curve) drawn() [][2]float64 {
	all := [][2]float64{}
	for _, p := range c.points {
		all = append(all, [2]float64{float64(p.step), short(p.loss)})
	}
	if c.n > 0 {
		all = append(all, [2]float64{float64(c.step), short(c.sum / float64(c.n))})
	}
	return all
}

// short keeps five digits: more would only enlarge the response.
func short(x float64) float64 {
	if math.Abs(x) < 1e-30 {
		return 0
	}
	scale := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

// recent is the number of steps that the speed averages over: the load of the machine
// changes, and the slowdown before an interruption is over.
const recent = 100

// speed is how fast a training is now.
type speed struct {
	marks []mark // the last ones, the oldest first
}

type mark struct {
	step    int
	seconds float64 // of training, interruptions left out
}

func (s *speed) add(step int, seconds float64) {
	if n := len(s.marks); n == 0 || step <= s.marks[n-1].step || !(seconds >= s.marks[n-1].seconds) {
		s.marks = []mark{{}} // at its start, or steps that are made again: the whole time counts
	}
	s.marks = append(s.marks, mark{step, seconds})
	if len(s.marks) > recent+1 {
		s.marks = s.marks[1:]
	}
}

// over returns the steps in the window and the seconds they took; 0 if unknown.
func (s *speed) over() (steps int, seconds float64) {
	if len(s.marks) < 2 {
		return 0, 0
	}
	first, last := s.marks[0], s.marks[len(s.marks)-1]
	if steps, seconds = last.step-first.step, last.seconds-first.seconds; steps <= 0 || !(seconds > 0) || seconds > largest {
		return 0, 0
	}
	return steps, seconds
}
