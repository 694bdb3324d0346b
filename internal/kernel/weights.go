package kernel

import (
	"math"
	"unsafe"
)

// Weights is the numbers of a matrix [m, k], row by row: float32, or in a type of half the
// size in which pretrained models are published. Each of those numbers is a float32, so a
// product with expanded weights is the product with float32 weights, bit for bit.
type Weights struct {
	f32    []float32
	half   []uint16 // if f32 is nil
	expand func(to []float32, from []uint16)
	dot    func(x []float32, w []uint16) float32
}

// BFloat16 is the upper half of a float32.
type BFloat16 uint16

// Float16 is a finite IEEE 754 binary16 number: a sign, 5 bits of exponent, 10 of mantissa.
type Float16 uint16

// Float32s is weights that need no expansion.
func Float32s(x []float32) Weights { return Weights{f32: x} }

// BFloat16s is weights in half the size.
func BFloat16s(x []BFloat16) Weights {
	return Weights{half: bits(x), expand: expandBFloat16, dot: dotBFloat16}
}

// Float16s is weights in half the size.
func Float16s(x []Float16) Weights {
	return Weights{half: bits(x), expand: expandFloat16, dot: dotFloat16}
}

func bits[T BFloat16 | Float16](x []T) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// Len is the number of weights.
func (w Weights) Len() int { return len(w.f32) + len(w.half) }

// float32s returns all weights in float32, until release is called.
func (w Weights) float32s() (x []float32, release func()) { return w.stretch(0, w.Len()) }

// stretch is float32s of the weights [lo, hi), which it expands in parallel.
func (w Weights) stretch(lo, hi int) (x []float32, release func()) {
	if w.half == nil {
		return w.f32[lo:hi], func() {}
	}
	x, release = borrow(hi - lo)
	elements(hi-lo, func(a, b int) { w.expand(x[a:b], w.half[lo+a:lo+b]) })
	return x, release
}

// row copies row i, as wide as y.
func (w Weights) row(y []float32, i int) {
	at := i * len(y)
	if w.half == nil {
		copy(y, w.f32[at:])
		return
	}
	w.expand(y, w.half[at:at+len(y)])
}

// inner is the inner product of x and row i.
func (w Weights) inner(x []float32, i int) float32 {
	at := i * len(x)
	if w.half == nil {
		return dot(x, w.f32[at:at+len(x)])
	}
	return w.dot(x, w.half[at:at+len(x)])
}

// mostExpanded is the most weights that are expanded at a time in a product with a matrix
// as large as a vocabulary.
const mostExpanded = 1 << 22

// tiles divides the rows [lo, hi) of a matrix of k columns into stretches of at most
// mostExpanded weights. float32 weights are divided alike, so that every product is the
// same in each type.
func tiles(lo, hi, k int, f func(lo, hi int)) {
	rows := max(mostExpanded/k/64*64, 64)
	for ; lo < hi; lo += rows {
		f(lo, min(lo+rows, hi))
	}
}

// The conversions below are exact. Each has a vector version; see elementary_simd.go.
var (
	// expandBFloat16 and expandFloat16 set `to` to the numbers of `from`.
	expandBFloat16 = plainExpandBFloat16
	expandFloat16  = plainExpandFloat16
	// dotBFloat16 is dot(x, w) of expanded weights.
	dotBFloat16 = plainDotBFloat16
)

func plainExpandBFloat16(to []float32, from []uint16) {
	for i, b := range from {
		to[i] = bfloat16(b)
	}
}

func plainExpandFloat16(to []float32, from []uint16) {
	for i, b := range from {
		to[i] = float16(b)
	}
}

func plainDotBFloat16(x []float32, w []uint16) float32 {
	var sum float32
	for i, v := range x {
		sum += v * bfloat16(w[i])
	}
	return sum
}

// dotFloat16 is dot(x, w) of expanded weights.
func dotFloat16(x []float32, w []uint16) float32 {
	y, release := borrow(len(w))
	defer release()
	expandFloat16(y, w)
	return dot(x, y)
}

func bfloat16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// halfScale makes up for the smaller bias of a half's exponent, 15 instead of 127. Scaling
// also turns subnormal halves into normal numbers.
const halfScale = 0x1p112

func float16(b uint16) float32 {
	magnitude := math.Float32frombits(uint32(b&0x7fff)<<13) * halfScale
	return math.Float32frombits(math.Float32bits(magnitude) | uint32(b&0x8000)<<16)
}
