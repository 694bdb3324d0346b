package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// leaves are what internal/results may import of this module: other leaves, and the
// packages whose data types are part of the files.
var leaves = []string{
	"datasets", "datasets/booksum", "datasets/passkey", "datasets/tokenizer",
	"internal/atomicfile", "internal/download", "internal/finite", "internal/jsonread", "internal/machine", "internal/metrics", "internal/metrics/rouge", "internal/seal", "internal/textfile",
}

// engine is what computes: who imports any of it links Gorgonia or BLAS.
var engine = []string{"baselines", "models", "internal/train", "internal/ops", "internal/kernel"}

// The import rules of docs/design.md, over everything that a package links.
func TestImports(t *testing.T) {
	deps := dependencies(t)
	for _, rule := range []struct {
		of      string
		allowed []string // of this module; nil: all but what is refused
		refused []string
	}{
		{of: "internal/results", allowed: leaves},
		{of: "internal/metrics", allowed: leaves},
		{of: "internal/kernel", allowed: []string{"internal/machine"}},
		{of: "reports/table", allowed: append([]string{"internal/results"}, leaves...)},
		{of: "reports/chart", allowed: []string{"reports/table", "internal/finite"}},
		{of: "models", refused: []string{"internal/results", "internal/train", "experiments", "reports"}},
		{of: "models/pretrained", refused: []string{"baselines", "internal/results", "internal/train", "experiments", "reports"}},
		{of: "models/hub", refused: []string{"baselines", "internal/results", "internal/train", "experiments", "reports"}},
		{of: "baselines", refused: []string{"internal/results", "internal/train", "experiments", "reports"}},
		{of: "internal/train", refused: []string{"internal/results", "experiments", "reports"}},
		{of: "experiments", refused: []string{"reports", "reports/live"}},
	} {
		if len(deps[rule.of]) == 0 {
			t.Errorf("%s has no dependency: the test looks in the wrong place", rule.of)
		}
		for _, name := range deps[rule.of] {
			if slices.Contains(rule.refused, name) || rule.allowed != nil && !slices.Contains(rule.allowed, name) && !strings.Contains(name, ".org/") {
				t.Errorf("%s must not import %s", rule.of, name)
			}
		}
	}
	// Reports and what they are made from link no engine.
	checked := 0
	for of, names := range deps {
		if of != "reports" && !strings.HasPrefix(of, "reports/") && of != "internal/results" {
			continue
		}
		checked++
		for _, name := range names {
			if name == "experiments" || slices.Contains(engine, name) || strings.HasPrefix(name, "gorgonia.org/") {
				t.Errorf("%s must not link %s", of, name)
			}
		}
	}
	if checked < 5 {
		t.Errorf("%d packages of reports were checked, want 5 or more", checked)
	}
}

// dependencies are all that each package of the module links, tests left out: packages
// of the module without its name, and of gorgonia.org.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		of := strings.TrimPrefix(words[0], "infinibench/")
		for _, path := range words[1:] {
			if name, ours := strings.CutPrefix(path, "infinibench/"); ours || strings.HasPrefix(path, "gorgonia.org/") {
				deps[of] = append(deps[of], name)
			}
		}
		if len(words) == 1 {
			deps[of] = nil
		}
	}
	return deps
}
