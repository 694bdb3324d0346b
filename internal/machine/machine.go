// Package machine identifies the computer a result was computed on and measures what the
// process uses of it.
package machine

import (
	"runtime"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// CPU is the processor's name, or its architecture if it has none, like many ARM
// processors.
func CPU() string {
	if name := strings.Join(strings.Fields(cpuid.CPU.BrandName), " "); name != "" {
		return name
	}
	return "unnamed " + runtime.GOARCH
}

// System is the operating system and the architecture, as in "linux/amd64".
func System() string { return runtime.GOOS + "/" + runtime.GOARCH }

// PeakRSS is the peak resident memory of the process in bytes; 0 if unknown.
func PeakRSS() int64 { return peakRSS() }

// RSS is the resident memory of the process in bytes; 0 if unknown, which is everywhere
// but on Linux.
func RSS() int64 { return rss() }
