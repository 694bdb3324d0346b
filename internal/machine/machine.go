// Package machine names the computer a result was made on and measures what the
// process takes of it.
package machine

import (
	"runtime"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// CPU is the processor as it names itself, or its architecture where it does not,
// as many ARM processors do not.
func CPU() string {
	if name := strings.Join(strings.Fields(cpuid.CPU.BrandName), " "); name != "" {
		return name
	}
	return "unnamed " + runtime.GOARCH
}

// System is the operating system and the architecture, as in "linux/amd64".
func System() string { return runtime.GOOS + "/" + runtime.GOARCH }

// PeakRSS is the most memory, in bytes, that the process has had resident since it
// started; 0 where that is not known.
func PeakRSS() int64 { return peakRSS() }

// RSS is the memory, in bytes, that the process has resident now; 0 where that is
// not known, which is everywhere but on Linux.
func RSS() int64 { return rss() }
