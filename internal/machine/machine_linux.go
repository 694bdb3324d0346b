package machine

import (
	"os"
	"strconv"
	"strings"
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
