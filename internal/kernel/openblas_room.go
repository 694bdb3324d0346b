package kernel

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/dustin/go-humanize"
	"github.com/ebitengine/purego"

	"infinibench/internal/machine"
)

// Each call of OpenBLAS works in its own buffer, which the library keeps for later calls.
// If it cannot allocate one, it retries for ever (OpenBLAS 0.3.21, blas_memory_alloc); so
// under a limit on address space the room must be checked beforehand.
const (
	libraryRoom = 64 << 20  // the library itself and what it needs
	callRoom    = 128 << 20 // BUFFER_SIZE of its widest kernels; others have 32 MiB or less
	spareRoom   = 256 << 20 // for Go: two heap arenas and a dozen stacks
)

// ErrNoRoom is wrapped by the error of FallbackReason when a limit on address space, as
// set by ulimit -v, leaves too little for OpenBLAS.
var ErrNoRoom = errors.New("no address space for OpenBLAS")

// checkRoom returns an error if the library and one call of it do not fit.
func checkRoom() error {
	limit, free, limited := machine.AddressSpace()
	const need = libraryRoom + callRoom + spareRoom
	if !limited || free >= need {
		return nil
	}
	return fmt.Errorf("%w: it needs %s more, and of the limit of %s %s is left",
		ErrNoRoom, humanize.IBytes(need), humanize.IBytes(uint64(limit)), humanize.IBytes(uint64(free)))
}

// reserveCalls makes the library allocate buffers for as many calls as fit, at most one
// for each core, and returns a semaphore of that size; nil if there is no limit.
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
