// Package kernel holds the float32 loops behind the operations of internal/ops, and the
// matrix product they share. It knows neither graphs nor models.
//
// Matrices are row-major slices with a leading dimension, so that one head of a projection
// is a view and is never copied.
package kernel

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

var library = sync.OnceValues(openLibrary)

// BLAS names the matrix products in use, for result rows.
func BLAS() string {
	name := "gonum (pure Go)"
	if l, err := library(); err == nil {
		name = l.config
	}
	if l := rounding.Load(); l != nil {
		name += "; dense products in bf16 by oneDNN " + l.version
	}
	return name
}

// FallbackReason says why OpenBLAS is not in use, or nil when it is.
func FallbackReason() error {
	_, err := library()
	return err
}

// Gemm sets C [m,n] to alpha·op(A)·op(B) + beta·C, where op(A) is [m,k] and op(B) is
// [k,n]; a transposed operand is stored the other way round. It runs on the calling
// goroutine only.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if m == 0 || n == 0 {
		return
	}
	if k == 0 { // an empty sum
		for i := range m {
			scale(rowOf(c, i, ldc, n), beta)
		}
		return
	}
	if l, err := library(); err == nil {
		checkMatrix("A", a, lda, rows(transA, m, k), rows(!transA, m, k))
		checkMatrix("B", b, ldb, rows(transB, k, n), rows(!transB, k, n))
		checkMatrix("C", c, ldc, m, n)
		l.gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	gonum.Implementation{}.Sgemm(op(transA), op(transB), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// productRows is the most rows that one call of the library computes. It packs the whole
// of B on each call, so fewer rows would cost more; and with more, one thread would idle
// while another finishes.
const productRows = 512

// ParallelGemm is Gemm with the rows of C divided among the threads.
func ParallelGemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	inParallel(Gemm, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// parallelDenseGemm is ParallelGemm for dense products.
func parallelDenseGemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	inParallel(denseGemm, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

type gemmFunc func(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)

func inParallel(f gemmFunc, transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	// Below some size a goroutine costs more than it saves; the bound depends
	// on shapes alone, so it does not disturb repeatability.
	if m*n*k < 1<<18 {
		f(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	blocks := rowBlocks(m, productRows)
	Each(blocks, func(i int) {
		lo, hi := m*i/blocks, m*(i+1)/blocks
		rowsA := a[min(lo*lda, len(a)):]
		if transA {
			rowsA = a[lo:]
		}
		f(transA, transB, hi-lo, n, k, alpha, rowsA, lda, b, ldb, beta, c[lo*ldc:], ldc)
	})
}

func op(transposed bool) blas.Transpose {
	if transposed {
		return blas.Trans
	}
	return blas.NoTrans
}

func rows(transposed bool, m, k int) int {
	if transposed {
		return k
	}
	return m
}

// checkMatrix panics on a slice that is too short, which would otherwise corrupt memory in
// the library.
func checkMatrix(name string, x []float32, ld, rows, columns int) {
	if ld < columns || len(x) < (rows-1)*ld+columns {
		panic("kernel: matrix " + name + " is too short for its dimensions")
	}
}
