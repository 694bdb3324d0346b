package machine

import (
	"os"
	"path/filepath"
	"testing"
)

// The files are in the form that cgroups(7), proc_pid_mountinfo(5) and the kernel's
// cgroup-v1 and cgroup-v2 documents give; the wanted values are read off them by hand.
func TestCgroups(t *testing.T) {
	const (
		v2   = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
		v1   = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		none = "9223372036854771712\n" // PAGE_COUNTER_MAX, what version 1 shows for no limit
	)
	tests := []struct {
		reason string
		files  map[string]string
		cores  int
		memory int64
	}{
		{"no control groups", nil, 8, 1000},
		{"a container sees its own group as the root", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2,
			"sys/fs/cgroup/cpu.max": "100000 100000\n", "sys/fs/cgroup/memory.max": "600\n",
		}, 1, 600},
		{"no limits", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2,
			"sys/fs/cgroup/cpu.max": "max 100000\n", "sys/fs/cgroup/memory.max": "max\n",
		}, 8, 1000},
		{"a part of a core counts as one", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2, "sys/fs/cgroup/cpu.max": "250000 100000\n",
		}, 3, 1000},
		{"the group above is tighter", map[string]string{
			"proc/self/cgroup": "0::/job/step\n", "proc/self/mountinfo": v2,
			"sys/fs/cgroup/job/cpu.max": "200000 100000\n", "sys/fs/cgroup/job/step/cpu.max": "400000 100000\n",
			"sys/fs/cgroup/job/memory.max": "max\n", "sys/fs/cgroup/job/step/memory.max": "700\n",
		}, 2, 700},
		{"more than the machine has", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2,
			"sys/fs/cgroup/cpu.max": "9900000 100000\n", "sys/fs/cgroup/memory.max": "2000\n",
		}, 8, 1000},
		{"memory is taken back above a soft limit", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2,
			"sys/fs/cgroup/memory.max": "900\n", "sys/fs/cgroup/memory.high": "500\n",
		}, 8, 500},
		{"version 1", map[string]string{
			"proc/self/cgroup": "4:memory:/a\n2:cpu,cpuacct:/a\n", "proc/self/mountinfo": v1,
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes":  "800\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":    none,
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us":  "150000\n",
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":    "-1\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us":   "100000\n",
		}, 2, 800},
		{"a container of version 1 without a namespace: the path is the one outside", map[string]string{
			"proc/self/cgroup":                           "4:memory:/docker/abc\n",
			"proc/self/mountinfo":                        "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "300\n",
		}, 8, 300},
		{"a mount of another group", map[string]string{
			"proc/self/cgroup":                           "4:memory:/docker/abcd\n",
			"proc/self/mountinfo":                        "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "300\n",
		}, 8, 300},
		{"damaged files", map[string]string{
			"proc/self/cgroup": "nonsense\n0::/\n:\n", "proc/self/mountinfo": "x\n" + v2 + " - \n",
			"sys/fs/cgroup/cpu.max": "0 0\n", "sys/fs/cgroup/memory.max": "-5\n",
		}, 8, 1000},
	}
	for _, test := range tests {
		root := t.TempDir()
		for name, text := range test.files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if cores, memory := allowedCores(root, 8), allowedMemory(root, 1000); cores != test.cores || memory != test.memory {
			t.Errorf("%s: %d cores and %d bytes of 8 and 1000, want %d and %d", test.reason, cores, memory, test.cores, test.memory)
		}
	}
}

func FuzzMounted(f *testing.F) {
	f.Add("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n", "")
	f.Add("32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n", "cpu,cpuacct")
	f.Add(" - \n", "name=systemd")
	f.Fuzz(func(t *testing.T, mounts, controllers string) {
		top, at, ok := mounted(mounts, controllers)
		if ok != (top != "" && at != "") {
			t.Errorf("%q, %q, %t: want both or neither", top, at, ok)
		}
	})
}

// The free space is the smallest difference, by hand.
func TestTightest(t *testing.T) {
	tests := []struct {
		limits      []spaceLimit
		limit, free int64
		limited     bool
	}{
		{nil, 0, 0, false},
		{[]spaceLimit{{100, 60}}, 100, 40, true},
		{[]spaceLimit{{100, 60}, {50, 20}}, 50, 30, true},
		{[]spaceLimit{{100, 130}}, 100, 0, true},
	}
	for _, test := range tests {
		if limit, free, limited := tightest(test.limits); limit != test.limit || free != test.free || limited != test.limited {
			t.Errorf("%v: %d, %d, %t, want %d, %d, %t", test.limits, limit, free, limited, test.limit, test.free, test.limited)
		}
	}
}
