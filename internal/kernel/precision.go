package kernel

import (
	"fmt"
	"math"
	"sync/atomic"
	"unsafe"
)

// Float32 and BF16 are the precisions of dense products: those with weights and, in the
// backward pass, those that give the gradients of inputs and weights. In BF16 both factors
// of a product are rounded to bfloat16; sums and results are float32. All else is float32
// in either: attention, the memory, norms, losses, the optimiser and the weights.
const (
	Float32 = "float32"
	BF16    = "bf16"
)

var rounding atomic.Pointer[oneDNN] // nil: float32

// SetPrecision sets the precision of dense products; "" is Float32. BF16 needs oneDNN, and
// without its library SetPrecision returns an error. On a processor without instructions
// for bfloat16, BF16 is slow.
func SetPrecision(name string) error {
	switch name {
	case "", Float32:
		rounding.Store(nil)
		return nil
	case BF16:
		l, err := bfloat16Library()
		if err != nil {
			return err
		}
		rounding.Store(l)
		return nil
	}
	return fmt.Errorf("precision is %q, must be %s or %s", name, Float32, BF16)
}

// Precision is the current setting.
func Precision() string {
	if rounding.Load() != nil {
		return BF16
	}
	return Float32
}

// denseGemm is Gemm for dense products.
func denseGemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	l := rounding.Load()
	if l == nil || m*n*k == 0 {
		Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	checkMatrix("A", a, lda, rows(transA, m, k), rows(!transA, m, k))
	checkMatrix("B", b, ldb, rows(transB, k, n), rows(!transB, k, n))
	checkMatrix("C", c, ldc, m, n)
	x, release := rounded(a, lda, rows(transA, m, k), rows(!transA, m, k))
	defer release()
	y, release := rounded(b, ldb, rows(transB, k, n), rows(!transB, k, n))
	defer release()
	status := l.gemm(letter(transA), letter(transB), m, n, k,
		alpha, unsafe.Pointer(unsafe.SliceData(x)), rows(!transA, m, k),
		unsafe.Pointer(unsafe.SliceData(y)), rows(!transB, k, n),
		beta, unsafe.Pointer(unsafe.SliceData(c)), ldc)
	if status != 0 {
		panic(fmt.Sprintf("kernel: oneDNN refuses a product of %d × %d × %d: status %d", m, k, n, status))
	}
}

// rounded is the matrix [n, columns] in bfloat16, without gaps, until release is called.
func rounded(x []float32, ld, n, columns int) (y []uint16, release func()) {
	buffer, release := borrow((n*columns + 1) / 2)
	y = unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(buffer))), n*columns)
	for i := range n {
		roundBFloat16(y[i*columns:(i+1)*columns], rowOf(x, i, ld, columns))
	}
	return y, release
}

// roundBFloat16 rounds to the nearest bfloat16, ties to even.
var roundBFloat16 = plainRoundBFloat16

func plainRoundBFloat16(to []uint16, from []float32) {
	for i, v := range from {
		b := math.Float32bits(v)
		to[i] = uint16((b + 0x7fff + b>>16&1) >> 16)
	}
}
