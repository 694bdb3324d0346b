package machine

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Cores is how many cores the process may keep busy: the cores it may run on, or fewer if
// a container or a batch system limits its processor time.
func Cores() int { return allowedCores("/", runtime.NumCPU()) }

func allowedCores(root string, visible int) int {
	allowed := float64(visible)
	for _, group := range cgroups(root) {
		allowed = min(allowed, group.cores())
	}
	return max(int(math.Ceil(allowed)), 1)
}

// Memory is how much memory, in bytes, the process may take: the machine's, or less if a
// container or a batch system limits it; 0 if unknown.
func Memory() int64 { return allowedMemory("/", totalMemory()) }

// MemoryIsLimited reports whether Memory is less than the machine has.
func MemoryIsLimited() bool { return Memory() < totalMemory() }

func allowedMemory(root string, total int64) int64 {
	for _, group := range cgroups(root) {
		if limit := group.memory(); limit > 0 && (total == 0 || limit < total) {
			total = limit
		}
	}
	return total
}

// cgroup is the directory of a control group, version 1 or 2 (man 7 cgroups).
type cgroup string

// cgroups lists the control groups of the process in every hierarchy, and their ancestors:
// the limits of all of them apply. It is empty on systems without control groups, such as
// macOS.
func cgroups(root string) []cgroup {
	member, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return nil
	}
	mounts, err := os.ReadFile(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return nil
	}
	var groups []cgroup
	for line := range strings.Lines(string(member)) { // 4:memory:/a/b, or 0::/a/b for version 2
		fields := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3)
		if len(fields) != 3 {
			continue
		}
		top, at, ok := mounted(string(mounts), fields[1])
		if !ok {
			continue
		}
		// In a container, this may be the host's path; the mount shows only its end.
		below, inside := strings.CutPrefix(fields[2], strings.TrimSuffix(top, "/"))
		if !inside || below != "" && below[0] != '/' {
			below = "/"
		}
		for p := path.Clean("/" + below); ; p = path.Dir(p) {
			groups = append(groups, cgroup(filepath.Join(root, at, p)))
			if p == "/" {
				break
			}
		}
	}
	return groups
}

// mounted finds where the hierarchy of a controller ("" for version 2) is mounted, and
// which group is at the top of the mount (man 5 proc_pid_mountinfo).
func mounted(mounts, controllers string) (top, at string, ok bool) {
	for line := range strings.Lines(mounts) {
		before, after, found := strings.Cut(line, " - ")
		place, system := strings.Fields(before), strings.Fields(after)
		if !found || len(place) < 5 || len(system) < 3 {
			continue
		}
		switch {
		case controllers == "" && system[0] == "cgroup2":
		case controllers != "" && system[0] == "cgroup" && has(system[2], strings.Split(controllers, ",")[0]):
		default:
			continue
		}
		return place[3], place[4], true
	}
	return "", "", false
}

func has(options, option string) bool {
	for o := range strings.SplitSeq(options, ",") {
		if o == option {
			return true
		}
	}
	return false
}

// memory is the group's lowest limit in bytes; 0 for none.
func (g cgroup) memory() int64 {
	limit := int64(0)
	for _, name := range []string{"memory.max", "memory.high", "memory.limit_in_bytes"} {
		if n, ok := g.number(name); ok && n > 0 && (limit == 0 || n < limit) {
			limit = n // version 1 writes a huge number for none
		}
	}
	return limit
}

// cores is how many cores the group's processor time is worth; +Inf for no limit.
func (g cgroup) cores() float64 {
	quota, period := "", ""
	if text, err := os.ReadFile(filepath.Join(string(g), "cpu.max")); err == nil { // "max 100000"
		if fields := strings.Fields(string(text)); len(fields) == 2 {
			quota, period = fields[0], fields[1]
		}
	} else if n, ok := g.number("cpu.cfs_quota_us"); ok { // -1 for none
		if p, ok := g.number("cpu.cfs_period_us"); ok {
			return worth(float64(n), float64(p))
		}
	}
	q, err := strconv.ParseFloat(quota, 64)
	p, failed := strconv.ParseFloat(period, 64)
	if err != nil || failed != nil {
		return math.Inf(1)
	}
	return worth(q, p)
}

func worth(quota, period float64) float64 {
	if !(quota > 0) || !(period > 0) {
		return math.Inf(1)
	}
	return quota / period
}

// number reads a file with one whole number.
func (g cgroup) number(name string) (int64, bool) {
	text, err := os.ReadFile(filepath.Join(string(g), name))
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
