package kernel

import "math"

// The elementary functions below are accurate to a few units in the last place of a
// float32. They do not branch on the data, so that the vector versions
// (elementary_simd.go) can take exactly the same steps.

const (
	log2e = 1.44269504088896341
	// ln 2 in two parts, the first with trailing zero bits, so that n·ln2High
	// is exact for every n that occurs (Cody and Waite).
	ln2High = 0.693359375
	ln2Low  = -2.12194440e-4

	// Beyond these e^x leaves the normal float32 numbers; clamping keeps
	// infinities out of the sums and is far below any tolerance here.
	expMin = -87.3
	expMax = 88.3
)

// exp32 is e^x by range reduction to |r| ≤ ln2/2 and the polynomial of the
// Cephes library (expf).
func exp32(x float32) float32 {
	x = min(max(x, expMin), expMax)
	n := float32(math.RoundToEven(float64(x * log2e)))
	r := x - n*ln2High - n*ln2Low
	p := float32(1.9875691500e-4)
	p = p*r + 1.3981999507e-3
	p = p*r + 8.3334519073e-3
	p = p*r + 4.1665795894e-2
	p = p*r + 1.6666665459e-1
	p = p*r + 5.0000001201e-1
	p = p*r*r + r + 1
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}

// erf32 is the error function as a quotient of polynomials in x², odd by construction,
// with the coefficients of Eigen's float erf. Outside ±4 the true value rounds to ±1 in
// float32.
func erf32(x float32) float32 {
	x = min(max(x, -4), 4)
	s := x * x
	p := float32(-2.72614225801306e-10)
	p = p*s + 2.77068142495902e-08
	p = p*s - 2.10102402082508e-06
	p = p*s - 5.69250639462346e-05
	p = p*s - 7.34990630326855e-04
	p = p*s - 2.95459980854025e-03
	p = p*s - 1.60960333262415e-02
	q := float32(-1.45660718464996e-05)
	q = q*s - 2.13374055278905e-04
	q = q*s - 1.68282697438203e-03
	q = q*s - 7.37332916720468e-03
	q = q*s - 1.42647390514189e-02
	return x * p / q
}

const (
	invSqrt2   = 0.70710678118654752
	invSqrt2Pi = 0.39894228040143268
)

// The functions on slices. Each has a vector version where the machine allows it; `use`
// chooses at start-up.
var (
	// expSum sets y to e^(x-shift) and returns the sum of y.
	expSum = plainExpSum
	// largest is the largest element of x, which must not be empty.
	largest = plainLargest
	// dot is Σ x·y.
	dot = plainDot
	// axpy adds a·x to y.
	axpy = plainAxpy
	// scale multiplies x by a.
	scale = plainScale
	// sigma replaces x by σ(x) = elu(x) + 1 (Katharopoulos et al. 2020).
	sigma = plainSigma
	// sigmaGradient multiplies d by σ'(x), given y = σ(x): 1 where x > 0, that is
	// where y > 1, and e^x = y elsewhere.
	sigmaGradient = plainSigmaGradient
	// gelu sets y to x·Φ(x), exact (erf) form.
	gelu = plainGelu
	// geluGradient sets dx to dy·(Φ(x) + x·φ(x)) and y to x·Φ(x); dx may be x.
	geluGradient = plainGeluGradient
	// swiglu sets y to silu(g)·u, silu(g) = g/(1+e^-g).
	swiglu = plainSwiglu
	// swigluGradient sets dg and du to the gradients of swiglu's inputs, given dy, and y to
	// silu(g)·u; dg may be g, and du may be u.
	swigluGradient = plainSwigluGradient
	// softmaxGradient sets ds to p·(dp-delta)·a.
	softmaxGradient = plainSoftmaxGradient
	// multiply sets y to a·x·g.
	multiply = plainMultiply
	// multiplyAdd adds a·x·g to y.
	multiplyAdd = plainMultiplyAdd
	// blend sets y to a·u + b·v; y may be u or v.
	blend = plainBlend
	// rotatePairs sets (x, y) to (u·cos - v·sin, u·sin + v·cos) row by row, each half
	// wide; cos and sin are [rows, half]. x and y have the leading dimension to, u and
	// v the leading dimension from. (x, y) may be (u, v).
	rotatePairs = plainRotatePairs
	// adam is AdamStep on one stretch.
	adam = plainAdam
)

func plainExpSum(y, x []float32, shift float32) float32 {
	var sum float32
	for i, v := range x {
		e := exp32(v - shift)
		y[i] = e
		sum += e
	}
	return sum
}

func plainLargest(x []float32) float32 {
	m := x[0]
	for _, v := range x[1:] {
		m = max(m, v)
	}
	return m
}

func plainDot(x, y []float32) float32 {
	var sum float32
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

func plainAxpy(y []float32, a float32, x []float32) {
	for i, v := range x {
		y[i] += a * v
	}
}

func plainScale(x []float32, a float32) {
	for i := range x {
		x[i] *= a
	}
}

func plainSigma(x []float32) {
	for i, v := range x {
		if v > 0 {
			x[i] = v + 1
		} else {
			x[i] = exp32(v)
		}
	}
}

func plainSigmaGradient(d, y []float32) {
	for i, v := range y {
		d[i] *= min(v, 1)
	}
}

func plainGelu(y, x []float32) {
	for i, v := range x {
		y[i] = 0.5 * v * (1 + erf32(v*invSqrt2))
	}
}

func plainGeluGradient(dx, y, dy, x []float32) {
	for i, v := range x {
		share, density := 0.5*(1+erf32(v*invSqrt2)), invSqrt2Pi*exp32(-0.5*v*v)
		dx[i], y[i] = dy[i]*(share+v*density), v*share
	}
}

func plainSwiglu(y, g, u []float32) {
	for i, v := range g {
		y[i] = v / (1 + exp32(-v)) * u[i]
	}
}

func plainSwigluGradient(dg, du, y, dy, g, u []float32) {
	for i, v := range g {
		share, other, d := 1/(1+exp32(-v)), u[i], dy[i]
		silu := v * share
		y[i] = silu * other
		du[i] = d * silu
		dg[i] = d * other * (share + silu*(1-share))
	}
}

func plainSoftmaxGradient(ds, p, dp []float32, delta, a float32) {
	for i, v := range p {
		ds[i] = v * (dp[i] - delta) * a
	}
}

func plainMultiply(y []float32, a float32, x, g []float32) {
	for i, v := range x {
		y[i] = a * v * g[i]
	}
}

func plainMultiplyAdd(y []float32, a float32, x, g []float32) {
	for i, v := range x {
		y[i] += a * v * g[i]
	}
}

func plainBlend(y []float32, a float32, u []float32, b float32, v []float32) {
	for i, x := range u {
		y[i] = a*x + b*v[i]
	}
}

func plainRotatePairs(x, y []float32, to int, u, v []float32, from int, cos, sin []float32, half int) {
	for t := range len(cos) / half {
		for i, c := range rowOf(cos, t, half, half) {
			a, b, s := u[t*from+i], v[t*from+i], sin[t*half+i]
			x[t*to+i], y[t*to+i] = a*c-b*s, a*s+b*c
		}
	}
}

func plainAdam(w, g, m, v []float32, a Adam) {
	for i, x := range g {
		m[i] = a.Beta1*m[i] + (1-a.Beta1)*x
		v[i] = a.Beta2*v[i] + (1-a.Beta2)*x*x
		w[i] = a.Keep*w[i] - a.Rate*m[i]/(float32(math.Sqrt(float64(v[i])))+a.Epsilon)
	}
}
