package kernel

// Reach is attention that reaches back beyond its segment. Each of the S segments of a
// document sees itself, causally, and the Cache tokens before it: tokens of earlier
// segments and, before the first segment, slot 0 of Past. The zero Cache is attention
// inside the segment.
type Reach struct {
	Shape
	Cache          int
	SlotPerSegment bool // each segment sees its own slot of Past, and no segment before it
}

// Past is the keys and values before the segments: for each [slots, B], Cache rows of K·D,
// the oldest first, Stride numbers from one row to the next. Seen [slots, B] is how many
// tokens there were: of a cache that is not yet full, only the last Seen rows count.
type Past struct {
	Keys, Values, Seen []float32
	Stride             int
}

// span is what the queries of one query head see: first `cached` rows of the past, then `known`
// tokens of the document, then themselves.
type span struct {
	q              []float32 // [n, …], leading dimension (H+2K)·D
	n              int
	cached, known  int
	oldKey, oldVal []float32 // leading dimension stride
	stride         int
	key, val       []float32 // leading dimension (H+2K)·D
}

// past is the number of keys before the first query.
func (p span) past() int { return p.cached + p.known }

// span returns the span of one query head of a segment.
func (r Reach) span(qkv []float32, past Past, b, seg, h int) span {
	known, slot := min(seg*r.T, r.Cache), 0
	if r.SlotPerSegment {
		known, slot = 0, seg
	}
	p := span{q: r.query(qkv, b, seg, h), n: r.T, known: known}
	at := (r.row(b, seg) - known) * r.Columns()
	p.key, p.val = qkv[at+r.keys(r.shared(h)):], qkv[at+r.values(r.shared(h)):]
	r.old(&p, r.Cache-known, past, slot*r.B+b, r.shared(h))
	return p
}

// old adds to a span the rows it sees of one document in one slot of the past, at most the
// last `room`.
func (r Reach) old(p *span, room int, past Past, document, k int) {
	p.stride = max(past.Stride, r.D) // BLAS wants it even for no rows
	if room > 0 {
		p.cached = min(int(past.Seen[document]), room)
	}
	if p.cached > 0 {
		at := ((document+1)*r.Cache-p.cached)*past.Stride + k*r.D
		p.oldKey, p.oldVal = past.Keys[at:], past.Values[at:]
	}
}

// products sets x [n, m] to keep·x + a·y·kᵀ for y [n, D] and the keys (or values) of the
// first m tokens of a span: first the rows in old, then the rows in k.
func (r Reach) products(x []float32, keep float32, n, m int, a float32, y []float32, ld int, p span, k, old []float32) {
	Gemm(false, true, n, p.cached, r.D, a, y, ld, old, p.stride, keep, x, m)
	Gemm(false, true, n, m-p.cached, r.D, a, y, ld, k, r.Columns(), keep, x[p.cached:], m)
}

// weightedSum sets y [n, D] to x·k for x [n, m].
func (r Reach) weightedSum(y []float32, ld int, x []float32, n, m int, p span, k, old []float32) {
	Gemm(false, false, n, r.D, m-p.cached, 1, x[p.cached:], m, k, r.Columns(), 0, y, ld)
	Gemm(false, false, n, r.D, p.cached, 1, x, m, old, p.stride, 1, y, ld)
}

// queries sets q [n, D] to the queries of a span.
func (r Reach) queries(q []float32, p span) { gather(q, r.D, p.q, r.Columns(), p.n) }

// mostSeen caps the count of tokens, because float32 counts no further. Nothing looks back
// as far.
const mostSeen = 1 << 24

// Seen sets after [2, B] to the number of a document's tokens before and after the
// segments of a graph.
func Seen(s Shape, after, before []float32) {
	for b := range s.B {
		after[b] = before[b]
		after[s.B+b] = min(before[b]+float32(s.S*s.T), mostSeen)
	}
}

// WriteCache sets states [2, B, C, 2·K·D] to the cache before and after the segments of a
// graph: keys and values of the last C tokens, the oldest first.
func WriteCache(r Reach, states, qkv, initial []float32) {
	row := 2 * r.KVWidth()
	size := r.Cache * row
	copy(states, initial[:r.B*size])
	Each(r.B, func(b int) {
		before, after := rowOf(states, b, size, size), rowOf(states, r.B+b, size, size)
		fresh := min(r.S*r.T, r.Cache)
		old := copy(after, before[fresh*row:])
		for i := range fresh {
			token := rowOf(qkv, (b+1)*r.S*r.T-fresh+i, r.Columns(), r.Columns())
			copy(after[old+i*row:], token[r.Width():])
		}
	})
}
