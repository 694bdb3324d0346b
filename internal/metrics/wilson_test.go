package metrics

import (
	"math"
	"testing"
)

// The first three are Newcombe 1998 (Statistics in Medicine 17, 857-872), Table I,
// method 3; the others solve (p - x)² = z²·x(1-x)/n by hand at p = 0 and 1, where the
// bounds are z²/(n+z²) and n/(n+z²), z² = 3.841459.
func TestWilson(t *testing.T) {
	tests := []struct {
		right, n  int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{1, 29, 0.0061, 0.1718},
		{0, 20, 0, 3.841459 / 23.841459},
		{74, 74, 74 / 77.841459, 1},
		{4, 4, 4 / 7.841459, 1},
		{0, 0, 0, 1},
	}
	for _, test := range tests {
		low, high := Wilson(float64(test.right)/math.Max(1, float64(test.n)), test.n)
		if math.Abs(low-test.low) > 5e-5 || math.Abs(high-test.high) > 5e-5 {
			t.Errorf("%d of %d: [%.4f, %.4f], want [%.4f, %.4f]", test.right, test.n, low, high, test.low, test.high)
		}
	}
}
