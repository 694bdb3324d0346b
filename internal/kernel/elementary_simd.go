//go:build goexperiment.simd && amd64

package kernel

import "simd/archsimd"

// This file repeats the plain loops of elementary.go eight numbers at a time.
// It is built with GOEXPERIMENT=simd, which the Makefile sets; elementary_test.go
// holds every function against its plain twin.

func init() {
	if !archsimd.X86.AVX2() || !archsimd.X86.FMA() {
		return
	}
	expSum, largest, dot, axpy, scale = vectorExpSum, vectorLargest, vectorDot, vectorAxpy, vectorScale
	sigma, sigmaGradient = vectorSigma, vectorSigmaGradient
	gelu, geluGradient = vectorGelu, vectorGeluGradient
	softmaxGradient = vectorSoftmaxGradient
}

type lanes = archsimd.Float32x8

const width = 8

func all(x float32) lanes        { return archsimd.BroadcastFloat32x8(x) }
func load(x []float32) lanes     { return archsimd.LoadFloat32x8Slice(x) }
func store(y []float32, v lanes) { v.StoreSlice(y) }

// vectorExp sets y to e^(x-shift). The steps of exp32 stand inside the loop
// because a call would spill the lanes to the stack on every turn.
func vectorExp(y, x []float32, shift float32) {
	y = y[:len(x)]
	i := 0
	for ; i+width <= len(x); i += width {
		v := load(x[i:]).Sub(all(shift)).Max(all(expMin)).Min(all(expMax))
		n := v.Mul(all(log2e)).RoundToEven()
		r := n.MulAdd(all(-ln2High), v)
		r = n.MulAdd(all(-ln2Low), r)
		p := all(1.9875691500e-4)
		p = p.MulAdd(r, all(1.3981999507e-3))
		p = p.MulAdd(r, all(8.3334519073e-3))
		p = p.MulAdd(r, all(4.1665795894e-2))
		p = p.MulAdd(r, all(1.6666665459e-1))
		p = p.MulAdd(r, all(5.0000001201e-1))
		p = p.Mul(r).MulAdd(r, r).Add(all(1))
		power := n.ConvertToInt32().Add(archsimd.BroadcastInt32x8(127)).ShiftAllLeft(23)
		store(y[i:], p.Mul(power.AsFloat32x8()))
	}
	for ; i < len(x); i++ {
		y[i] = exp32(x[i] - shift)
	}
}

// vectorErf sets y to erf(x/√2).
func vectorErf(y, x []float32) {
	y = y[:len(x)]
	i := 0
	for ; i+width <= len(x); i += width {
		v := load(x[i:]).Mul(all(invSqrt2)).Max(all(-4)).Min(all(4))
		s := v.Mul(v)
		p := all(-2.72614225801306e-10)
		p = p.MulAdd(s, all(2.77068142495902e-08))
		p = p.MulAdd(s, all(-2.10102402082508e-06))
		p = p.MulAdd(s, all(-5.69250639462346e-05))
		p = p.MulAdd(s, all(-7.34990630326855e-04))
		p = p.MulAdd(s, all(-2.95459980854025e-03))
		p = p.MulAdd(s, all(-1.60960333262415e-02))
		q := all(-1.45660718464996e-05)
		q = q.MulAdd(s, all(-2.13374055278905e-04))
		q = q.MulAdd(s, all(-1.68282697438203e-03))
		q = q.MulAdd(s, all(-7.37332916720468e-03))
		q = q.MulAdd(s, all(-1.42647390514189e-02))
		store(y[i:], v.Mul(p).Div(q))
	}
	for ; i < len(x); i++ {
		y[i] = erf32(x[i] * invSqrt2)
	}
}

func sum(v lanes) float32 {
	var s [width]float32
	v.Store(&s)
	return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]))
}

func vectorExpSum(y, x []float32, shift float32) float32 {
	vectorExp(y, x, shift)
	y = y[:len(x)]
	t0, t1 := all(0), all(0)
	i := 0
	for ; i+2*width <= len(y); i += 2 * width {
		t0 = t0.Add(load(y[i:]))
		t1 = t1.Add(load(y[i+width:]))
	}
	total := sum(t0.Add(t1))
	for _, v := range y[i:] {
		total += v
	}
	return total
}

func vectorLargest(x []float32) float32 {
	if len(x) < width {
		return plainLargest(x)
	}
	m := load(x)
	i := width
	for ; i+width <= len(x); i += width {
		m = m.Max(load(x[i:]))
	}
	var s [width]float32
	m.Store(&s)
	largest := plainLargest(s[:])
	for _, v := range x[i:] {
		largest = max(largest, v)
	}
	return largest
}

func vectorDot(x, y []float32) float32 {
	y = y[:len(x)]
	t0, t1 := all(0), all(0)
	i := 0
	for ; i+2*width <= len(x); i += 2 * width {
		t0 = load(x[i:]).MulAdd(load(y[i:]), t0)
		t1 = load(x[i+width:]).MulAdd(load(y[i+width:]), t1)
	}
	return sum(t0.Add(t1)) + plainDot(x[i:], y[i:])
}

func vectorAxpy(y []float32, a float32, x []float32) {
	y = y[:len(x)]
	factor := all(a)
	i := 0
	for ; i+width <= len(x); i += width {
		store(y[i:], load(x[i:]).MulAdd(factor, load(y[i:])))
	}
	plainAxpy(y[i:], a, x[i:])
}

func vectorScale(x []float32, a float32) {
	factor := all(a)
	i := 0
	for ; i+width <= len(x); i += width {
		store(x[i:], load(x[i:]).Mul(factor))
	}
	plainScale(x[i:], a)
}

// block is how many numbers are handled between two passes over a buffer that
// stays in the first-level cache.
const block = 256

func vectorSigma(y, x []float32) {
	y = y[:len(x)]
	vectorExp(y, x, 0)
	zero, one := all(0), all(1)
	i := 0
	for ; i+width <= len(x); i += width {
		v := load(x[i:])
		store(y[i:], v.Add(one).Merge(load(y[i:]), v.Greater(zero)))
	}
	plainSigma(y[i:], x[i:])
}

func vectorSigmaGradient(dx, dy, x []float32) {
	var buffer [block]float32
	for lo := 0; lo < len(x); lo += block {
		x, dx, dy := x[lo:min(lo+block, len(x))], dx[lo:], dy[lo:]
		slope := buffer[:len(x)]
		vectorExp(slope, x, 0)
		one := all(1)
		i := 0
		for ; i+width <= len(x); i += width {
			s := load(slope[i:]).Min(one) // e^x > 1 exactly where x > 0
			store(dx[i:], s.MulAdd(load(dy[i:]), load(dx[i:])))
		}
		plainSigmaGradient(dx[i:], dy[i:], x[i:])
	}
}

func vectorGelu(y, x []float32) {
	vectorErf(y, x)
	y = y[:len(x)]
	half, one := all(0.5), all(1)
	i := 0
	for ; i+width <= len(x); i += width {
		store(y[i:], load(x[i:]).Mul(half).Mul(load(y[i:]).Add(one)))
	}
	plainGelu(y[i:], x[i:])
}

func vectorGeluGradient(dx, dy, x []float32) {
	var erfs, exps [block]float32
	for lo := 0; lo < len(x); lo += block {
		x, dx, dy := x[lo:min(lo+block, len(x))], dx[lo:], dy[lo:]
		half, minusHalf, one, norm := all(0.5), all(-0.5), all(1), all(invSqrt2Pi)
		erf, density := erfs[:len(x)], exps[:len(x)]
		i := 0
		for ; i+width <= len(x); i += width {
			v := load(x[i:])
			store(density[i:], v.Mul(v).Mul(minusHalf))
		}
		vectorErf(erf[:i], x[:i])
		vectorExp(density[:i], density[:i], 0)
		for j := 0; j < i; j += width {
			slope := load(x[j:]).MulAdd(load(density[j:]).Mul(norm), load(erf[j:]).Add(one).Mul(half))
			store(dx[j:], slope.Mul(load(dy[j:])))
		}
		plainGeluGradient(dx[i:len(x)], dy[i:len(x)], x[i:])
	}
}

func vectorSoftmaxGradient(ds, p, dp []float32, delta, a float32) {
	ds, dp = ds[:len(p)], dp[:len(p)]
	shift, factor := all(delta), all(a)
	i := 0
	for ; i+width <= len(p); i += width {
		store(ds[i:], load(p[i:]).Mul(load(dp[i:]).Sub(shift)).Mul(factor))
	}
	plainSoftmaxGradient(ds[i:], p[i:], dp[i:], delta, a)
}
