package ops

import (
	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
)

// Rotary holds the rotary positions of one segment; see kernel.NewRotary.
type Rotary = kernel.Rotary

// NewRotary prepares a number of positions; frequencies are from Frequencies.
func NewRotary(positions int, frequencies []float64) *Rotary {
	return kernel.NewRotary(positions, frequencies)
}

// RopeScaling changes rotary frequencies; see kernel.RopeScaling.
type RopeScaling = kernel.RopeScaling

// Frequencies is the rotary frequencies of a head of width d, [d/2], in radians per
// position; see kernel.Frequencies.
func Frequencies(d int, base float64, scaling RopeScaling) []float64 {
	return kernel.Frequencies(d, base, scaling)
}

// Rotate is qkv with queries and keys rotated to their positions, for a memory that should
// know the position of a token. past is the number of earlier tokens of the segment; nil
// means none.
func Rotate(s Shape, rotary *Rotary, qkv *G.Node, past *int) *G.Node {
	if past == nil {
		past = new(int)
	}
	return apply(floats("rotate", qkv.Shape(),
		func(out []float32, in []G.Value) { kernel.Rotate(s, rotary, out, f32(in[0]), *past) },
		&vjp{do: func(g gradients, _ []G.Value) {
			kernel.RotateGradient(s, rotary, g.in[0], g.out, *past)
		}}), qkv)
}
