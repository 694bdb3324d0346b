package chart

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// Contrast as defined by WCAG 2, which requires 3:1 for graphics.
func TestColorsStandOutOnBothPages(t *testing.T) {
	luminance := func(hex string) float64 {
		n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		linear := func(v uint64) float64 {
			c := float64(v&255) / 255
			if c <= 0.03928 {
				return c / 12.92
			}
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n)
	}
	for _, background := range []string{"#ffffff", "#16181d"} { // --page in page/report.css
		for _, color := range []string{Blue, Vermillion, Green, Purple, Grey} {
			a, b := luminance(color), luminance(background)
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 3 {
				t.Errorf("%s on %s: contrast %.2f, want at least 3", color, background, ratio)
			}
		}
	}
}
