package kernel

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
	elements(len(w), func(lo, hi int) { adam(w[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi], a) })
}
