package reports

import (
	"fmt"
	"strconv"

	"infinibench/internal/finite"
	"infinibench/reports/table"
)

// plural writes "1 seed" or "3 seeds".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// isShare reports whether x is a share of 1; false for NaN.
func isShare(x float64) bool { return x >= 0 && x <= 1 }

// orNone writes a text from a result, which has none if the cell did not finish.
func orNone(s string) string {
	if s = table.Clean(s); s == "" {
		return "unknown (no result)"
	}
	return s
}

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

// shortRange writes two counts as "62K to 83K", or one if they look the same.
func shortRange(low, high int64) string {
	from, to := table.Short(low), table.Short(high)
	if from == to {
		return from
	}
	return from + " to " + to
}
