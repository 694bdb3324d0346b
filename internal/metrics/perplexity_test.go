package metrics

import (
	"math"
	"testing"
)

func TestPerplexity(t *testing.T) {
	// By hand: a uniform model over V tokens spends ln V nats on each.
	for _, v := range []float64{2, 256, 50257} {
		if got := Perplexity(7*math.Log(v), 7); math.Abs(got-v) > 1e-12*v {
			t.Errorf("uniform over %g tokens: %.17g", v, got)
		}
	}
	// A fair coin for each bit of a byte is 8 bits, 8·ln 2 nats.
	if got := BitsPerByte(3*8*math.Ln2, 3); math.Abs(got-8) > 1e-12 {
		t.Errorf("fair coins: %.17g bits per byte, want 8", got)
	}
	if got := Perplexity(0, 0); !math.IsNaN(got) {
		t.Errorf("perplexity of nothing is %g, want NaN", got)
	}
}
