package experiments

import (
	"strings"
	"testing"
)

// Sums by hand: what is left after 500 MiB, in cells.
func TestWorkers(t *testing.T) {
	const mib = 1 << 20
	tests := []struct {
		reason        string
		wanted, cores int
		bytes, memory int64
		want          int
		why           string
	}{
		{"enough of everything", 2, 8, 100 * mib, 1000 * mib, 2, ""},
		{"one core", 2, 1, 100 * mib, 1000 * mib, 1, "of the profile's 2 workers only one can run at the same time on this machine"},
		{"memory for three of four", 4, 8, 100 * mib, 850 * mib, 3, "only 3 run: each may take 100 MiB, and this process may take 850 MiB"},
		{"memory for none", 2, 8, 100 * mib, 550 * mib, 1, "a cell may take 100 MiB and everything else 500 MiB, but this process may take only 550 MiB"},
		{"memory that is not known", 2, 8, 100 * mib, 0, 2, ""},
		{"no plan", 2, 2, 0, 10 * mib, 2, ""},
	}
	for _, test := range tests {
		n, why := workers(test.wanted, test.cores, test.bytes, test.memory)
		if n != test.want || !strings.Contains(why, test.why) || why != "" && test.why == "" {
			t.Errorf("%s: %d (%s), want %d (%s)", test.reason, n, why, test.want, test.why)
		}
	}
}
