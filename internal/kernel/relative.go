package kernel

// Relative is attention that knows only relative positions (Dai et al. 2019, section 3).
type Relative struct {
	Reach
	Scale float32 // of the scores: 1/√D, or 1
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
