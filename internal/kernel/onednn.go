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

// oneDNN is the shared library for products of bfloat16 numbers, opened without cgo. Sums
// and results are float32.
type oneDNN struct {
	gemm    func(transA, transB byte, m, n, k int, alpha float32, a unsafe.Pointer, lda int, b unsafe.Pointer, ldb int, beta float32, c unsafe.Pointer, ldc int) int32
	version string
}

var bfloat16Library = sync.OnceValues(openOneDNN)

// oneDNNNames are tried in order, unless INFINIBENCH_ONEDNN names a path.
var oneDNNNames = []string{"libdnnl.so.2", "libdnnl.so.3", "libdnnl.so"}

// openOneDNN looks for the library. It allows one thread inside the library, as
// openLibrary does.
func openOneDNN() (*oneDNN, error) {
	names := oneDNNNames
	if choice := os.Getenv("INFINIBENCH_ONEDNN"); choice != "" {
		names = []string{choice}
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return nil, fmt.Errorf("bf16 products need oneDNN on Linux on amd64, this is %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	os.Setenv("OMP_NUM_THREADS", "1") // read when the library is loaded
	handle, err := openFirst(names)
	if err != nil {
		return nil, fmt.Errorf("bf16 products need oneDNN, and none of %s was found (on Debian 12: apt-get install libdnnl2)", strings.Join(names, ", "))
	}
	gemm, err := purego.Dlsym(handle, "dnnl_gemm_bf16bf16f32")
	if err != nil {
		return nil, fmt.Errorf("a oneDNN without products of bfloat16 matrices: %w", err)
	}
	version, err := purego.Dlsym(handle, "dnnl_version")
	if err != nil {
		return nil, fmt.Errorf("a library that is not oneDNN: %w", err)
	}
	l := &oneDNN{}
	purego.RegisterFunc(&l.gemm, gemm)
	var number func() *struct{ major, minor, patch int32 }
	purego.RegisterFunc(&number, version)
	v := number()
	l.version = fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
	return l, nil
}
