package ops

import (
	"fmt"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
)

// TestRows holds the operations that move rows against loops over (document, row,
// column).
func TestRows(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, c := range []struct{ documents, m, n, d int }{{1, 1, 1, 1}, {2, 3, 4, 5}, {3, 2, 70, 33}} {
		short, long := normal(r, c.documents*c.m, c.d), normal(r, c.documents*c.n, c.d)
		start := normal(r, c.m, c.d)
		row := func(a array, n, document, i int) []float64 { return a.data[(document*n+i)*c.d:][:c.d] }
		for _, k := range []check{
			{
				name: "join", in: []array{short, long},
				node: func(in []*G.Node) *G.Node { return ConcatRows(c.documents, in[0], in[1], in[0]) },
				twin: func(in []array) (all []float64) {
					for b := range c.documents {
						for i := range c.m + c.n + c.m {
							switch {
							case i < c.m:
								all = append(all, row(in[0], c.m, b, i)...)
							case i < c.m+c.n:
								all = append(all, row(in[1], c.n, b, i-c.m)...)
							default:
								all = append(all, row(in[0], c.m, b, i-c.m-c.n)...)
							}
						}
					}
					return all
				},
			},
			{
				name: "cut", in: []array{long},
				node: func(in []*G.Node) *G.Node { return SliceRows(c.documents, in[0], c.n/2, (c.n+1)/2) },
				twin: func(in []array) (all []float64) {
					for b := range c.documents {
						for i := range (c.n + 1) / 2 {
							all = append(all, row(in[0], c.n, b, c.n/2+i)...)
						}
					}
					return all
				},
			},
			{
				name: "offset", in: []array{short, start},
				node: func(in []*G.Node) *G.Node { return Offset(in[0], -0.5, in[1], 1, c.documents, c.m, c.d) },
				twin: func(in []array) (all []float64) {
					for b := range c.documents {
						for i := range c.m {
							for j, x := range row(in[0], c.m, b, i) {
								all = append(all, x-row(in[1], c.m, 0, i)[j]/2)
							}
						}
					}
					return all
				},
			},
		} {
			t.Run(fmt.Sprintf("%s/%+v", k.name, c), k.test)
		}
	}
}
