package main

import (
	"slices"
	"testing"

	"infinibench/experiments"
	"infinibench/internal/golden"
)

// verify reads references of every model that a profile can name, and of no other.
func TestVerifyKnowsEveryModel(t *testing.T) {
	got, want := slices.Sorted(slices.Values(golden.Models())), slices.Sorted(slices.Values(experiments.Models))
	if !slices.Equal(got, want) {
		t.Errorf("references can be of %v, profiles of %v", got, want)
	}
}
