package train

import (
	"math"
	"slices"
	"testing"
)

// Values by hand from (t+1)/warmup and final + (1-final)·(1+cos πx)/2, where x is
// the fraction of the steps after the warm-up.
func TestScheduleFactor(t *testing.T) {
	long := Schedule{Warmup: 4, Steps: 12, Final: 0.1}
	for _, c := range []struct {
		reason string
		s      Schedule
		step   int
		want   float64
	}{
		{"the first step is not lost", long, 0, 0.25},
		{"half way up", long, 1, 0.5},
		{"the peak", long, 3, 1},
		{"x = 0", long, 4, 1},
		{"x = 1/4: 0.1 + 0.45·(1 + √½)", long, 6, 0.868198051533946},
		{"x = 1/2: 0.1 + 0.45", long, 8, 0.55},
		{"x = 3/4: 0.1 + 0.45·(1 - √½)", long, 10, 0.231801948466054},
		{"x = 1", long, 12, 0.1},
		{"after the end", long, 1000, 0.1},
		{"no warm-up", Schedule{Steps: 2}, 0, 1},
		{"no warm-up, half way", Schedule{Steps: 2}, 1, 0.5},
		{"to nothing", Schedule{Steps: 2}, 2, 0},
		{"only warm-up", Schedule{Warmup: 2, Steps: 2}, 2, 1},
		{"shorter than its warm-up", Schedule{Warmup: 10, Steps: 2}, 1, 0.2},
		{"constant", Schedule{Steps: 7, Final: 1}, 5, 1},
	} {
		if got := c.s.Factor(c.step); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: step %d of %+v: got %.15f, want %.15f", c.reason, c.step, c.s, got, c.want)
		}
	}
}

// 3² + 4² + 12² = 13².
func TestClip(t *testing.T) {
	for _, c := range []struct {
		limit float64
		want  [][]float32
	}{
		{26, [][]float32{{3, -4}, {12}}},
		{13, [][]float32{{3, -4}, {12}}},
		{6.5, [][]float32{{1.5, -2}, {6}}},
		{0, [][]float32{{3, -4}, {12}}}, // no limit
	} {
		g := [][]float32{{3, -4}, {12}}
		if norm := Clip(g, c.limit); norm != 13 {
			t.Errorf("limit %g: norm %g, want 13", c.limit, norm)
		}
		if !slices.EqualFunc(g, c.want, slices.Equal) {
			t.Errorf("limit %g: got %v, want %v", c.limit, g, c.want)
		}
	}
	zero := [][]float32{{0, 0}}
	if norm := Clip(zero, 1); norm != 0 || zero[0][0] != 0 {
		t.Errorf("a gradient of zeros became %v, norm %g", zero, norm)
	}
}

// The lengths are the divisors of the number of segments: 1, 2, 4 and 8 of 16 segments, each
// for a quarter of half the steps; 1, 2 and 5 of 10.
func TestCurriculum(t *testing.T) {
	for _, c := range []struct {
		reason   string
		s        Settings
		segment  int
		step     int
		segments int
	}{
		{"none", Settings{Length: 16, Steps: 80}, 1, 0, 16},
		{"the first", Settings{Length: 2048, Steps: 80, Curriculum: 0.5}, 128, 0, 1},
		{"the last with one segment", Settings{Length: 2048, Steps: 80, Curriculum: 0.5}, 128, 9, 1},
		{"two segments", Settings{Length: 2048, Steps: 80, Curriculum: 0.5}, 128, 10, 2},
		{"four", Settings{Length: 2048, Steps: 80, Curriculum: 0.5}, 128, 20, 4},
		{"eight", Settings{Length: 2048, Steps: 80, Curriculum: 0.5}, 128, 39, 8},
		{"whole sequences", Settings{Length: 2048, Steps: 80, Curriculum: 0.5}, 128, 40, 16},
		{"to the last step", Settings{Length: 2048, Steps: 80, Curriculum: 1}, 128, 79, 8},
		{"10 segments", Settings{Length: 40, Steps: 6, Curriculum: 1}, 4, 5, 5},
		{"one segment", Settings{Length: 4, Steps: 6, Curriculum: 1}, 4, 0, 1},
		{"fewer steps than lengths", Settings{Length: 16, Steps: 2, Curriculum: 1}, 1, 1, 4},
	} {
		if got := c.s.sequence(c.step, c.segment); got != c.segments*c.segment {
			t.Errorf("%s: step %d has %d tokens, want %d segments of %d", c.reason, c.step, got, c.segments, c.segment)
		}
	}
}
