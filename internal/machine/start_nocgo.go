//go:build linux && !cgo

package machine

import (
	"fmt"
	"os"
	"syscall"
)

// Without the C constructor of start_cgo.go each thread takes up to 72 MiB of address
// space, and a limit too low for Go's runtime is found by Go's runtime.
func init() {
	const floor = 2560 << 20
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &r); err == nil && r.Cur < floor {
		fmt.Fprintf(os.Stderr, "bench: the address space is limited to %d MiB (ulimit -v, or h_vmem of a batch system); %d MiB are needed by a build without cgo: raise the limit, or build with a C compiler\n", r.Cur>>20, floor>>20)
		os.Exit(1)
	}
}
