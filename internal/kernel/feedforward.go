package kernel

// FeedForwardWeights is a feed-forward block of width d with f hidden units.
type FeedForwardWeights struct {
	Norm
	Gate Weights // [f, d]; empty without a gate
	Up   Weights // [f, d]
	Down Weights // [d, f]
}

func (w FeedForwardWeights) gated() bool { return w.Gate.Len() > 0 }

// float32s is w in float32 until release is called.
func (w FeedForwardWeights) float32s() (expanded FeedForwardWeights, release func()) {
	expanded.Norm = w.Norm
	var releases [3]func()
	for i, m := range []struct{ to, from *Weights }{{&expanded.Gate, &w.Gate}, {&expanded.Up, &w.Up}, {&expanded.Down, &w.Down}} {
		m.to.f32, releases[i] = m.from.float32s()
	}
	return expanded, func() {
		for _, f := range releases {
			f()
		}
	}
}

// FeedForwardGradients is where the gradients of a block's weights go.
type FeedForwardGradients struct{ Gain, Gate, Up, Down Gradient }

// Hidden is what the gradient of a feed-forward block needs from the forward pass, each
// [n, f]: the products with Up and with Gate. Its zero value keeps nothing.
type Hidden struct{ Up, Gate []float32 }

// part is the rows [lo, hi) of h, f wide.
func (h Hidden) part(lo, hi, f int) (p Hidden) {
	if h.Up != nil {
		p.Up = h.Up[lo*f : hi*f]
	}
	if h.Gate != nil {
		p.Gate = h.Gate[lo*f : hi*f]
	}
	return p
}

// FeedForward sets y [n, d] to
//
//	x + W_down·gelu(W_up·RMSNorm(x)),  or with a gate
//	x + W_down·(silu(W_gate·RMSNorm(x)) ⊙ W_up·RMSNorm(x))
//
// and keeps what the gradient needs. gelu is the exact form (Hendrycks & Gimpel 2016); the
// gated form is SwiGLU (Shazeer 2020).
func FeedForward(y []float32, keep Hidden, x []float32, w FeedForwardWeights) {
	d := len(w.Gain)
	n, f := len(x)/d, w.Up.Len()/d
	if few(n, f, d) {
		w.forward(y, keep, x, fewRows)
		return
	}
	w, release := w.float32s()
	defer release()
	eachRows(n, func(_, lo, hi int) {
		w.forward(y[lo*d:hi*d], keep.part(lo, hi, f), x[lo*d:hi*d], someRows)
	})
}

// forward is FeedForward with a product y = x·Wᵀ (or y += x·Wᵀ) for n rows, W [m, k].
func (w FeedForwardWeights) forward(y []float32, keep Hidden, x []float32, product func(y Gradient, x []float32, w Weights, n, m, k int)) {
	d := len(w.Gain)
	n, f := len(x)/d, w.Up.Len()/d
	buffer, release := borrow(n * (d + 3*f))
	defer release()
	parts := carve(buffer, n*d, n*f, n*f, n*f)
	normed, active, up, gate := parts[0], parts[1], parts[2], parts[3]
	if keep.Up != nil {
		up = keep.Up
	}
	if keep.Gate != nil {
		gate = keep.Gate
	}
	w.rows(normed, x)
	product(Gradient{To: up}, normed, w.Up, n, f, d)
	if !w.gated() {
		gelu(active, up)
	} else {
		product(Gradient{To: gate}, normed, w.Gate, n, f, d)
		swiglu(active, gate, up)
	}
	copy(y, x)
	product(Gradient{y, true}, active, w.Down, n, d, f)
}

// FeedForwardGradient adds to dx, which already holds the residual's share, and sets
// dw to the gradients of the weights. dx and dy may be the same slice. It overwrites
// hidden, which must be as FeedForward left it. The weights must be float32.
func FeedForwardGradient(dx []float32, dw FeedForwardGradients, dy []float32, hidden Hidden, x []float32, w FeedForwardWeights) {
	d := len(w.Gain)
	n, f := len(x)/d, w.Up.Len()/d
	active, release := borrow(n * f)
	defer release()
	eachRows(n, func(_, lo, hi int) {
		dactive, release := borrow((hi - lo) * f)
		defer release()
		denseGemm(false, false, hi-lo, f, d, 1, dy[lo*d:], d, w.Down.f32, f, 0, dactive, f)
		up, y := hidden.Up[lo*f:hi*f], active[lo*f:hi*f]
		if !w.gated() {
			geluGradient(up, y, dactive, up)
		} else {
			gate := hidden.Gate[lo*f : hi*f]
			swigluGradient(gate, up, y, dactive, gate, up)
		}
	})
	LinearWeightGradient(dw.Down, dy, active, n)
	all := []projection{{hidden.Up, w.Up.f32, dw.Up}}
	if w.gated() {
		all = append(all, projection{hidden.Gate, w.Gate.f32, dw.Gate})
	}
	normLinearGradient(Gradient{dx, true}, dw.Gain, x, w.Norm, all...)
}
