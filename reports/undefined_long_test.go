//go:build long

package reports

import (
	"math"
	"testing"
)

// Each kind of number alone, so that none hides behind another.
func TestEachNotFiniteIsNowhere(t *testing.T) {
	for path := range floats(everyExperiment()) {
		run := spoiled(func(p string) bool { return p == path }, math.NaN())
		_, text := everythingShown(t, run)
		if bad := notNumbers(text); bad != nil {
			t.Errorf("%s is NaN: %q", path, bad)
		}
	}
}
