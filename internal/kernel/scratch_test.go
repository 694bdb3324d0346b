package kernel

import "testing"

// TestBorrow: pieces that are out do not overlap, one that is back is used again, and
// the smallest that is large enough is taken.
func TestBorrow(t *testing.T) {
	a, releaseA := borrow(1000)
	b, releaseB := borrow(10)
	a[0], b[0] = 1, 2
	if len(a) != 1000 || len(b) != 10 || a[0] != 1 {
		t.Fatalf("lengths %d and %d, a[0] = %g", len(a), len(b), a[0])
	}
	releaseA()
	releaseB()
	if n := testing.AllocsPerRun(20, func() {
		_, release := borrow(900)
		_, other := borrow(5)
		release()
		other()
	}); n > 4 { // the two closures and what they hold
		t.Errorf("borrowing again allocates %g times", n)
	}
	if ForgetScratch(); len(scratch.pieces) != 0 {
		t.Error("pieces are left after ForgetScratch")
	}
	for _, c := range []struct {
		a, b, n int
		want    bool
	}{{5, 9, 4, true}, {9, 5, 4, false}, {5, 9, 7, false}, {9, 5, 7, true}, {5, 9, 10, false}, {9, 5, 10, true}} {
		if got := better(c.a, c.b, c.n); got != c.want {
			t.Errorf("better(%d, %d, %d) = %t", c.a, c.b, c.n, got)
		}
	}
}
