package ops

import (
	"infinibench/internal/kernel"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	G "gorgonia.org/gorgonia"
)

// engine is the BLAS for Gorgonia's own operations, such as G.Mul: gonum's, with the
// float32 matrix product of internal/kernel. No operation here needs it, but it makes a
// memory that is built from Gorgonia's operations as fast.
type engine struct{ gonum.Implementation }

func init() { G.Use(engine{}) }

// Sgemm sets C [m,n] to alpha·op(A)·op(B) + beta·C.
func (engine) Sgemm(transA, transB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	kernel.ParallelGemm(transA != blas.NoTrans, transB != blas.NoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Sgemv sets y [m] to alpha·A·x + beta·y, or [n] with A transposed; strides other
// than 1 are gonum's.
func (e engine) Sgemv(trans blas.Transpose, m, n int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	if incX != 1 || incY != 1 {
		e.Implementation.Sgemv(trans, m, n, alpha, a, lda, x, incX, beta, y, incY)
		return
	}
	if trans != blas.NoTrans {
		kernel.Gemm(true, false, n, 1, m, alpha, a, lda, x, 1, beta, y, 1)
		return
	}
	kernel.Gemm(false, false, m, 1, n, alpha, a, lda, x, 1, beta, y, 1)
}
