package metrics

import (
	"math"
	"testing"
)

func TestPerplexity(t *testing.T) {
	// By hand: a uniform model over V tokens spends ln V nats on each.
	for _, v := range []float64{2, 256, 50257} {
		if got, why := Perplexity(7*math.Log(v), 7, "token"); math.Abs(got-v) > 1e-12*v || why != "" {
			t.Errorf("uniform over %g tokens: %.17g, %q", v, got, why)
		}
	}
	// A fair coin for each bit of a byte is 8 bits, 8·ln 2 nats.
	if got, why := BitsPerByte(3*8*math.Ln2, 3); math.Abs(got-8) > 1e-12 || why != "" {
		t.Errorf("fair coins: %.17g bits per byte, %q, want 8", got, why)
	}
}

// The largest float64 is (2 - 2⁻⁵²)·2¹⁰²³, whose logarithm is 1024·ln 2 to 16 digits:
// 709.782712893384. (math.Exp on amd64 already overflows from 709.44 on.)
func TestUndefined(t *testing.T) {
	for _, test := range []struct {
		name string
		nll  float64
		n    int64
		want string // "" for a finite perplexity
	}{
		{"nearly the largest", 709.4, 1, ""},
		{"too large", 709.79, 1, "over 709 nats per word: the perplexity, e to that power, is too large for a float64"},
		{"the same in each of two", 2 * 709.79, 2, "over 709 nats per word: the perplexity, e to that power, is too large for a float64"},
		{"no words", 3, 0, "the text has no words"},
		{"nothing", 0, 0, "the text has no words"},
		{"NaN", math.NaN(), 3, "the negative log-likelihood is NaN"},
		{"infinite", math.Inf(1), 3, "the negative log-likelihood is +Inf"},
		{"minus infinite", math.Inf(-1), 3, "the negative log-likelihood is -Inf"},
	} {
		value, why := Perplexity(test.nll, test.n, "word")
		if why != test.want || math.IsInf(value, 0) || math.IsNaN(value) != (test.want != "") {
			t.Errorf("%s: %g, %q, want %q", test.name, value, why, test.want)
		}
	}
	if value, why := BitsPerByte(3, 0); !math.IsNaN(value) || why != "the text has no bytes" {
		t.Errorf("no bytes: %g, %q", value, why)
	}
	// What a perplexity cannot hold, bits can: 709.79/ln 2.
	if value, why := BitsPerByte(709.79, 1); math.Abs(value-1024.0105) > 1e-4 || why != "" {
		t.Errorf("709.79 nats in a byte: %g bits, %q", value, why)
	}
}
