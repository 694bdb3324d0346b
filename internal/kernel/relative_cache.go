package kernel

import "math"

// Sinusoids is R [n, d] before its projection (Vaswani et al. 2017, as Dai et al.
// 2019 lay it out): the sines of the distance at d/2 wavelengths, then the cosines;
// the last row is distance 0.
func Sinusoids(n, d int) []float32 {
	x := make([]float32, n*d)
	half := d / 2
	for i := range half {
		frequency := math.Pow(10000, -2*float64(i)/float64(d))
		for row := range n {
			sin, cos := math.Sincos(float64(n-1-row) * frequency)
			x[row*d+i], x[row*d+half+i] = float32(sin), float32(cos)
		}
	}
	return x
}

// Relative biases divide distances into buckets (Raffel et al. 2020, section 2.1): half of
// the buckets hold one distance each, the others ranges that grow by a constant factor,
// and the last bucket all distances of 128 and more.
const (
	Buckets  = 32
	farthest = 128
)

// bucket is the bucket of a distance.
func bucket(distance int) int {
	const exact = Buckets / 2
	if distance < exact {
		return distance
	}
	return min(exact+int(math.Log(float64(distance)/exact)/math.Log(farthest/exact)*(Buckets-exact)), Buckets-1)
}

// Biases sets y [H, n] to the bias of each distance from table [H, Buckets]; the
// last column is distance 0.
func Biases(y, table []float32, n int) {
	for i := range y {
		y[i] = table[i/n*Buckets+bucket(n-1-i%n)]
	}
}

// BiasesGradient sets dtable to the gradient of Biases' table.
func BiasesGradient(dtable Gradient, dy []float32, n int) {
	if !dtable.Add {
		clear(dtable.To)
	}
	for i, v := range dy {
		dtable.To[i/n*Buckets+bucket(n-1-i%n)] += v
	}
}

// unitEpsilon keeps the length of a vector above 0, as in the code of Wu et al. 2022.
const unitEpsilon = 1e-6

// unit sets y to x divided by its length, and returns 1/length. y may be x.
func unit(y, x []float32) float32 {
	inverse := float32(1 / math.Sqrt(float64(dot(x, x)+unitEpsilon)))
	scaled(y, inverse, x)
	return inverse
}

// unitGradient replaces d, the gradient of y = unit(x), by the gradient of x.
func unitGradient(d, y []float32, inverse float32) {
	along := dot(d, y)
	axpy(d, -along, y)
	scale(d, inverse)
}

// QKNorm sets y [rows, (H+2K)·D] to qkv with every key scaled to length 1 and every query to
// the length gain [H] of its head; values stay the same.
func QKNorm(s Shape, y, qkv, gain []float32) {
	copy(y, qkv)
	s.each(s.H+s.KV(), func(b, seg, i int) {
		head := s.query(y, b, seg, i)
		for t := range s.T {
			row := rowOf(head, t, s.Columns(), s.D)
			unit(row, row)
			if i < s.H {
				scale(row, gain[i])
			}
		}
	})
}

// QKNormGradient sets dqkv and dgain to the gradients of QKNorm's inputs. It overwrites dy.
func QKNormGradient(s Shape, dqkv, dgain Gradient, dy, qkv, gain []float32) {
	slopes := make([]float64, s.B*s.S*s.H)
	s.each(s.H+s.KV(), func(b, seg, i int) {
		row, release := borrow(s.D)
		defer release()
		x, dx := s.query(qkv, b, seg, i), s.query(dy, b, seg, i)
		for t := range s.T {
			inverse := unit(row, rowOf(x, t, s.Columns(), s.D))
			d := rowOf(dx, t, s.Columns(), s.D)
			if i < s.H {
				slopes[(b*s.S+seg)*s.H+i] += float64(dot(d, row))
				scale(d, gain[i])
			}
			unitGradient(d, row, inverse)
		}
	})
	Accumulate(dqkv, 1, dy)
	sumHeads(dgain, slopes)
}

// sumHeads writes the sum of slopes [n, H] over n to y [H].
func sumHeads(y Gradient, slopes []float64) {
	for h := range y.To {
		var sum float64
		for i := h; i < len(slopes); i += len(y.To) {
			sum += slopes[i]
		}
		if y.Add {
			sum += float64(y.To[h])
		}
		y.To[h] = float32(sum)
	}
}
