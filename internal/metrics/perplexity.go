// Package metrics turns sums over a test set into the numbers a table shows.
package metrics

import "math"

// Perplexity is e^(nll/n) for a negative log-likelihood in nats over n units:
// tokens, words or bytes. It is NaN for n = 0. A uniform model over V tokens has
// perplexity V.
func Perplexity(nll float64, n int64) float64 { return math.Exp(nll / float64(n)) }

// BitsPerByte is the negative log-likelihood in bits over the bytes of the text.
func BitsPerByte(nll float64, bytes int64) float64 { return nll / float64(bytes) / math.Ln2 }
