package metrics

import "math"

// z95 is the standard normal's 97.5 % quantile.
const z95 = 1.959963984540054

// Wilson is the 95 % score interval of a proportion p of n (Wilson 1927): the true
// proportions that are compatible with this outcome of n trials. Its bounds stay in [0,
// 1]. Without trials, it is the whole of [0, 1].
func Wilson(p float64, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	z2 := z95 * z95 / float64(n)
	centre := p + z2/2
	half := z95 * math.Sqrt(p*(1-p)/float64(n)+z2/(4*float64(n)))
	return max(0, (centre-half)/(1+z2)), min(1, (centre+half)/(1+z2))
}
