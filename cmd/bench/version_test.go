package main

import (
	"strings"
	"testing"
)

func TestNarrowWarning(t *testing.T) {
	for _, c := range []struct {
		kernels, chosen string
		warns           bool
	}{
		{"", "", false},
		{"Prescott", "", true},
		{"SANDYBRIDGE", "Sandybridge", false}, // the user's own choice
	} {
		if got := narrowWarning(c.kernels, c.chosen); (got != "") != c.warns || !strings.Contains(got, c.kernels) && c.warns {
			t.Errorf("kernels %q, chosen %q: %q", c.kernels, c.chosen, got)
		}
	}
}
