package machine

import (
	"encoding/binary"
	"syscall"
	"time"
)

func peakRSS() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Maxrss // bytes here, kilobytes on Linux
}

// The kernel reports the current size only through Mach calls, which need cgo.
func rss() int64 { return 0 }

// The value is 8 bytes in the machine's order, which on every Mac is little
// endian; Sysctl takes it for a string and drops a zero at its end.
func totalMemory() int64 {
	value, err := syscall.Sysctl("hw.memsize")
	if err != nil || len(value) > 8 {
		return 0
	}
	var raw [8]byte
	copy(raw[:], value)
	return int64(binary.LittleEndian.Uint64(raw[:]))
}

// Other systems do not enforce these limits, or not as Linux does.
func spaceLimits() []spaceLimit { return nil }

// The system does not say without cgo.
func processorTime() (busy, own time.Duration, known bool) { return 0, 0, false }
