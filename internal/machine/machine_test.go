package machine

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	if cpu := CPU(); cpu == "" || cpu != strings.TrimSpace(cpu) {
		t.Errorf("CPU is %q", cpu)
	}
	if got, want := System(), runtime.GOOS+"/"+runtime.GOARCH; got != want {
		t.Errorf("System is %q, want %q", got, want)
	}
}

// A block of memory that is written to must be seen in the peak, and a peak never
// falls; that pins the unit without a number that depends on the machine.
func TestMemory(t *testing.T) {
	if !slices.Contains([]string{"linux", "darwin"}, runtime.GOOS) {
		t.Skip("not measured on", runtime.GOOS)
	}
	const size = 64 << 20
	block := make([]byte, size)
	for i := range block {
		block[i] = 1
	}
	now, peak := RSS(), PeakRSS()
	runtime.KeepAlive(block)
	total := totalMemory()
	if peak < size || peak > total {
		t.Errorf("the peak is %d bytes after %d were written; the machine has %d", peak, size, total)
	}
	if runtime.GOOS == "linux" && (now < size || now > peak) {
		t.Errorf("%d bytes are resident after %d were written, with a peak of %d", now, size, peak)
	}
	if again := PeakRSS(); again < peak {
		t.Errorf("the peak fell from %d to %d", peak, again)
	}
	if total < 256<<20 || total > 1<<46 { // no machine that runs Go tests has less, or 64 TiB
		t.Errorf("the machine has %d bytes", total)
	}
}
