package kernel

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// openBLAS is the shared library, opened without cgo.
type openBLAS struct {
	sgemm  uintptr
	config string        // as the library describes itself
	calls  chan struct{} // a semaphore for concurrent calls; nil: no limit
}

// libraryNames are tried in order, unless INFINIBENCH_BLAS names a path, or "gonum" to do
// without the library.
func libraryNames() []string {
	if runtime.GOOS == "darwin" {
		return []string{
			"/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
			"/usr/local/opt/openblas/lib/libopenblas.dylib",
			"libopenblas.dylib",
		}
	}
	return []string{"libopenblas.so.0", "libopenblas.so", "libopenblasp.so.0"}
}

// openLibrary looks for OpenBLAS and prepares it for calls from several goroutines. It
// allows one thread inside the library, because this package divides the work itself and
// so fixes the order of every sum.
func openLibrary() (*openBLAS, error) {
	names := libraryNames()
	if choice := os.Getenv("INFINIBENCH_BLAS"); choice == "gonum" {
		return nil, fmt.Errorf("INFINIBENCH_BLAS=gonum")
	} else if choice != "" {
		names = []string{choice}
	}
	if err := checkRoom(); err != nil {
		return nil, err
	}
	// On loading, the library would start a thread with a buffer for each core; none is
	// ever used here.
	os.Setenv("OPENBLAS_NUM_THREADS", "1")
	handle, err := openFirst(names)
	if err != nil {
		return nil, fmt.Errorf("no OpenBLAS among %s", strings.Join(names, ", "))
	}
	// The Fortran entry point takes every argument by address, so there are no register
	// classes to mind and calls need no reflection.
	sgemm, err := purego.Dlsym(handle, "sgemm_")
	if err != nil {
		return nil, fmt.Errorf("OpenBLAS without sgemm_: %w", err)
	}
	threads, err := purego.Dlsym(handle, "openblas_set_num_threads")
	if err != nil {
		return nil, fmt.Errorf("a BLAS that is not OpenBLAS: %w", err)
	}
	config, err := purego.Dlsym(handle, "openblas_get_config")
	if err != nil {
		return nil, fmt.Errorf("a BLAS that is not OpenBLAS: %w", err)
	}
	var setThreads func(int32)
	var getConfig func() string
	purego.RegisterFunc(&setThreads, threads)
	purego.RegisterFunc(&getConfig, config)
	setThreads(1)
	// Go takes a call into the library for a system call: when all its processors are
	// busy, it gives the processor of a long call to another thread, and the call has
	// to wait for one when it returns. With two processors to spare that never happens:
	// 8 % more tokens per second.
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), Threads()+2))
	calls, err := reserveCalls(handle)
	if err != nil {
		return nil, err
	}
	return &openBLAS{sgemm: sgemm, config: strings.TrimSpace(getConfig()), calls: calls}, nil
}

// openFirst opens the first shared library of a list that can be opened; if none can, it returns
// the last error.
func openFirst(names []string) (handle uintptr, err error) {
	for _, name := range names {
		if handle, err = purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL); err == nil {
			break
		}
	}
	return handle, err
}

// gemmArguments lives on the heap while the library reads it.
type gemmArguments struct {
	transA, transB         [1]byte
	m, n, k, lda, ldb, ldc int32
	alpha, beta            float32
}

var argumentPool = sync.Pool{New: func() any { return new(gemmArguments) }}

// gemm is Gemm by the library. Fortran is column-major, so it computes the row-major C =
// op(A)·op(B) as Cᵀ = op(B)ᵀ·op(A)ᵀ.
func (l *openBLAS) gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	g := argumentPool.Get().(*gemmArguments)
	g.transA[0], g.transB[0] = letter(transA), letter(transB)
	g.m, g.n, g.k = int32(m), int32(n), int32(k)
	g.lda, g.ldb, g.ldc = int32(lda), int32(ldb), int32(ldc)
	g.alpha, g.beta = alpha, beta
	if l.calls != nil {
		l.calls <- struct{}{}
		defer func() { <-l.calls }()
	}
	purego.SyscallN(l.sgemm,
		uintptr(unsafe.Pointer(&g.transB)), uintptr(unsafe.Pointer(&g.transA)),
		uintptr(unsafe.Pointer(&g.n)), uintptr(unsafe.Pointer(&g.m)), uintptr(unsafe.Pointer(&g.k)),
		uintptr(unsafe.Pointer(&g.alpha)),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&g.ldb)),
		uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(unsafe.Pointer(&g.lda)),
		uintptr(unsafe.Pointer(&g.beta)),
		uintptr(unsafe.Pointer(unsafe.SliceData(c))), uintptr(unsafe.Pointer(&g.ldc)))
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	runtime.KeepAlive(c)
	argumentPool.Put(g)
}

func letter(transposed bool) byte {
	if transposed {
		return 'T'
	}
	return 'N'
}
