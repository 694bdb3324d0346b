package main

import (
	"slices"
	"testing"

	"infinibench/experiments"
	"infinibench/internal/golden"
)

// verify accepts references of exactly the models that a profile can name.
func TestVerifyKnowsEveryModel(t *testing.T) {
	got, want := slices.Sorted(slices.Values(golden.Models())), slices.Sorted(slices.Values(experiments.Models))
	if !slices.Equal(got, want) {
		t.Errorf("references can be of %v, profiles of %v", got, want)
	}
}
