package kernel

import (
	"math"
	"runtime"
	"testing"
)

// A number that depends on the machine can only be plausible: no CPU multiplies more
// than 10¹⁵ a second, and a second thread does not stop the first, even beside other work.
func TestPeak(t *testing.T) {
	before := Threads()
	defer SetThreads(before)
	SetThreads(1)
	one := Peak()
	if !(one > 1e6 && one < 1e15) || math.IsInf(one, 0) {
		t.Fatalf("one thread: %g operations per second", one)
	}
	if runtime.NumCPU() < 2 {
		t.Skip("one core only")
	}
	SetThreads(2)
	if two := Peak(); two < 0.1*one || two > 1e15 {
		t.Errorf("two threads: %g operations per second, one: %g", two, one)
	}
}
