package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// ConcatRows concatenates the rows of several parts, document by document: parts [B·n_i,
// d] to [B·Σn_i, d]. A part may occur twice.
func ConcatRows(documents int, parts ...*G.Node) *G.Node {
	d := parts[0].Shape()[1]
	rows := 0
	sizes := make([]int, len(parts)) // of one document's share
	for i, p := range parts {
		rows += p.Shape()[0]
		sizes[i] = p.Shape()[0] / documents * d
	}
	// each calls f with every piece of the whole and its offset in a part.
	each := func(whole []float32, f func(part, at int, x []float32)) {
		for b := range documents {
			for i, n := range sizes {
				f(i, b*n, whole[:n])
				whole = whole[n:]
			}
		}
	}
	return apply(floats("join", []int{rows, d},
		func(out []float32, in []G.Value) {
			each(out, func(part, at int, x []float32) { copy(x, f32(in[part])[at:]) })
		},
		&vjp{do: func(g gradients, _ []G.Value) {
			// Part by part: one that occurs twice is first set, then added to.
			for i := range g.in {
				each(g.out, func(part, at int, x []float32) {
					if part == i {
						kernel.Accumulate(g.in[i].Part(at, at+len(x)), 1, x)
					}
				})
			}
		}}), parts...)
}

// SliceRows is n rows of every document of x [B·N, d], starting at row from: [B·n, d].
func SliceRows(documents int, x *G.Node, from, n int) *G.Node {
	rows, d := x.Shape()[0]/documents, x.Shape()[1]
	return apply(floats("cut", []int{documents * n, d},
		func(out []float32, in []G.Value) {
			for b := range documents {
				copy(out[b*n*d:(b+1)*n*d], f32(in[0])[(b*rows+from)*d:])
			}
		},
		&vjp{do: func(g gradients, _ []G.Value) {
			dx := g.in[0]
			if !dx.Add {
				clear(dx.To)
			}
			for b := range documents {
				at := (b*rows + from) * d
				kernel.Accumulate(kernel.Gradient{To: dx.To[at : at+n*d], Add: true}, 1, g.out[b*n*d:(b+1)*n*d])
			}
		}}), x)
}

// Offset is x + a·start in the shape [..., n, d]; start [n, d] is repeated along the
// leading dimensions.
func Offset(x *G.Node, a float32, start *G.Node, shape ...int) *G.Node {
	size := start.Shape().TotalSize()
	return apply(floats("offset", shape,
		func(out []float32, in []G.Value) {
			copy(out, f32(in[0]))
			for at := 0; at < len(out); at += size {
				kernel.Accumulate(kernel.Gradient{To: out[at : at+size], Add: true}, a, f32(in[1]))
			}
		},
		&vjp{do: func(g gradients, _ []G.Value) {
			kernel.Accumulate(g.in[0], 1, g.out)
			for at := 0; at < len(g.out); at += size {
				kernel.Accumulate(kernel.Gradient{To: g.in[1].To, Add: g.in[1].Add || at > 0}, a, g.out[at:at+size])
			}
		}}), x, start)
}
