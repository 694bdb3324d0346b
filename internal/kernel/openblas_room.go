package kernel

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/dustin/go-humanize"
	"github.com/ebitengine/purego"

	"infinibench/internal/machine"
)

// A call of OpenBLAS works in a buffer of its own, which the library keeps for later
// calls. Where it cannot get one it tries again for ever (OpenBLAS 0.3.21,
// blas_memory_alloc), so under a limit on address space there must be room beforehand.
const (
	libraryRoom = 64 << 20  // the library itself and what it needs
	callRoom    = 128 << 20 // BUFFER_SIZE of its widest kernels; others have 32 MiB or less
	spareRoom   = 256 << 20 // what is left to Go: two arenas of heap and a dozen stacks
)

// ErrNoRoom is in the error of FallbackReason where a limit on address space, as by
// ulimit -v, leaves too little for OpenBLAS.
var ErrNoRoom = errors.New("no address space for OpenBLAS")

// checkRoom is an error when the library and one call of it do not fit.
func checkRoom() error {
	limit, free, limited := machine.AddressSpace()
	const need = libraryRoom + callRoom + spareRoom
	if !limited || free >= need {
		return nil
	}
	return fmt.Errorf("%w: it needs %s more, and of the limit of %s %s is left",
		ErrNoRoom, humanize.IBytes(need), humanize.IBytes(uint64(limit)), humanize.IBytes(uint64(free)))
}

// reserveCalls makes the library take the buffers of as many calls as fit, at most one
// for each core, and returns a place for each; nil where nothing is limited.
func reserveCalls(library uintptr) (chan struct{}, error) {
	_, free, limited := machine.AddressSpace()
	if !limited {
		return nil, nil
	}
	n := max(min(int(free-spareRoom)/callRoom, runtime.NumCPU()), 1)
	alloc, err := purego.Dlsym(library, "blas_memory_alloc")
	if err != nil {
		return nil, fmt.Errorf("an OpenBLAS whose address space cannot be limited: %w", err)
	}
	release, err := purego.Dlsym(library, "blas_memory_free")
	if err != nil {
		return nil, fmt.Errorf("an OpenBLAS whose address space cannot be limited: %w", err)
	}
	buffers := make([]uintptr, n)
	for i := range buffers {
		buffers[i], _, _ = purego.SyscallN(alloc, 0)
	}
	for _, buffer := range buffers {
		purego.SyscallN(release, buffer)
	}
	return make(chan struct{}, n), nil
}
