package metrics

// Slope is the slope of the least-squares line through the points (x, y). There are at
// least two, and the x are not all equal.
func Slope(x, y []float64) float64 {
	var meanX, meanY, xx, xy float64
	for i := range x {
		meanX += x[i] / float64(len(x))
		meanY += y[i] / float64(len(x))
	}
	for i := range x {
		xx += (x[i] - meanX) * (x[i] - meanX)
		xy += (x[i] - meanX) * (y[i] - meanY)
	}
	return xy / xx
}
