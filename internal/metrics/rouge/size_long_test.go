//go:build long

package rouge

import "testing"

// TestMegabyte compares 1 MB with 1 MB, 270,000 tokens, as one sentence and as lines.
// The table would take 290 GB, and 9 GB as bits.
func TestMegabyte(t *testing.T) {
	for _, perLine := range []int{1 << 30, 20} {
		s, bytes := compareLarge(1<<20, perLine)
		if bytes > 128<<20 {
			t.Errorf("%d bytes allocated", bytes)
		}
		if !(s.RougeL.F > 0 && s.RougeL.F < 1 && s.RougeLsum.F > 0 && s.RougeLsum.F < 1) {
			t.Errorf("scores %+v", s)
		}
		t.Logf("%d MiB allocated", bytes>>20)
	}
}
