package kernel

import "math"

// RopeScaling changes rotary frequencies for contexts longer than a model was pretrained
// on, as rope_type "llama3" (Llama 3.1): frequencies that turn less than LowFrequency times
// in OriginalContext are divided by Factor, those that turn more than HighFrequency times
// are kept, and between them the two are interpolated. The zero value scales nothing.
type RopeScaling struct {
	Factor, LowFrequency, HighFrequency float64
	OriginalContext                     int // tokens
}

// Frequencies is how many radians each pair (i, i + d/2) of a head of width d turns from
// one position to the next, base^(-2i/d) before scaling: [d/2].
func Frequencies(d int, base float64, scaling RopeScaling) []float64 {
	all := make([]float64, d/2)
	for i := range all {
		all[i] = scaling.apply(math.Pow(base, -2*float64(i)/float64(d)))
	}
	return all
}

func (s RopeScaling) apply(frequency float64) float64 {
	if s == (RopeScaling{}) {
		return frequency
	}
	turns := float64(s.OriginalContext) * frequency / (2 * math.Pi)
	switch {
	case turns < s.LowFrequency:
		return frequency / s.Factor
	case turns > s.HighFrequency:
		return frequency
	}
	kept := (turns - s.LowFrequency) / (s.HighFrequency - s.LowFrequency)
	return (1-kept)*frequency/s.Factor + kept*frequency
}

// Rotary holds the cosines and sines of rotary positions (Su et al. 2021) with
// half-split pairing: element i turns with element i + D/2.
type Rotary struct {
	cos, sin []float32 // [positions, D/2]
	half     int
}

// NewRotary prepares the positions 0 … positions-1. frequencies are in radians per
// position, one for each pair of elements.
func NewRotary(positions int, frequencies []float64) *Rotary {
	half := len(frequencies)
	r := &Rotary{half: half, cos: make([]float32, positions*half), sin: make([]float32, positions*half)}
	for t := range positions {
		for i, f := range frequencies {
			angle := float64(t) * f
			r.cos[t*half+i] = float32(math.Cos(angle))
			r.sin[t*half+i] = float32(math.Sin(angle))
		}
	}
	return r
}

// Positions is how many positions r holds.
func (r *Rotary) Positions() int { return len(r.cos) / r.half }

// rotate sets the rows of dst, with leading dimension `to`, to the rows of src, with
// leading dimension `from`, rotated to the positions [lo, hi). dst and src may be the
// same.
func (r *Rotary) rotate(dst []float32, to int, src []float32, from, lo, hi int) {
	if lo == hi {
		return
	}
	rotatePairs(dst, dst[r.half:], to, src, src[r.half:], from, r.cos[lo*r.half:hi*r.half], r.sin[lo*r.half:hi*r.half], r.half)
}

// rotateBack is the inverse of rotate: exchanging the halves of a vector reverses the
// direction.
func (r *Rotary) rotateBack(dst []float32, to int, src []float32, from, lo, hi int) {
	rotatePairs(dst[r.half:], dst, to, src[r.half:], src, from, r.cos[lo*r.half:hi*r.half], r.sin[lo*r.half:hi*r.half], r.half)
}

// Rotate sets y [rows, (H+2K)·D] to qkv with queries and keys rotated to their positions;
// values stay the same. The first token of each segment has position `past`.
func Rotate(s Shape, r *Rotary, y, qkv []float32, past int) {
	copy(y, qkv)
	s.eachHead(y, func(x []float32) { r.rotate(x, s.Columns(), x, s.Columns(), past, past+s.T) })
}

// RotateGradient sets dqkv to the gradient of Rotate's input, by the inverse rotation. It
// overwrites dy.
func RotateGradient(s Shape, r *Rotary, dqkv Gradient, dy []float32, past int) {
	s.eachHead(dy, func(x []float32) { r.rotateBack(x, s.Columns(), x, s.Columns(), past, past+s.T) })
	Accumulate(dqkv, 1, dy)
}

// eachHead calls f with the queries and the keys of every head, which lie side by side in
// a projection.
func (s Shape) eachHead(x []float32, f func(x []float32)) {
	s.each(s.H+s.KV(), func(b, seg, i int) { f(s.query(x, b, seg, i)) })
}
