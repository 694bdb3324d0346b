package table

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"infinibench/internal/finite"
)

// maxLabel keeps a runaway error message from filling a page, in characters.
const maxLabel = 300

// Clean makes a text from a result file safe to show anywhere as one line. It
// turns control characters and line breaks into spaces, drops the characters
// that reverse the direction of the text around them, repairs broken UTF-8 and
// cuts what is too long. Escaping for HTML, LaTeX, Markdown or JSON stays the
// business of each writer.
func Clean(s string) string { return CleanTo(s, maxLabel) }

// CleanTo is Clean for a text of another length.
func CleanTo(s string, longest int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\uFFFE' || r == '\uFFFF': // XML has no place for the last two
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest-1]) + "…"
	}
	return s
}

// None marks a cell without a value; an empty cell looks like an omission.
const None = "–"

// Sig4 writes x with four significant digits and no exponent.
func Sig4(x float64) string {
	digits := 3
	if math.Abs(x) < 5e-7 { // zero but for rounding: never "-0.000000"
		x = 0
	} else if finite.Is(x) {
		digits = max(0, min(6, 3-int(math.Floor(math.Log10(math.Abs(x))))))
	}
	return Decimals(x, digits)
}

// Decimals formats x with the given number of decimals, and a non-finite number as a dash. It
// formats every measured value of a table or a text.
func Decimals(x float64, digits int) string {
	if !finite.Is(x) {
		return None
	}
	return strconv.FormatFloat(x, 'f', digits, 64)
}

// SignedDecimals is Decimals with a sign.
func SignedDecimals(x float64, digits int) string {
	if !finite.Is(x) {
		return None
	}
	return fmt.Sprintf("%+.*f", digits, x)
}

// Count writes a whole number with thousands separated.
func Count(n int64) string { return humanize.Comma(n) }

// Short writes a large count for a sentence or a narrow column: "1.6M".
func Short(n int64) string {
	switch x := float64(n); {
	case x >= 1e9:
		return trimZero(x/1e9) + "B"
	case x >= 1e6:
		return trimZero(x/1e6) + "M"
	case x >= 1e4:
		return trimZero(x/1e3) + "K"
	}
	return Count(n)
}

func trimZero(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}

// Hundred writes a share as the paper does, in whole percent; what is halfway but for the
// rounding of a sum is halfway.
func Hundred(x float64) string { return Decimals(math.Round(100*x+1e-9), 0) }

// Floored and Ceiled are Hundred of the ends of an interval, rounded so that it is not
// written narrower than it is.
func Floored(low float64) string { return Decimals(math.Floor(100*low), 0) }
func Ceiled(high float64) string { return Decimals(math.Ceil(100*high), 0) }

// Share writes a number of the order of one.
func Share(x float64) string { return Decimals(x, 3) }

// Percent writes a share in percent, with one decimal.
func Percent(x float64) string { return Decimals(100*x, 1) + " %" }
