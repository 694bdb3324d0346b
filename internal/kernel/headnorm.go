package kernel

// HeadNorms are the norms of queries and of keys, each [D], the same for all heads (Qwen 3).
type HeadNorms struct{ Query, Key Norm }

// of is the norm of head i of a projection, and whether it is one of queries.
func (n HeadNorms) of(s Shape, i int) (norm Norm, query bool) {
	if i < s.H {
		return n.Query, true
	}
	return n.Key, false
}

// HeadNorm sets y [rows, (H+2K)·D] to qkv with every query and every key normed; values
// stay the same.
func HeadNorm(s Shape, y, qkv []float32, norms HeadNorms) {
	copy(y, qkv)
	s.each(s.H+s.KV(), func(b, seg, i int) {
		norm, _ := norms.of(s, i)
		head := s.query(y, b, seg, i)
		for t := range s.T {
			row := rowOf(head, t, s.Columns(), s.D)
			norm.rows(row, row)
		}
	})
}

// HeadNormGradient sets dqkv, dquery and dkey to the gradients of HeadNorm's inputs. It
// overwrites dy.
func HeadNormGradient(s Shape, dqkv, dquery, dkey Gradient, dy, qkv []float32, norms HeadNorms) {
	heads := s.H + s.KV()
	gains, release := borrow(s.B * s.S * heads * s.D)
	defer release()
	clear(gains)
	s.each(heads, func(b, seg, i int) {
		buffer, release := borrow(s.D)
		defer release()
		norm, _ := norms.of(s, i)
		dg := rowOf(gains, (b*s.S+seg)*heads+i, s.D, s.D)
		x, dx := s.query(qkv, b, seg, i), s.query(dy, b, seg, i)
		for t := range s.T {
			d := rowOf(dx, t, s.Columns(), s.D)
			norm.rowGradient(Gradient{To: d}, dg, d, rowOf(x, t, s.Columns(), s.D), buffer)
		}
	})
	for _, g := range []Gradient{dquery, dkey} {
		if !g.Add {
			clear(g.To)
		}
	}
	for i := range s.B * s.S * heads {
		to := dkey.To
		if _, query := norms.of(s, i%heads); query {
			to = dquery.To
		}
		axpy(to, 1, rowOf(gains, i, s.D, s.D))
	}
	Accumulate(dqkv, 1, dy)
}
