package slurm

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var (
	clockForm  = regexp.MustCompile(`^(?:(\d{1,4})-)?(\d{1,4}):(\d\d):(\d\d)$`)
	memoryForm = regexp.MustCompile(`^(\d{1,9})([MGT])(?:i?B)?$`)
)

// ParseTime reads a time as Go writes it, such as 90m, or as Slurm does with its hours,
// minutes and seconds, such as 04:00:00 or 1-12:00:00.
func ParseTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if m := clockForm.FindStringSubmatch(text); m != nil {
		err = nil
		var n [4]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1]) // digits, or nothing
		}
		d = time.Duration((n[0]*24+n[1])*3600+n[2]*60+n[3]) * time.Second
	}
	if err != nil || d < time.Second || d > 10000*time.Hour {
		return 0, fmt.Errorf("%q is no time such as 90m, 4h, 04:00:00 or 1-12:00:00", text)
	}
	return d, nil
}

// ParseMemory reads an amount of memory as Slurm does, such as 6G for 6144 MiB.
func ParseMemory(text string) (mib int64, err error) {
	m := memoryForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no amount of memory such as 900M or 6G", text)
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // digits
	return n * map[string]int64{"M": 1, "G": 1 << 10, "T": 1 << 20}[m[2]], nil
}
