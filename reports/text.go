package reports

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

// clean makes a text from a result file safe to show anywhere as one line. It
// turns control characters and line breaks into spaces, drops the characters
// that reverse the direction of the text around them, repairs broken UTF-8 and
// cuts what is too long. Escaping for HTML, LaTeX, Markdown or JSON stays the
// business of each writer.
func clean(s string) string { return cleanTo(s, maxLabel) }

// cleanTo is clean for a text of another length.
func cleanTo(s string, longest int) string {
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

// none stands in a cell that has no value; an empty cell looks forgotten.
const none = "–"

// sig4 writes x with four significant digits and no exponent.
func sig4(x float64) string {
	digits := 3
	if math.Abs(x) < 5e-7 { // zero but for rounding: never "-0.000000"
		x = 0
	} else if finite.Is(x) {
		digits = max(0, min(6, 3-int(math.Floor(math.Log10(math.Abs(x))))))
	}
	return decimals(x, digits)
}

// decimals writes x with so many digits after the point, and a number that is not finite
// as a dash. Every measured value of a table or a text is written by it.
func decimals(x float64, digits int) string {
	if !finite.Is(x) {
		return none
	}
	return strconv.FormatFloat(x, 'f', digits, 64)
}

// signedDecimals is decimals with a sign.
func signedDecimals(x float64, digits int) string {
	if !finite.Is(x) {
		return none
	}
	return fmt.Sprintf("%+.*f", digits, x)
}

// count writes a whole number with thousands separated.
func count(n int64) string { return humanize.Comma(n) }

// short writes a large count for a sentence or a narrow column: "1.6M".
func short(n int64) string {
	switch x := float64(n); {
	case x >= 1e9:
		return trimZero(x/1e9) + "B"
	case x >= 1e6:
		return trimZero(x/1e6) + "M"
	case x >= 1e4:
		return trimZero(x/1e3) + "K"
	}
	return count(n)
}

func trimZero(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}

// plural writes "1 seed" or "3 seeds".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// hundred writes a share as the paper does, in whole percent; what is halfway but for the
// rounding of a sum is halfway.
func hundred(x float64) string { return decimals(math.Round(100*x+1e-9), 0) }

// floored and ceiled are hundred of the ends of an interval, rounded so that it is not
// written narrower than it is.
func floored(low float64) string { return decimals(math.Floor(100*low), 0) }
func ceiled(high float64) string { return decimals(math.Ceil(100*high), 0) }

// isShare reports whether x is a share of 1; false for NaN.
func isShare(x float64) bool { return x >= 0 && x <= 1 }

// orNone writes a text from a result, which has none if the cell did not finish.
func orNone(s string) string {
	if s = clean(s); s == "" {
		return "unknown (no result)"
	}
	return s
}

// share writes a number of the order of one.
func share(x float64) string { return decimals(x, 3) }

func percent(x float64) string { return decimals(100*x, 1) + " %" }

// duration writes seconds in the unit a person would use.
func duration(seconds float64) string {
	switch {
	case !finite.Is(seconds):
		return "an unknown time"
	case seconds < 120:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 7200:
		return fmt.Sprintf("%.0f min", seconds/60)
	}
	return fmt.Sprintf("%.1f h", seconds/3600)
}
