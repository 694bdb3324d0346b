package machine

import (
	"testing"
	"time"
)

// The texts are in the form of proc(5); the values are theirs times 1024.
func TestField(t *testing.T) {
	const status = "Name:\tbench\nVmPeak:\t 1234567 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"
	tests := []struct {
		reason, text, name string
		want               int64
	}{
		{"between others", status, "VmHWM", 2048 << 10},
		{"last line without its end", "MemTotal:       16384 kB", "MemTotal", 16 << 20},
		{"the start of a longer name", status, "Vm", 0},
		{"absent", status, "VmSwap", 0},
		{"another unit", "VmHWM: 12 MB\n", "VmHWM", 0},
		{"no number", "VmHWM: many kB\n", "VmHWM", 0},
		{"no value", "VmHWM:\n", "VmHWM", 0},
		{"negative", "VmHWM: -1 kB\n", "VmHWM", 0},
		{"too large to multiply", "VmHWM: 9223372036854775807 kB\n", "VmHWM", 0},
		{"empty file", "", "VmHWM", 0},
	}
	for _, test := range tests {
		if got := field(test.text, test.name); got != test.want {
			t.Errorf("%s: field %s is %d, want %d", test.reason, test.name, got, test.want)
		}
	}
}

func FuzzField(f *testing.F) {
	f.Add("VmHWM:\t    2048 kB\n", "VmHWM")
	f.Add("VmHWM:", "VmHWM")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, text, name string) {
		if n := field(text, name); n < 0 || n%1024 != 0 {
			t.Errorf("field is %d, want a whole number of kilobytes", n)
		}
	})
}

// The line is in the form of proc(5). By hand: 100 + 20 + 30 + 6 + 7 + 8 ticks of 10 ms are
// 1.71 s; idle, iowait and guests do not count.
func TestBusyTime(t *testing.T) {
	if busy, ok := busyTime("cpu  100 20 30 4000 500 6 7 8 90 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"); !ok || busy != 1710*time.Millisecond {
		t.Errorf("%v, %t", busy, ok)
	}
	for _, text := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu 1 2 x 4 5 6 7 8 9", "cpu 1 2 -3 4 5 6 7 8 9"} {
		if busy, ok := busyTime(text); ok {
			t.Errorf("%q: %v", text, busy)
		}
	}
}

// By hand: of 5 s of processor time in 2 s, 2 s were this process's, so others kept 1.5 cores
// busy.
func TestOthersCores(t *testing.T) {
	for _, c := range []struct {
		busy, own, elapsed time.Duration
		known              bool
		want               float64
		ok                 bool
	}{
		{5 * time.Second, 2 * time.Second, 2 * time.Second, true, 1.5, true},
		{2 * time.Second, 2010 * time.Millisecond, time.Second, true, 0, true}, // ticks are coarse
		{0, time.Second, time.Second, true, 0, false},                          // a container without the numbers
		{time.Second, 0, time.Second, false, 0, false},
		{time.Second, 0, 0, true, 0, false},
	} {
		if got, ok := othersCores(c.busy, c.own, c.elapsed, c.known); got != c.want || ok != c.ok {
			t.Errorf("%+v: %v, %t", c, got, ok)
		}
	}
	if _, known := WatchOthers().Cores(); !known {
		t.Log("this system does not say how busy it is")
	}
}
