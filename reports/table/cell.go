package table

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Text is a cell of words, the same in every writer.
func Text(s string) Cell {
	if s = Clean(s); s == "" || s == None {
		return Cell{Values: []any{nil}}
	}
	return Cell{s, []any{s}}
}

// Prose is a cell of our own words, whose signs the CSV spells in ASCII.
func Prose(s string) Cell { return Shown(s, ASCII(s)) }

// ASCII spells in plain ASCII the signs that our own words use.
func ASCII(s string) string { return asciiSigns.Replace(s) }

// Shown is a text with the values that it was rendered from. What is not a finite number
// or an empty text is missing.
func Shown(s string, values ...any) Cell {
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
			if values[i] = Clean(v); values[i] == "" || values[i] == None {
				values[i] = nil
			}
		}
	}
	return Cell{s, values}
}

// Whole is a whole number, its thousands separated where people read it.
func Whole[N int | int64](n N) Cell { return Shown(Count(int64(n)), int64(n)) }

// Plain is a number with four significant digits where people read it.
func Plain(x float64) Cell { return Shown(Sig4(x), x) }

// Digits is a whole number without separators.
func Digits(n int) Cell { return Shown(strconv.Itoa(n), n) }

// Hundredfold is a share in percent. It shifts the decimal point, so that 0.07 is 7 and
// not 7.000000000000001.
func Hundredfold(x float64) float64 {
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

// ShareCell is a number of the order of one, with three decimals where people read it.
func ShareCell(x float64) Cell { return Shown(Share(x), x) }
