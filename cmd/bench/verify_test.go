package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// The references of a published model, checked with its folder from the command line.
func TestVerifyPublishedModel(t *testing.T) {
	model := filepath.Join("..", "..", "..", "shared", "data", "models", "stories260K")
	var args []string
	for _, name := range []string{"stories260k_base", "stories260k_infini_linear", "llama_tiny_gqa"} {
		args = append(args, filepath.Join("..", "..", "..", "shared", "goldens", "models", name+".json"))
	}
	for _, path := range append(args, model) {
		if _, err := os.Stat(path); err != nil {
			t.Skipf("no %s beside the repository: this check needs the published model", path)
		}
	}
	var stdout, stderr strings.Builder
	if code := run(append([]string{"verify", "--model", model}, args...), strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("exits with %d\n%s%s", code, &stdout, &stderr)
	}
	for _, want := range []string{"\n  greedy  ", "\n  greedy_text  ", "\n  decoding.memory.4  ", "\n  gradient.model.layers.1.self_attn.beta  "} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no line %q in\n%s", want, &stdout)
		}
	}
	stdout.Reset()
	if code := run([]string{"verify", "--model", model}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("exits with %d\n%s%s", code, &stdout, &stderr)
	}
	for _, want := range []string{"\n  infini-linear.hidden ", "\n  infini-delta.decoding ", "\n  transformer-xl.hidden ", "\n  memorizing.decoding "} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no line %q in\n%s", want, &stdout)
		}
	}
	stdout.Reset()
	if code := run(append([]string{"verify"}, args...), strings.NewReader(""), &stdout, &stderr); code != 1 || stderr.String() != "bench: 2 of 3 references failed\n" {
		t.Errorf("without the folder it exits with %d: %s", code, &stderr)
	}
	if want := "  FAIL  weights is missing; to check a published model, name its folder with --model\n"; strings.Count(stdout.String(), want) != 2 {
		t.Errorf("without the folder it prints\n%s", &stdout)
	}
}
