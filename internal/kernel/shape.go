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
	K int // key/value heads, a divisor of H; 0 means H
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

// Width is the width of the queries of a token, and of what attention returns: H·D.
func (s Shape) Width() int { return s.H * s.D }

// MemorySize is the size of the memory of one key/value head, D·(D+1).
func (s Shape) MemorySize() int { return s.D * (s.D + 1) }

// KVWidth is the width of the keys, and of the values, of a token: K·D.
func (s Shape) KVWidth() int { return s.KV() * s.D }

// group is how many query heads share a key/value head, H/K.
func (s Shape) group() int { return s.H / s.KV() }

// shared is the key/value head that query head h reads. Neighbouring query heads share one
// (repeat-interleave), as in every Llama file.
func (s Shape) shared(h int) int { return h / s.group() }

// heads calls f for every document, segment and query head, in parallel.
func (s Shape) heads(f func(b, seg, h int)) { s.each(s.H, f) }

// groups calls f for every document, segment and key/value head k, in parallel. The query
// heads that share it are those from k·group() on.
func (s Shape) groups(f func(b, seg, k int)) { s.each(s.KV(), f) }

func (s Shape) each(n int, f func(b, seg, h int)) {
	Each(s.B*s.S*n, func(i int) { f(i/(s.S*n), i/n%s.S, i%n) })
}

// row is the first row of a segment.
func (s Shape) row(b, seg int) int { return (b*s.S + seg) * s.T }

// query, key and value are views of one query or key/value head in x [rows, (H+2K)·D],
// from the first row of a segment on; their leading dimension is Columns().
func (s Shape) query(x []float32, b, seg, h int) []float32 {
	return x[s.row(b, seg)*s.Columns()+h*s.D:]
}
func (s Shape) key(x []float32, b, seg, k int) []float32 {
	return x[s.row(b, seg)*s.Columns()+s.keys(k):]
}
func (s Shape) value(x []float32, b, seg, k int) []float32 {
	return x[s.row(b, seg)*s.Columns()+s.values(k):]
}

// keys and values are the first columns of a key/value head in a projection.
func (s Shape) keys(k int) int   { return (s.H + k) * s.D }
func (s Shape) values(k int) int { return (s.H + s.KV() + k) * s.D }

// head is the view of one head in x [rows, H·D].
func (s Shape) head(x []float32, b, seg, h int) []float32 {
	return x[s.row(b, seg)*s.Width()+h*s.D:]
}

// memory is the memory of key/value head k before segment seg; seg == S is the last.
func (s Shape) memory(m []float32, b, seg, k int) []float32 {
	n := s.MemorySize()
	at := ((seg*s.B+b)*s.KV() + k) * n
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
