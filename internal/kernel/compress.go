package kernel

import "math"

// Compression is a memory of two parts (Rae et al. 2020, section 3), [Slots + T, K·D]:
// first `Slots` compressed rows, each made from Rate older rows by a convolution of that
// stride, then the T keys or values of the previous segment. The oldest rows come first
// and are dropped first.
type Compression struct {
	Shape
	Rate, Slots int
}

// CompressedRows is how many rows a segment is compressed to. If Rate does not divide T,
// zeros pad the segment.
func (c Compression) CompressedRows() int { return (c.T + c.Rate - 1) / c.Rate }

// rows is the number of rows of a memory.
func (c Compression) rows() int { return c.Slots + c.T }

// memory is the memory of document b before segment seg.
func (c Compression) memory(x []float32, b, seg int) []float32 {
	n := c.rows() * c.KVWidth()
	return rowOf(x, seg*c.B+b, n, n)
}

// windows sets y [CompressedRows, Rate·K·D] to the segment that a memory holds.
func (c Compression) windows(y, memory []float32) {
	clear(y[copy(y, memory[c.Slots*c.KVWidth():]):])
}

// Compress sets states [S+1, B, Slots+T, K·D] to the memory before each segment and after
// the last, starting from initial. At each segment it compresses the one in memory by w
// [K·D, Rate·K·D] and replaces it by the keys (part 1) or values (part 2) of qkv.
func Compress(c Compression, states, qkv, initial, w []float32, part int) {
	d, made := c.KVWidth(), c.CompressedRows()
	column := c.keys(0)
	if part == 2 {
		column = c.values(0)
	}
	copy(states, initial[:c.B*c.rows()*d])
	window, release := borrow(made * c.Rate * d)
	defer release()
	for seg := range c.S {
		for b := range c.B {
			before, after := c.memory(states, b, seg), c.memory(states, b, seg+1)
			c.windows(window, before)
			old := (c.Slots - made) * d
			copy(after[:old], before[made*d:])
			Linear(after[old:c.Slots*d], window, w, made)
			gather(after[c.Slots*d:], d, qkv[c.row(b, seg)*c.Columns()+column:], c.Columns(), c.T)
		}
	}
}

// CountFilled sets states [S+1, B] to the number of filled rows before each segment and
// after the last, starting from initial.
func (c Compression) CountFilled(states, initial []float32) {
	copy(states, initial[:c.B])
	for i := c.B; i < len(states); i++ {
		states[i] = float32(c.T)
		if before := states[i-c.B]; before > 0 {
			states[i] = min(before+float32(c.CompressedRows()), float32(c.rows()))
		}
	}
}

// Reconstruction returns the attention-reconstruction loss (Rae et al. 2020, algorithm 2):
// how far attention to the compressed rows is from attention to the segment that they
// replace,
//
//	Σ |softmax(q·kᵀ/√D)·v - softmax(q·kᶜᵀ/√D)·vᶜ|² / (H·D)
//
// over the queries q of every segment that has a predecessor. k and v are the
// predecessor's keys and values, kᶜ and vᶜ [CompressedRows, D] what Compress made of them;
// none has positions. Only the compression weights have a gradient, which it writes to
// dkeys and dvalues. keys and values [S+1, …] come from Compress, seen [S+1, B] from
// CountFilled.
func Reconstruction(c Compression, dkeys, dvalues, qkv, keys, values, seen []float32) float64 {
	d, made := c.KVWidth(), c.CompressedRows()
	size := c.B * c.S * made * d
	buffer, release := borrow(2 * size)
	defer release()
	clear(buffer)
	dk, dv := buffer[:size], buffer[size:]
	losses := make([]float64, c.B*c.S*c.H)
	c.groups(func(b, seg, k int) {
		if seen[seg*c.B+b] == 0 {
			return
		}
		at := (b*c.S+seg)*made*d + k*c.D
		before, after := c.Slots*d+k*c.D, (c.Slots-made)*d+k*c.D
		first := k * c.group()
		for h := first; h < first+c.group(); h++ {
			losses[(b*c.S+seg)*c.H+h] = c.reconstruct(dk[at:], dv[at:], h > first, c.query(qkv, b, seg, h),
				c.memory(keys, b, seg)[before:], c.memory(values, b, seg)[before:],
				c.memory(keys, b, seg+1)[after:], c.memory(values, b, seg+1)[after:])
		}
	})
	c.weights(dkeys, dk, keys)
	c.weights(dvalues, dv, values)
	var sum float64
	for _, x := range losses {
		sum += x
	}
	return sum
}

// reconstruct is the loss of one query head of one segment. It sets dk and dv to the
// gradients of the compressed keys and values, or adds them.
func (c Compression) reconstruct(dk, dv []float32, add bool, q, k, v, ck, cv []float32) (loss float64) {
	d, made := c.KVWidth(), c.CompressedRows()
	block := min(queryBlock, c.T)
	buffer, release := borrow(c.T*c.D + block*(2*c.D+c.T+2*made))
	defer release()
	parts := carve(buffer, c.T*c.D, block*c.D, block*c.D, block*c.T, block*made, block*made)
	query, off, short, full, weights, slopes := parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
	gather(query, c.D, q, c.Columns(), c.T)
	a := float32(1 / math.Sqrt(float64(c.D)))
	attend := func(out, scores []float32, q []float32, n int, k, v []float32, m int) {
		Gemm(false, true, n, m, c.D, a, q, c.D, k, d, 0, scores, m)
		for t := range n {
			normalise(rowOf(scores, t, m, m))
		}
		Gemm(false, false, n, c.D, m, 1, scores, m, v, d, 0, out, c.D)
	}
	for lo := 0; lo < c.T; lo += queryBlock {
		n := min(queryBlock, c.T-lo)
		attend(off, full, query[lo*c.D:], n, k, v, c.T)
		attend(short, weights, query[lo*c.D:], n, ck, cv, made)
		axpy(off[:n*c.D], -1, short[:n*c.D])
		loss += float64(dot(off[:n*c.D], off[:n*c.D])) / float64(c.Width())
		scale(off[:n*c.D], -2/float32(c.Width())) // the gradient of the attention to compressed rows
		Gemm(false, true, n, made, c.D, 1, off, c.D, cv, d, 0, slopes, made)
		for t := range n {
			w, s := rowOf(weights, t, made, made), rowOf(slopes, t, made, made)
			softmaxGradient(s, w, s, dot(rowOf(off, t, c.D, c.D), rowOf(short, t, c.D, c.D)), a)
		}
		Gemm(true, false, made, c.D, n, 1, slopes, made, query[lo*c.D:], c.D, kept(add || lo > 0), dk, d)
		Gemm(true, false, made, c.D, n, 1, weights, made, off, c.D, kept(add || lo > 0), dv, d)
	}
	return loss
}

// weights sets dw [K·D, Rate·K·D] to the gradient of the matrix that compressed the
// windows of the memory in states; dy [B·S·CompressedRows, K·D] is the gradient of the
// result.
func (c Compression) weights(dw, dy, states []float32) {
	d, made := c.KVWidth(), c.CompressedRows()
	size := made * c.Rate * d
	windows, release := borrow(c.B * c.S * size)
	defer release()
	for b := range c.B {
		for seg := range c.S {
			c.windows(rowOf(windows, b*c.S+seg, size, size), c.memory(states, b, seg))
		}
	}
	n := c.B * c.S * made
	LinearWeightGradient(Gradient{To: dw}, dy, windows, n)
}
