package safetensors

import (
	"math"
	"math/rand/v2"
	"testing"
)

// plainHalf is the value of a binary16 by its definition (IEEE 754-2019, section 3.4).
func plainHalf(h uint16) float64 {
	sign, exponent, mantissa := 1.0, int(h>>10&0x1f), float64(h&0x3ff)
	if h>>15 == 1 {
		sign = -1
	}
	switch {
	case exponent == 31 && mantissa != 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return sign * math.Ldexp(mantissa, -24)
	}
	return sign * math.Ldexp(1+mantissa/1024, exponent-15)
}

// Every 16-bit number is read exactly, and written as the same bits.
func TestSixteenBitsExact(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		got, want := fromHalf(h), plainHalf(h)
		if math.IsNaN(want) {
			if got == got || toHalf(got) != h|0x200 { // made quiet
				t.Fatalf("half %#04x is read as %g and written as %#04x", h, got, toHalf(got))
			}
			continue
		}
		if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) {
			t.Fatalf("half %#04x is read as %g, want %g", h, got, want)
		}
		if back := toHalf(got); back != h {
			t.Fatalf("half %#04x is written as %#04x", h, back)
		}
	}
	for i := range 1 << 16 {
		v := math.Float32frombits(uint32(i) << 16)
		want := uint16(i)
		if v != v {
			want |= 0x40
		}
		if got := toBrain(v); got != want {
			t.Fatalf("bfloat16 %#04x is written as %#04x", i, got)
		}
	}
}

// The written number is the nearest one, and the even one of two equally near.
func TestSixteenBitsNearest(t *testing.T) {
	types := map[string]struct {
		bits  func(float32) uint16
		value func(uint16) float64
		top   uint16 // infinity
	}{
		F16:  {toHalf, plainHalf, 0x7c00},
		BF16: {toBrain, func(b uint16) float64 { return float64(math.Float32frombits(uint32(b) << 16)) }, 0x7f80},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for kind, c := range types {
		try := func(v float32) {
			v = float32(math.Abs(float64(v)))
			got := c.bits(v)
			// The spacing above the largest number counts, as if the exponent had no end.
			value := func(b uint16) float64 {
				if b == c.top {
					return 2*c.value(b-1) - c.value(b-2)
				}
				return c.value(b)
			}
			if float64(v) > value(c.top) {
				if got != c.top {
					t.Fatalf("%s: %g is written as %#04x, want infinity", kind, v, got)
				}
				return
			}
			off := math.Abs(value(got) - float64(v))
			for _, other := range []uint16{got - 1, got + 1} {
				if got == 0 && other != 1 || other > c.top {
					continue
				}
				if d := math.Abs(value(other) - float64(v)); d < off || d == off && got%2 == 1 {
					t.Fatalf("%s: %g is written as %#04x (%g), %#04x (%g) is nearer or even", kind, v, got, value(got), other, value(other))
				}
			}
			if Round(v, kind) != float32(c.value(got)) || Round(-v, kind) != -float32(c.value(got)) {
				t.Fatalf("%s: Round(%g) is %g and %g, want ±%g", kind, v, Round(v, kind), Round(-v, kind), c.value(got))
			}
		}
		for range 200_000 {
			try(math.Float32frombits(r.Uint32N(0xff << 23)))
		}
		for h := uint16(0); h+1 < c.top; h++ { // half-way, and just beside
			half := float32((c.value(h) + c.value(h+1)) / 2)
			try(half)
			try(math.Nextafter32(half, 0))
			try(math.Nextafter32(half, math.MaxFloat32))
		}
		for _, v := range []float32{0, 65504, 65519.996, 65520, 65536, math.MaxFloat32, math.SmallestNonzeroFloat32} {
			try(v)
		}
	}
}

// Values by hand.
func TestRound(t *testing.T) {
	for _, c := range []struct {
		v    float32
		kind string
		want float32
	}{
		{1.00390625, BF16, 1}, // 1 + 2⁻⁸, half-way between 1 and 1 + 2⁻⁷: the even one
		{1.01171875, BF16, 1.015625},
		{1.00048828125, F16, 1}, // 1 + 2⁻¹¹
		{65519, F16, 65504},
		{65520, F16, float32(math.Inf(1))},
		{-1e-9, F16, float32(math.Copysign(0, -1))},
		{1e-9, F32, 1e-9},
	} {
		if got := Round(c.v, c.kind); math.Float32bits(got) != math.Float32bits(c.want) {
			t.Errorf("%g as %s is %g, want %g", c.v, c.kind, got, c.want)
		}
	}
}
