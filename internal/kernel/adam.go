package kernel

import "math"

// Adam is the constants of one update, bias corrections folded in.
type Adam struct {
	Beta1, Beta2 float32
	Rate         float32 // lr·√(1-β2ᵗ)/(1-β1ᵗ)
	Epsilon      float32 // ε·√(1-β2ᵗ)
	Keep         float32 // 1 - lr·decay
}

// AdamStep updates the moments m and v with the gradient g and the weights w with
// the moments, in one pass over memory.
func AdamStep(w, g, m, v []float32, a Adam) {
	elements(len(w), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x := g[i]
			m[i] = a.Beta1*m[i] + (1-a.Beta1)*x
			v[i] = a.Beta2*v[i] + (1-a.Beta2)*x*x
			w[i] = a.Keep*w[i] - a.Rate*m[i]/(float32(math.Sqrt(float64(v[i])))+a.Epsilon)
		}
	})
}
