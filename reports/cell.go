package reports

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// text is a cell of words, the same in every writer.
func text(s string) Cell {
	if s = clean(s); s == "" || s == none {
		return Cell{Values: []any{nil}}
	}
	return Cell{s, []any{s}}
}

// prose is a cell of our own words, whose signs the CSV spells in ASCII.
func prose(s string) Cell { return shown(s, ascii(s)) }

func ascii(s string) string { return asciiSigns.Replace(s) }

// shown is a text with the values that it was rendered from. What is not a finite number
// or an empty text is missing.
func shown(s string, values ...any) Cell {
	values = slices.Clone(values)
	for i, v := range values {
		switch v := v.(type) {
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				values[i] = nil
			}
		case int:
			values[i] = int64(v)
		case string:
			if values[i] = clean(v); values[i] == "" || values[i] == none {
				values[i] = nil
			}
		}
	}
	return Cell{s, values}
}

// whole is a whole number, its thousands separated where people read it.
func whole[N int | int64](n N) Cell { return shown(count(int64(n)), int64(n)) }

// plain is a number with four significant digits where people read it.
func plain(x float64) Cell { return shown(sig4(x), x) }

// digits is a whole number without separators.
func digits(n int) Cell { return shown(strconv.Itoa(n), n) }

// hundredfold is a share in percent. It shifts the decimal point, so that 0.07 is 7 and
// not 7.000000000000001.
func hundredfold(x float64) float64 {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil { // not a finite number
		return x
	}
	y, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e+2), 64)
	return y
}

// asciiSigns spells the signs that our own words use, so that a CSV is plain ASCII
// unless a name in the data is not.
var asciiSigns = strings.NewReplacer(
	"≈", "~", "÷", "/", "×", "x", "·", "*", "–", "-", "−", "-", "…", "...", "†", "+", "≤", "<=", "≥", ">=",
	"σ", "sigma", "β", "beta", "√", "sqrt", "½", "1/2", "“", `"`, "”", `"`, "’", "'", "‘", "'", "→", "->", "≠", "!=",
)

func shareCell(x float64) Cell { return shown(share(x), x) }
