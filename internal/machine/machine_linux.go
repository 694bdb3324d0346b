package machine

import (
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// VmRSS is the resident set, VmHWM its "high water mark", MemTotal the usable memory
// (man 5 proc).

func peakRSS() int64 { return readField("/proc/self/status", "VmHWM") }

func rss() int64 { return readField("/proc/self/status", "VmRSS") }

func totalMemory() int64 { return readField("/proc/meminfo", "MemTotal") }

func readField(path, name string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	return field(string(text), name)
}

// field finds a line "name:   1234 kB" and returns the number in bytes, or 0.
func field(text, name string) int64 {
	for line := range strings.Lines(text) {
		value, ok := strings.CutPrefix(line, name+":")
		if !ok {
			continue
		}
		words := strings.Fields(value)
		if len(words) != 2 || words[1] != "kB" {
			return 0
		}
		n, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil || n < 0 || n > 1<<50 {
			return 0
		}
		return n * 1024
	}
	return 0
}

// spaceLimits are those in force: the kernel holds VmSize against RLIMIT_AS and VmData
// against RLIMIT_DATA (man 2 getrlimit).
func spaceLimits() []spaceLimit {
	var limits []spaceLimit
	for _, l := range []struct {
		resource int
		used     string
	}{{syscall.RLIMIT_AS, "VmSize"}, {syscall.RLIMIT_DATA, "VmData"}} {
		var r syscall.Rlimit
		if err := syscall.Getrlimit(l.resource, &r); err == nil && r.Cur <= math.MaxInt64 { // RLIM_INFINITY is more
			limits = append(limits, spaceLimit{int64(r.Cur), readField("/proc/self/status", l.used)})
		}
	}
	return limits
}

// processorTime is how long all processors have been busy since the system started, time that
// a hypervisor took included, and how long this process was.
func processorTime() (busy, own time.Duration, known bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, 0, false
	}
	busy, known = busyTime(string(text))
	return busy, time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), known
}

// busyTime sums the busy times of the line "cpu": user, nice, system, irq, softirq and steal,
// in ticks of 10 ms (man 5 proc). Guests are part of user.
func busyTime(text string) (time.Duration, bool) {
	line, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(line)
	if len(words) < 9 || words[0] != "cpu" {
		return 0, false
	}
	var ticks int64
	for _, i := range []int{1, 2, 3, 6, 7, 8} {
		n, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil || n < 0 || n > 1<<50 {
			return 0, false
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, true
}
