package rouge

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
)

// compareLarge compares two texts of a size, and returns the scores and all memory
// asked for on the way. Words are drawn as in a language, few of them often.
func compareLarge(size, perLine int) (Scores, uint64) {
	r := rand.New(rand.NewPCG(1, 1))
	zipf := rand.NewZipf(r, 1.1, 3, 50_000)
	draw := func() string {
		var b []byte
		for n := 1; len(b) < size; n++ {
			b = append(b, 'w')
			b = strconv.AppendUint(b, zipf.Uint64(), 36)
			if n%perLine == 0 {
				b = append(b, '\n')
			} else {
				b = append(b, ' ')
			}
		}
		return string(b)
	}
	target, prediction := draw(), draw()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := Compare(target, prediction, true)
	runtime.ReadMemStats(&after)
	return s, after.TotalAlloc - before.TotalAlloc
}

// The table of two texts of 100 KB, 26,000 tokens, would take 2.8 GB, and 87 MB as
// bits.
func TestMemory(t *testing.T) {
	for _, perLine := range []int{1 << 30, 20} {
		s, bytes := compareLarge(100<<10, perLine)
		if bytes > 12<<20 {
			t.Errorf("%d bytes allocated", bytes)
		}
		if perLine > 20 && s.RougeL != s.RougeLsum || !(s.RougeL.F > 0 && s.RougeL.F < 1) {
			t.Errorf("scores %+v", s)
		}
		t.Logf("%d KiB allocated", bytes>>10)
	}
}
