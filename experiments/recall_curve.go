package experiments

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The expected answers of a memory, in closed form. Let f_i = σ(k_i) and v_i be the n
// pairs written, K = [f_i·f_j] and ε the guard of the normaliser. Reading key j gives
//
//	Linear:  A_j = Σ_i K_ji v_i / (Σ_i K_ji + ε),  or  A = W V
//	Delta:   the value written for v_i is u_i = v_i − Σ_m K_im u_m / (Σ_m K_im + ε), m
//	         over the keys of the segments before i's, or U = (I + R)⁻¹ V;  A = W U
//
// where W is K with each row divided by its sum, and R is K's part from earlier segments
// with rows normalised in the same way. Either way A = C V with weights C that depend on the keys alone. Values
// are independent, of mean 0 and unit variance, so the error of pair j relative to
// E‖v‖² is on average over them, exactly,
//
//	(1 − C_jj)² + Σ_{i≠j} C_ji²,
//
// the squared norm of row j of C − I. For normal values of width D, the mean over the n
// pairs has the variance 2‖(C − I)ᵀ(C − I)‖²/(n²D): it is the mean of D equal quadratic
// forms in normal numbers.

// recallWeights is C [n, n] for the products K of n features, written in segments.
func recallWeights(k mat.Matrix, segment int, delta bool, epsilon float64) *mat.Dense {
	n, _ := k.Dims()
	w := mat.DenseCopyOf(k)
	for j := range n {
		normalise(w.RawRowView(j), epsilon)
	}
	if !delta {
		return w
	}
	r := mat.NewTriDense(n, mat.Lower, nil)
	row := make([]float64, n)
	for i := range n {
		past := mat.Row(row, i, k)[:i/segment*segment]
		normalise(past, epsilon)
		for m, x := range past {
			r.SetTri(i, m, x)
		}
		r.SetTri(i, i, 1)
	}
	var c mat.Dense // the transpose: (I + R)ᵀ Cᵀ = Wᵀ
	if err := r.SolveTo(&c, true, w.T()); err != nil {
		panic(err) // its diagonal is 1, and it is well conditioned
	}
	return mat.DenseCopyOf(c.T())
}

// normalise divides x by its sum and ε.
func normalise(x []float64, epsilon float64) {
	floats.Scale(1/(floats.Sum(x)+epsilon), x)
}

// recallError is the mean over the pairs of their expected error, given the weights.
func recallError(c *mat.Dense) float64 {
	n, _ := c.Dims()
	norm := mat.Norm(minusIdentity(c), 2)
	return norm * norm / float64(n)
}

// recallVariance is the variance of the mean error, for normal values of some width.
func recallVariance(c *mat.Dense, width int) float64 {
	n, _ := c.Dims()
	var square mat.SymDense
	square.SymOuterK(1, minusIdentity(c)) // the other order has the same norm
	norm := mat.Norm(&square, 2)
	return 2 * norm * norm / (float64(n) * float64(n) * float64(width))
}

// minusIdentity is C − I.
func minusIdentity(c *mat.Dense) *mat.Dense {
	n, _ := c.Dims()
	d := mat.DenseCopyOf(c)
	for i := range n {
		d.Set(i, i, d.At(i, i)-1)
	}
	return d
}

// sigmaMoments is the mean and the mean square of σ(x) = elu(x) + 1, which is x + 1
// above 0 and eˣ below, for x standard normal. With φ its density and Φ its integral,
//
//	E σ  = ∫₀^∞ (x+1)φ + ∫₋∞^0 eˣφ  = 1/√(2π) + 1/2 + e^½ Φ(−1)        = 1.16052
//	E σ² = ∫₀^∞ (x+1)²φ + ∫₋∞^0 e²ˣφ = 1 + 2/√(2π) + e² Φ(−2)          = 1.96598
func sigmaMoments() (mean, square float64) {
	below := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	density := 1 / math.Sqrt(2*math.Pi)
	return density + 0.5 + math.Exp(0.5)*below(-1), 1 + 2*density + math.Exp(2)*below(-2)
}

// expectedProducts is the mean of K for n standard normal keys of some width, which K
// itself comes ever closer to as heads grow wider. From it follow the limits of both
// curves: with r = E σ²/(E σ)² = 1.45974, all that tells a key from another, the weights
// of Linear are r and 1 over n − 1 + r, and its error is n(n − 1)/(n − 1 + r)².
func expectedProducts(n, width int) mat.Symmetric {
	mean, square := sigmaMoments()
	k := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i {
			k.SetSym(i, j, float64(width)*mean*mean)
		}
		k.SetSym(i, i, float64(width)*square)
	}
	return k
}
