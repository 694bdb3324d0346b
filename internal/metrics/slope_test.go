package metrics

import (
	"math"
	"testing"
)

// By hand: the means are 2 and 1, so the slope is (1·1 + 0 + 1·2) / (1 + 0 + 1).
func TestSlope(t *testing.T) {
	if s := Slope([]float64{1, 2, 3}, []float64{0, 0, 3}); math.Abs(s-1.5) > 1e-15 {
		t.Errorf("slope %g, want 1.5", s)
	}
}
