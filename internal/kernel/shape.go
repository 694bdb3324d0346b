package kernel

// Shape is the layout that the attention kernels share. A projection is [B·S·T, (H+2K)·D]:
// rows ordered by document, segment and token; columns by query, key and value, and within
// each by head. Memories are [S+1, B, K, D, D+1]: one before each of the S segments and
// one after the last. Query head h reads key/value head h/(H/K) (grouped-query attention,
// Ainslie et al. 2023).
type Shape struct {
	B int // documents
	S int // segments of each document in this graph
	T int // tokens of each segment
	H int // heads
	D int // width of a head
	K int // key/value heads, of which H is a multiple; 0 means H
}

// KV is the number of key/value heads.
func (s Shape) KV() int {
	if s.K > 0 {
		return s.K
	}
	return s.H
}

// Columns is the width of a projection, (H+2K)·D.
func (s Shape) Columns() int { return (s.H + 2*s.KV()) * s.D }

// Rows is the number of tokens, B·S·T.
func (s Shape) Rows() int { return s.B * s.S * s.T }

// Width is the width of the model, H·D.
func (s Shape) Width() int { return s.H * s.D }

// MemorySize is the size of one head's memory, D·(D+1).
func (s Shape) MemorySize() int { return s.D * (s.D + 1) }

// heads calls f for every document, segment and head, in parallel.
func (s Shape) heads(f func(b, seg, h int)) {
	Each(s.B*s.S*s.H, func(i int) { f(i/(s.S*s.H), i/s.H%s.S, i%s.H) })
}

// row is the first row of a segment.
func (s Shape) row(b, seg int) int { return (b*s.S + seg) * s.T }

// query, key and value are views of one head in x [rows, 3·H·D], from the first row of a
// segment on; their leading dimension is 3·H·D.
func (s Shape) query(x []float32, b, seg, h int) []float32 {
	return x[s.row(b, seg)*3*s.Width()+h*s.D:]
}
func (s Shape) key(x []float32, b, seg, h int) []float32 {
	return x[s.row(b, seg)*3*s.Width()+s.Width()+h*s.D:]
}
func (s Shape) value(x []float32, b, seg, h int) []float32 {
	return x[s.row(b, seg)*3*s.Width()+2*s.Width()+h*s.D:]
}

// head is the view of one head in x [rows, H·D].
func (s Shape) head(x []float32, b, seg, h int) []float32 {
	return x[s.row(b, seg)*s.Width()+h*s.D:]
}

// memory is the memory of one head before segment seg; seg == S is the last.
func (s Shape) memory(m []float32, b, seg, h int) []float32 {
	n := s.MemorySize()
	at := ((seg*s.B+b)*s.H + h) * n
	return m[at : at+n]
}

// gather copies n rows of d numbers from x, with leading dimension ld, to y [n, d].
func gather(y []float32, d int, x []float32, ld, n int) {
	for i := range n {
		copy(rowOf(y, i, d, d), x[i*ld:])
	}
}

// rowOf is row i, n wide, of a view with leading dimension ld.
func rowOf(x []float32, i, ld, n int) []float32 { return x[i*ld : i*ld+n] }
