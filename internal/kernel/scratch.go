package kernel

import "sync"

// scratch is memory between two uses. It is not a sync.Pool, which garbage collection
// empties: what one step needs, the next needs again. It never holds more pieces than were
// once borrowed at the same time.
var scratch struct {
	sync.Mutex
	pieces [][]float32
}

// borrow hands out n floats of arbitrary content until release is called.
func borrow(n int) (x []float32, release func()) {
	x = take(n)
	return x[:n], func() {
		scratch.Lock()
		defer scratch.Unlock()
		scratch.pieces = append(scratch.pieces, x)
	}
}

// ForgetScratch frees the memory kept between uses, so that the next allocations can be
// counted.
func ForgetScratch() {
	scratch.Lock()
	defer scratch.Unlock()
	scratch.pieces = nil
}

// take removes and returns the smallest piece that is large enough. If none is, it
// replaces the largest by a larger one.
func take(n int) []float32 {
	scratch.Lock()
	defer scratch.Unlock()
	best := -1
	for i, p := range scratch.pieces {
		if best < 0 || better(cap(p), cap(scratch.pieces[best]), n) {
			best = i
		}
	}
	if best < 0 {
		return make([]float32, n)
	}
	x := scratch.pieces[best]
	last := len(scratch.pieces) - 1
	scratch.pieces[best], scratch.pieces[last] = scratch.pieces[last], nil
	scratch.pieces = scratch.pieces[:last]
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:cap(x)]
}

// better reports whether a piece of size a suits n floats better than one of size b.
func better(a, b, n int) bool {
	if a >= n && b >= n {
		return a < b
	}
	return a > b
}

// carve cuts consecutive pieces of the given sizes off x.
func carve(x []float32, sizes ...int) [][]float32 {
	pieces := make([][]float32, len(sizes))
	for i, n := range sizes {
		pieces[i], x = x[:n:n], x[n:]
	}
	return pieces
}
