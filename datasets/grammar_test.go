package datasets

import (
	"math"
	"testing"
)

func mean(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

func TestIdealSummary(t *testing.T) {
	for _, c := range []Generated{NewNovel(4096, 4), NewProof(4096, 4)} {
		d, _ := c.Document(Test, 0)
		full, seg := d.Ideal.Full(), d.Ideal.Segment(64)
		n := map[Class]int{}
		for _, k := range d.Ideal.Classes(64) {
			n[k]++
		}
		t.Logf("%s: V %d, ideal full %.3f, segment %.3f, classes %v: %.60s", c.Name(), len(c.Vocabulary()), math.Exp(-mean(full)), math.Exp(-mean(seg)), n, d.Text)
	}
}
