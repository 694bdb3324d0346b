package kernel

// Relative is attention that reaches back beyond its segment and knows only relative
// positions (Dai et al. 2019, section 3). Each of the S segments of a document sees
// itself, causally, and the Cache tokens before it: tokens of earlier segments and, before
// the first segment, slot 0 of Past.
type Relative struct {
	Shape
	Cache          int
	Scale          float32 // of the scores: 1/√D, or 1
	SlotPerSegment bool    // each segment sees its own slot of Past, and no segment before it
}

// Past is the keys and values before the segments: for each [slots, B], Cache rows of K·D,
// the oldest first, Stride numbers from one row to the next. Seen [slots, B] is how many
// tokens there were: of a cache that is not yet full, only the last Seen rows count.
type Past struct {
	Keys, Values, Seen []float32
	Stride             int
}

// Distances is the part of a score that depends on the distance. With R, the score is
//
//	score(i, j) = Scale·((q_i + U)·k_j + (q_i + V)·R_{i-j})
//
// for U and V [H, D] and R [P, H·D]. With Bias [H, P] it is Scale·q_i·k_j + Bias_{i-j}
// (Raffel et al. 2020), and the others are nil. R and Bias end with distance 0: distance i
// is at index P-1-i.
type Distances struct {
	U, V, R, Bias []float32
}

// distances is P.
func (r Relative) distances(d Distances) int {
	if d.Bias != nil {
		return len(d.Bias) / r.H
	}
	return len(d.R) / r.Width()
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
func (r Relative) span(qkv []float32, past Past, b, seg, h int) span {
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
func (r Relative) old(p *span, room int, past Past, document, k int) {
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
func (r Relative) products(x []float32, keep float32, n, m int, a float32, y []float32, ld int, p span, k, old []float32) {
	Gemm(false, true, n, p.cached, r.D, a, y, ld, old, p.stride, keep, x, m)
	Gemm(false, true, n, m-p.cached, r.D, a, y, ld, k, r.Columns(), keep, x[p.cached:], m)
}

// weightedSum sets y [n, D] to x·k for x [n, m].
func (r Relative) weightedSum(y []float32, ld int, x []float32, n, m int, p span, k, old []float32) {
	Gemm(false, false, n, r.D, m-p.cached, 1, x[p.cached:], m, k, r.Columns(), 0, y, ld)
	Gemm(false, false, n, r.D, p.cached, 1, x, m, old, p.stride, 1, y, ld)
}

// positionTerm is what distances add to the scores of one head: a·bᵀ for a [n, width] and
// b [P, …], or one row of P numbers for all queries.
type positionTerm struct {
	a, b      []float32
	width, ld int
	row       []float32
	p         int
	scale     float32
}

// shifted sets row t-lo of x [hi-lo, m] to what distances add, for the first m = past+hi
// keys. In the product, column c of query t has the distance that belongs to column
// c-(hi-1-t) of the scores: each query's row is shifted by one more than the next one's
// (Dai et al. 2019, appendix B).
func (f positionTerm) shifted(x, wide []float32, lo, hi, past int) {
	m := past + hi
	if f.row == nil {
		Gemm(false, true, hi-lo, m, f.width, f.scale, f.a[lo*f.width:], f.width, f.b[(f.p-m)*f.ld:], f.ld, 0, wide, m)
	}
	for t := lo; t < hi; t++ {
		from, visible := f.row, past+t+1
		at := f.p - visible
		if f.row == nil {
			from, at = rowOf(wide, t-lo, m, m), hi-1-t
		}
		row := rowOf(x, t-lo, m, m)
		copy(row[:visible], from[at:at+visible])
		clear(row[visible:])
	}
}

// positionTerm prepares the term for the n queries q [n, D] of head h. It fills qv [n, D].
func (r Relative) positionTerm(d Distances, h int, q, qv []float32) positionTerm {
	f := positionTerm{p: r.distances(d), scale: r.Scale}
	if d.Bias != nil {
		f.row = rowOf(d.Bias, h, f.p, f.p)
		return f
	}
	addToRows(qv, q, rowOf(d.V, h, r.D, r.D))
	f.a, f.width, f.b, f.ld = qv, r.D, d.R[h*r.D:], r.Width()
	return f
}

// addToRows sets y [n, D] to x + a in each row; a may be nil.
func addToRows(y, x, a []float32) {
	copy(y, x)
	for at := 0; a != nil && at < len(y); at += len(a) {
		axpy(y[at:at+len(a)], 1, a)
	}
}

// queries sets q [n, D] to the queries of a span.
func (r Relative) queries(q []float32, p span) { gather(q, r.D, p.q, r.Columns(), p.n) }

// RelativeInputs is what attention with relative positions reads.
type RelativeInputs struct {
	QKV []float32 // [B·S·T, (H+2K)·D]
	Distances
	Past Past
}

// RelativeAttention sets out [rows, H·D] to the attention, and logsum [B·S·H·T] to
// the logarithm of each row's softmax denominator.
func RelativeAttention(r Relative, out, logsum []float32, in RelativeInputs) {
	d := in.Distances
	r.heads(func(b, seg, h int) {
		p := r.span(in.QKV, in.Past, b, seg, h)
		buffer, release := borrow(3 * r.T * r.D)
		defer release()
		parts := carve(buffer, r.T*r.D, r.T*r.D, r.T*r.D)
		r.queries(parts[0], p)
		f := r.positionTerm(d, h, parts[0], parts[1])
		addToRows(parts[2], parts[0], head(d.U, h, r.D))
		r.attend(r.head(out, b, seg, h), rowOf(logsum, (b*r.S+seg)*r.H+h, r.T, r.T), parts[2], p, f)
	})
}

// head is row h of a [H, D] that may be nil.
func head(x []float32, h, d int) []float32 {
	if x == nil {
		return nil
	}
	return rowOf(x, h, d, d)
}

// attend scores the queries qu [n, D] of one head, U added, against its span.
func (r Relative) attend(out, logsum, qu []float32, p span, f positionTerm) {
	rows, keys := min(queryBlock, p.n), p.past()+p.n
	buffer, release := borrow(2 * rows * keys)
	defer release()
	scores, wide := buffer[:rows*keys], buffer[rows*keys:]
	for lo := 0; lo < p.n; lo += queryBlock {
		hi := min(lo+queryBlock, p.n)
		m := p.past() + hi
		f.shifted(scores, wide, lo, hi, p.past())
		r.products(scores, 1, hi-lo, m, r.Scale, qu[lo*r.D:], r.D, p, p.key, p.oldKey)
		for t := lo; t < hi; t++ {
			row := rowOf(scores, t-lo, m, m)
			visible := row[:p.past()+t+1]
			logsum[t] = normalise(visible)
			clear(row[len(visible):])
		}
		r.weightedSum(out[lo*r.Width():], r.Width(), scores, hi-lo, m, p, p.val, p.oldVal)
	}
}

// CachedRelativeAttention is RelativeAttention for the next T tokens of a segment that
// already has `done` tokens; running [B, capacity, (H+2K)·D] holds those and receives the
// new ones. Instead of R it takes the factors of R: the sinusoids [P, n] and W_r [H·D, n].
// For a few queries, multiplying them by W_r is cheaper than multiplying all of the
// sinusoids.
func CachedRelativeAttention(r Relative, out []float32, in RelativeInputs, sinusoids, wr, running []float32, done int) {
	d, qkv, width := in.Distances, in.QKV, len(wr)/r.Width()
	stored := r.store(running, qkv, done)
	few := d.Bias == nil && r.T < r.D
	if d.Bias == nil {
		d.R = sinusoids
		if !few {
			distances := len(sinusoids) / width
			projected, release := borrow(distances * r.Width())
			defer release()
			Linear(projected, sinusoids, wr, distances)
			d.R = projected
		}
	}
	r.heads(func(b, _, h int) {
		k := r.shared(h)
		p := span{q: r.query(qkv, b, 0, h), n: r.T, known: done, key: stored.key(running, b, 0, k), val: stored.value(running, b, 0, k)}
		r.old(&p, r.Cache, in.Past, b, k)
		buffer, release := borrow(r.T * (3*r.D + 1 + width))
		defer release()
		parts := carve(buffer, r.T*r.D, r.T*r.D, r.T*r.D, r.T, r.T*width)
		r.queries(parts[0], p)
		f := r.positionTerm(d, h, parts[0], parts[1])
		if few {
			Gemm(false, false, r.T, width, r.D, 1, parts[1], r.D, wr[h*r.D*width:], width, 0, parts[4], width)
			f.a, f.width, f.b, f.ld = parts[4], width, sinusoids, width
		}
		addToRows(parts[2], parts[0], head(d.U, h, r.D))
		r.attend(r.head(out, b, 0, h), parts[3], parts[2], p, f)
	})
}
