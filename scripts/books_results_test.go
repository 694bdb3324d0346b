package scripts_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Finished cells come back as they were saved, with the models of seed 1 alone; a cell that
// failed or is not finished stays behind.
func TestBooksResults(t *testing.T) {
	const script, kept = "scripts/books-results.sh", "docs/results/books/runs"
	m := newFakeMachine(t, script)
	m.link("basename")
	cell := func(name, status string) {
		for _, file := range []string{"config.yaml", "metrics.jsonl", "samples.jsonl", "timing.json", "checkpoint/model.safetensors", "checkpoint/tokenizer.json"} {
			m.write(filepath.Join("run", name, file), name+" "+file)
		}
		if status != "" {
			m.write(filepath.Join("run", name, "result.json"), "{\n  \"status\": \""+status+"\"\n}")
		}
	}
	cell("a-seed1", "done")
	cell("a-seed11", "done")
	cell("b-seed1", "failed")
	cell("c-seed1", "")
	m.write("run/tokenizers/pg19.json", "words")
	m.write("run/plan.json", "{}")
	files := func(dir string) (names []string) {
		root := filepath.Join(m.dir, dir)
		err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				name, _ := filepath.Rel(root, path)
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	want := strings.Fields(`a-seed1/checkpoint/model.safetensors a-seed1/checkpoint/tokenizer.json a-seed1/config.yaml
		a-seed1/metrics.jsonl a-seed1/result.json a-seed1/samples.jsonl a-seed1/timing.json
		a-seed11/config.yaml a-seed11/metrics.jsonl a-seed11/result.json a-seed11/samples.jsonl a-seed11/timing.json tokenizers/pg19.json`)
	for _, step := range []struct{ verb, dir, into string }{{"save", "run", kept}, {"restore", "again", "again"}} {
		status, output, _ := m.run(script, step.verb, filepath.Join(m.dir, step.dir))
		if status != 0 || !strings.HasPrefix(output, "2 finished cells are in ") {
			t.Fatalf("%s: status %d, output\n%s", step.verb, status, output)
		}
		if got := files(step.into); !slices.Equal(got, want) {
			t.Errorf("after %s, %s has %q, want %q", step.verb, step.into, got, want)
		}
	}
	for _, name := range want {
		before, err := os.ReadFile(filepath.Join(m.dir, "run", name))
		if err != nil {
			t.Fatal(err)
		}
		if after, err := os.ReadFile(filepath.Join(m.dir, "again", name)); err != nil || string(after) != string(before) {
			t.Errorf("%s came back as %q, %v", name, after, err)
		}
	}
	for _, bad := range [][]string{nil, {"save"}, {"keep", "run"}, {"save", "nowhere"}} {
		if status, output, _ := m.run(script, bad...); status == 0 || strings.Count(output, "\n") != 1 {
			t.Errorf("%q: status %d, output\n%s", bad, status, output)
		}
	}
}
