// Package metrics turns sums over a test set into the numbers of a table.
package metrics

import (
	"fmt"
	"math"

	"infinibench/internal/finite"
)

// Perplexity is e^(nll/n) for a negative log-likelihood in nats over n units: tokens,
// words or bytes. A uniform model over V tokens has perplexity V. If the value does not
// exist in float64, it is NaN and why is a one-line reason: there are no units, or too
// many nats in each, as in a text without spaces, which is a single word.
func Perplexity(nll float64, n int64, unit string) (value float64, why string) {
	each, why := mean(nll, n, unit)
	if why != "" {
		return math.NaN(), why
	}
	if value = math.Exp(each); !finite.Is(value) {
		return math.NaN(), "over 709 nats per " + unit + ": the perplexity, e to that power, is too large for a float64"
	}
	return value, ""
}

// BitsPerByte is the negative log-likelihood in bits over the bytes of the text; value and
// why are as in [Perplexity].
func BitsPerByte(nll float64, bytes int64) (value float64, why string) {
	each, why := mean(nll, bytes, "byte")
	return each / math.Ln2, why
}

// mean is the nats in each unit.
func mean(nll float64, n int64, unit string) (value float64, why string) {
	switch {
	case !finite.Is(nll):
		return math.NaN(), fmt.Sprintf("the negative log-likelihood is %g", nll)
	case n == 0:
		return math.NaN(), "the text has no " + unit + "s"
	}
	return nll / float64(n), ""
}
