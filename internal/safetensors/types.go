package safetensors

import (
	"encoding/binary"
	"math"
)

// The types of number that are converted to and from float32.
const (
	F32  = "F32"
	F16  = "F16"  // IEEE 754 binary16
	BF16 = "BF16" // the upper half of a float32
)

// typeSizes is the size in bytes of each type that the format knows. Tensors of the other
// types can be listed but not read.
var typeSizes = map[string]int{
	F32: 4, F16: 2, BF16: 2, "F64": 8, "I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2,
	"I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}

// decode converts little-endian numbers of a type to float32. Every F16 and BF16 number is
// a float32, so nothing is lost.
func decode(to []float32, from []byte, kind string) {
	switch kind {
	case F32:
		for i := range to {
			to[i] = math.Float32frombits(binary.LittleEndian.Uint32(from[4*i:]))
		}
	case BF16:
		for i := range to {
			to[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(from[2*i:])) << 16)
		}
	case F16:
		for i := range to {
			to[i] = fromHalf(binary.LittleEndian.Uint16(from[2*i:]))
		}
	default:
		panic("safetensors: decode " + kind)
	}
}

// encode appends numbers in a type, rounded to nearest, ties to even. A number beyond the
// largest F16 becomes an infinity.
func encode(to []byte, from []float32, kind string) []byte {
	for _, v := range from {
		switch kind {
		case F32:
			to = binary.LittleEndian.AppendUint32(to, math.Float32bits(v))
		case BF16:
			to = binary.LittleEndian.AppendUint16(to, toBrain(v))
		case F16:
			to = binary.LittleEndian.AppendUint16(to, toHalf(v))
		default:
			panic("safetensors: encode " + kind)
		}
	}
	return to
}

// Round returns the number that v becomes in a type. It is an infinity if v is finite but
// too large.
func Round(v float32, kind string) float32 {
	switch kind {
	case BF16:
		return math.Float32frombits(uint32(toBrain(v)) << 16)
	case F16:
		return fromHalf(toHalf(v))
	}
	return v
}

func toBrain(v float32) uint16 {
	b := math.Float32bits(v)
	if v != v {
		return uint16(b>>16) | 1<<6 // quiet: the bits that made it a NaN may be cut off
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// A half has a sign, 5 bits of exponent (bias 15) and 10 of mantissa; a float32 has 8 (bias
// 127) and 23.
func fromHalf(h uint16) float32 {
	sign, exponent, mantissa := uint32(h>>15)<<31, uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exponent {
	case 0: // zero or subnormal: mantissa · 2⁻²⁴
		v := float32(mantissa) * 0x1p-24
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
}

func toHalf(v float32) uint16 {
	b := math.Float32bits(v)
	sign, magnitude := uint16(b>>16)&0x8000, b&0x7fffffff
	switch {
	case v != v:
		return sign | 0x7e00 | uint16(magnitude>>13)&0x3ff
	case magnitude >= 0x477ff000: // 65520, half-way between the largest half and 2¹⁶
		return sign | 0x7c00
	case magnitude < 0x38800000: // below 2⁻¹⁴: subnormal, in steps of 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(magnitude))*0x1p24))
	}
	magnitude -= (127 - 15) << 23
	return sign | uint16((magnitude+0xfff+magnitude>>13&1)>>13)
}
