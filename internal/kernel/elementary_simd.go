//go:build goexperiment.simd && amd64

package kernel

import "simd/archsimd"

// This file repeats the plain loops of elementary.go eight numbers at a time. It is built
// with GOEXPERIMENT=simd, which the Makefile sets on amd64. elementary_test.go compares
// every function with its plain version. Each function clears the upper halves of the
// registers before scalar code follows, which would otherwise be slow.

func init() {
	if !archsimd.X86.AVX2() || !archsimd.X86.FMA() {
		return
	}
	expSum, largest, dot, axpy, scale = vectorExpSum, vectorLargest, vectorDot, vectorAxpy, vectorScale
	sigma, sigmaGradient = vectorSigma, vectorSigmaGradient
	gelu, geluGradient = vectorGelu, vectorGeluGradient
	swiglu, swigluGradient = vectorSwiglu, vectorSwigluGradient
	softmaxGradient = vectorSoftmaxGradient
	expandBFloat16, expandFloat16, dotBFloat16 = vectorExpandBFloat16, vectorExpandFloat16, vectorDotBFloat16
	if archsimd.X86.AVX512() {
		roundBFloat16 = vectorRoundBFloat16
	}
	multiply, multiplyAdd, blend, rotatePairs, adam = vectorMultiply, vectorMultiplyAdd, vectorBlend, vectorRotatePairs, vectorAdam
}

type lanes = archsimd.Float32x8

const width = 8

func all(x float32) lanes        { return archsimd.BroadcastFloat32x8(x) }
func load(x []float32) lanes     { return archsimd.LoadFloat32x8Slice(x) }
func store(y []float32, v lanes) { v.StoreSlice(y) }

// whole is the part of n that fills whole vectors. Where the remainder needs a scalar
// argument, it is computed before the vector loop: a scalar kept across the loop is
// reloaded in it by a legacy SSE instruction, and the switch between the two encodings
// costs more than the arithmetic.
func whole(n int) int { return n / width * width }

// vectorExp sets y to e^(x-shift). It repeats the steps of exp32 inside the loop, because
// a call would spill the vectors to the stack at every iteration.
func vectorExp(y, x []float32, shift float32) {
	y = y[:len(x)]
	// Defined outside the loop, which would otherwise rebuild them at every iteration.
	low, high, away, log2 := all(expMin), all(expMax), all(shift), all(log2e)
	ln2h, ln2l, one := all(-ln2High), all(-ln2Low), all(1)
	c5, c4, c3 := all(1.9875691500e-4), all(1.3981999507e-3), all(8.3334519073e-3)
	c2, c1, c0 := all(4.1665795894e-2), all(1.6666665459e-1), all(5.0000001201e-1)
	bias := archsimd.BroadcastInt32x8(127)
	for i := whole(len(x)); i < len(x); i++ {
		y[i] = exp32(x[i] - shift)
	}
	for i := 0; i+width <= len(x); i += width {
		v := load(x[i:]).Sub(away).Max(low).Min(high)
		n := v.Mul(log2).RoundToEven()
		r := n.MulAdd(ln2l, n.MulAdd(ln2h, v))
		p := c5.MulAdd(r, c4).MulAdd(r, c3).MulAdd(r, c2).MulAdd(r, c1).MulAdd(r, c0)
		p = p.Mul(r).MulAdd(r, r).Add(one)
		store(y[i:], p.Mul(n.ConvertToInt32().Add(bias).ShiftAllLeft(23).AsFloat32x8()))
	}
	archsimd.ClearAVXUpperBits()
}

// vectorErf sets y to erf(x/√2).
func vectorErf(y, x []float32) {
	y = y[:len(x)]
	low, high, root := all(-4), all(4), all(invSqrt2)
	p6, p5, p4 := all(-2.72614225801306e-10), all(2.77068142495902e-08), all(-2.10102402082508e-06)
	p3, p2, p1, p0 := all(-5.69250639462346e-05), all(-7.34990630326855e-04), all(-2.95459980854025e-03), all(-1.60960333262415e-02)
	q4, q3, q2 := all(-1.45660718464996e-05), all(-2.13374055278905e-04), all(-1.68282697438203e-03)
	q1, q0 := all(-7.37332916720468e-03), all(-1.42647390514189e-02)
	i := 0
	for ; i+width <= len(x); i += width {
		v := load(x[i:]).Mul(root).Max(low).Min(high)
		s := v.Mul(v)
		p := p6.MulAdd(s, p5).MulAdd(s, p4).MulAdd(s, p3).MulAdd(s, p2).MulAdd(s, p1).MulAdd(s, p0)
		q := q4.MulAdd(s, q3).MulAdd(s, q2).MulAdd(s, q1).MulAdd(s, q0)
		store(y[i:], v.Mul(p).Div(q))
	}
	for ; i < len(x); i++ {
		y[i] = erf32(x[i] * invSqrt2)
	}
	archsimd.ClearAVXUpperBits()
}

func sum(v lanes) float32 {
	var s [width]float32
	v.Store(&s)
	archsimd.ClearAVXUpperBits()
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
	archsimd.ClearAVXUpperBits()
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
	n := whole(len(x))
	plainAxpy(y[n:], a, x[n:])
	factor := all(a)
	for i := 0; i+width <= len(x); i += width {
		store(y[i:], load(x[i:]).MulAdd(factor, load(y[i:])))
	}
	archsimd.ClearAVXUpperBits()
}

func vectorScale(x []float32, a float32) {
	plainScale(x[whole(len(x)):], a)
	factor := all(a)
	for i := 0; i+width <= len(x); i += width {
		store(x[i:], load(x[i:]).Mul(factor))
	}
	archsimd.ClearAVXUpperBits()
}

// block is how many numbers pass through a buffer at a time, so that the buffer stays in
// the first-level cache.
const block = 256

func vectorSigma(x []float32) {
	var buffer [block]float32
	zero, one := all(0), all(1)
	for lo := 0; lo < len(x); lo += block {
		x := x[lo:min(lo+block, len(x))]
		exps := buffer[:len(x)]
		vectorExp(exps, x, 0)
		i := 0
		for ; i+width <= len(x); i += width {
			v := load(x[i:])
			store(x[i:], v.Add(one).Merge(load(exps[i:]), v.Greater(zero)))
		}
		plainSigma(x[i:])
	}
	archsimd.ClearAVXUpperBits()
}

func vectorSigmaGradient(d, y []float32) {
	d = d[:len(y)]
	one := all(1)
	i := 0
	for ; i+width <= len(y); i += width {
		store(d[i:], load(d[i:]).Mul(load(y[i:]).Min(one)))
	}
	archsimd.ClearAVXUpperBits()
	plainSigmaGradient(d[i:], y[i:])
}

func vectorGelu(y, x []float32) {
	vectorErf(y, x)
	y = y[:len(x)]
	half, one := all(0.5), all(1)
	i := 0
	for ; i+width <= len(x); i += width {
		store(y[i:], load(x[i:]).Mul(half).Mul(load(y[i:]).Add(one)))
	}
	archsimd.ClearAVXUpperBits()
	plainGelu(y[i:], x[i:])
}

func vectorGeluGradient(dx, y, dy, x []float32) {
	var erfs, exps [block]float32
	for lo := 0; lo < len(x); lo += block {
		x, y, dx, dy := x[lo:min(lo+block, len(x))], y[lo:], dx[lo:], dy[lo:]
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
			v := load(x[j:])
			share := load(erf[j:]).Add(one).Mul(half)
			slope := v.MulAdd(load(density[j:]).Mul(norm), share)
			store(dx[j:], slope.Mul(load(dy[j:])))
			store(y[j:], v.Mul(share))
		}
		plainGeluGradient(dx[i:len(x)], y[i:len(x)], dy[i:len(x)], x[i:])
	}
	archsimd.ClearAVXUpperBits()
}

// negativeExp sets y to e^-x, for whole vectors.
func negativeExp(y, x []float32) {
	zero := all(0)
	for i := 0; i+width <= len(x); i += width {
		store(y[i:], zero.Sub(load(x[i:])))
	}
	vectorExp(y[:len(x)], y[:len(x)], 0)
}

func vectorSwiglu(y, g, u []float32) {
	var exps [block]float32
	for lo := 0; lo < len(g); lo += block {
		g, y, u := g[lo:min(lo+block, len(g))], y[lo:], u[lo:]
		n := whole(len(g))
		negativeExp(exps[:n], g[:n])
		one := all(1)
		for i := 0; i < n; i += width {
			store(y[i:], load(g[i:]).Div(load(exps[i:]).Add(one)).Mul(load(u[i:])))
		}
		archsimd.ClearAVXUpperBits()
		plainSwiglu(y[n:len(g)], g[n:], u[n:len(g)])
	}
}

func vectorSwigluGradient(dg, du, y, dy, g, u []float32) {
	var exps [block]float32
	for lo := 0; lo < len(g); lo += block {
		g, u, dy, y, dg, du := g[lo:min(lo+block, len(g))], u[lo:], dy[lo:], y[lo:], dg[lo:], du[lo:]
		n := whole(len(g))
		negativeExp(exps[:n], g[:n])
		one := all(1)
		for i := 0; i < n; i += width {
			v, other, d := load(g[i:]), load(u[i:]), load(dy[i:])
			share := one.Div(load(exps[i:]).Add(one))
			silu := v.Mul(share)
			store(y[i:], silu.Mul(other))
			store(du[i:], d.Mul(silu))
			store(dg[i:], d.Mul(other).Mul(silu.MulAdd(one.Sub(share), share)))
		}
		archsimd.ClearAVXUpperBits()
		plainSwigluGradient(dg[n:len(g)], du[n:len(g)], y[n:len(g)], dy[n:len(g)], g[n:], u[n:len(g)])
	}
}

func vectorSoftmaxGradient(ds, p, dp []float32, delta, a float32) {
	ds, dp = ds[:len(p)], dp[:len(p)]
	n := whole(len(p))
	plainSoftmaxGradient(ds[n:], p[n:], dp[n:], delta, a)
	shift, factor := all(delta), all(a)
	for i := 0; i+width <= len(p); i += width {
		store(ds[i:], load(p[i:]).Mul(load(dp[i:]).Sub(shift)).Mul(factor))
	}
	archsimd.ClearAVXUpperBits()
}

func vectorMultiply(y []float32, a float32, x, g []float32) {
	y, g = y[:len(x)], g[:len(x)]
	n := whole(len(x))
	plainMultiply(y[n:], a, x[n:], g[n:])
	factor := all(a)
	for i := 0; i+width <= len(x); i += width {
		store(y[i:], load(x[i:]).Mul(factor).Mul(load(g[i:])))
	}
	archsimd.ClearAVXUpperBits()
}

func vectorMultiplyAdd(y []float32, a float32, x, g []float32) {
	y, g = y[:len(x)], g[:len(x)]
	n := whole(len(x))
	plainMultiplyAdd(y[n:], a, x[n:], g[n:])
	factor := all(a)
	for i := 0; i+width <= len(x); i += width {
		store(y[i:], load(x[i:]).Mul(factor).MulAdd(load(g[i:]), load(y[i:])))
	}
	archsimd.ClearAVXUpperBits()
}

func vectorBlend(y []float32, a float32, u []float32, b float32, v []float32) {
	y, v = y[:len(u)], v[:len(u)]
	n := whole(len(u))
	plainBlend(y[n:], a, u[n:], b, v[n:])
	first, second := all(a), all(b)
	for i := 0; i+width <= len(u); i += width {
		store(y[i:], load(u[i:]).MulAdd(first, load(v[i:]).Mul(second)))
	}
	archsimd.ClearAVXUpperBits()
}

func vectorRotatePairs(x, y []float32, to int, u, v []float32, from int, cos, sin []float32, half int) {
	if half%width != 0 {
		plainRotatePairs(x, y, to, u, v, from, cos, sin, half)
		return
	}
	for t := range len(cos) / half {
		x, y, u, v := rowOf(x, t, to, half), rowOf(y, t, to, half), rowOf(u, t, from, half), rowOf(v, t, from, half)
		cos, sin := rowOf(cos, t, half, half), rowOf(sin, t, half, half)
		for i := 0; i+width <= half; i += width {
			a, b, c, s := load(u[i:]), load(v[i:]), load(cos[i:]), load(sin[i:])
			store(x[i:], a.Mul(c).Sub(b.Mul(s)))
			store(y[i:], a.MulAdd(s, b.Mul(c)))
		}
	}
	archsimd.ClearAVXUpperBits()
}

func vectorAdam(w, g, m, v []float32, a Adam) {
	w, m, v = w[:len(g)], m[:len(g)], v[:len(g)]
	n := whole(len(g))
	plainAdam(w[n:], g[n:], m[n:], v[n:], a)
	keep1, keep2, share1, share2 := all(a.Beta1), all(a.Beta2), all(1-a.Beta1), all(1-a.Beta2)
	keep, rate, epsilon := all(a.Keep), all(a.Rate), all(a.Epsilon)
	for i := 0; i+width <= len(g); i += width {
		x := load(g[i:])
		first := load(m[i:]).MulAdd(keep1, x.Mul(share1))
		second := load(v[i:]).MulAdd(keep2, x.Mul(x).Mul(share2))
		store(m[i:], first)
		store(v[i:], second)
		store(w[i:], load(w[i:]).Mul(keep).Sub(first.Mul(rate).Div(second.Sqrt().Add(epsilon))))
	}
	archsimd.ClearAVXUpperBits()
}

// loadBFloat16 is eight numbers, expanded.
func loadBFloat16(x []uint16) lanes {
	return archsimd.LoadUint16x8Slice(x).ExtendToUint32().ShiftAllLeft(16).AsFloat32x8()
}

func vectorExpandBFloat16(to []float32, from []uint16) {
	to = to[:len(from)]
	i := 0
	for ; i+width <= len(from); i += width {
		store(to[i:], loadBFloat16(from[i:]))
	}
	archsimd.ClearAVXUpperBits()
	plainExpandBFloat16(to[i:], from[i:])
}

func vectorExpandFloat16(to []float32, from []uint16) {
	to = to[:len(from)]
	rest, sign, factor := archsimd.BroadcastUint32x8(0x7fff), archsimd.BroadcastUint32x8(0x8000), all(halfScale)
	i := 0
	for ; i+width <= len(from); i += width {
		b := archsimd.LoadUint16x8Slice(from[i:]).ExtendToUint32()
		magnitude := b.And(rest).ShiftAllLeft(13).AsFloat32x8().Mul(factor)
		store(to[i:], magnitude.AsUint32x8().Or(b.And(sign).ShiftAllLeft(16)).AsFloat32x8())
	}
	archsimd.ClearAVXUpperBits()
	plainExpandFloat16(to[i:], from[i:])
}

// vectorDotBFloat16 takes the steps of vectorDot, so that it returns the same bits.
func vectorDotBFloat16(x []float32, w []uint16) float32 {
	w = w[:len(x)]
	t0, t1 := all(0), all(0)
	i := 0
	for ; i+2*width <= len(x); i += 2 * width {
		t0 = load(x[i:]).MulAdd(loadBFloat16(w[i:]), t0)
		t1 = load(x[i+width:]).MulAdd(loadBFloat16(w[i+width:]), t1)
	}
	return sum(t0.Add(t1)) + plainDotBFloat16(x[i:], w[i:])
}

// vectorRoundBFloat16 needs AVX-512, unlike the others.
func vectorRoundBFloat16(to []uint16, from []float32) {
	to = to[:len(from)]
	most, one := archsimd.BroadcastUint32x8(0x7fff), archsimd.BroadcastUint32x8(1)
	i := 0
	for ; i+width <= len(from); i += width {
		b := load(from[i:]).AsUint32x8()
		b.Add(most).Add(b.ShiftAllRight(16).And(one)).ShiftAllRight(16).TruncateToUint16().StoreSlice(to[i:])
	}
	archsimd.ClearAVXUpperBits()
	plainRoundBFloat16(to[i:], from[i:])
}
