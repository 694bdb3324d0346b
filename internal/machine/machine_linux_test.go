package machine

import "testing"

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
