package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fakeSbatch is an sbatch that runs the tasks of an array locally, one after the other.
const fakeSbatch = `#!/bin/sh
for last; do :; done
first=$(sed -n 's/.*--array=\([0-9]*\)-\([0-9]*\).*/\1/p' "$last")
end=$(sed -n 's/.*--array=\([0-9]*\)-\([0-9]*\).*/\2/p' "$last")
for i in $(seq "$first" "$end"); do
	SLURM_ARRAY_TASK_ID=$i sh "$last" || exit
done
`

// The test runs the commands of every page that no other test follows.
func TestDocsCommands(t *testing.T) {
	t.Parallel()
	for _, name := range documentationPages(t) {
		page := readPage(t, name)
		lines := commands(t, page)
		if len(lines) == 0 || slices.Contains([]string{"README.md", "docs/add-a-memory.md", "docs/add-an-experiment.md"}, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t)
			c.link("bin/bench", lookPath(t, "bench"))
			c.writeBooks()
			c.write("fakes/sbatch", fakeSbatch)
			if err := os.Chmod(filepath.Join(c.dir, "fakes/sbatch"), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, file := range regexp.MustCompile("save this as `(\\S+)`:\n\n```\\w+\n((?s).*?)```").FindAllStringSubmatch(page, -1) {
				c.write(file[1], file[2])
			}
			var output string
			for _, line := range lines {
				output += c.run(line)
			}
			if name == "docs/own-data.md" {
				// The tasks did everything except what they share, and a run equals its copy.
				for _, want := range []string{"runs/tiny/report/report.html\n", "\n0 cells done, ", "│ = (n=", "\ntoken perplexity,false,novel,"} {
					if !strings.Contains(output, want) {
						t.Errorf("the commands do not print %q but\n%s", want, output)
					}
				}
			}
		})
	}
}

// A call of bench within a sentence names an existing verb and existing options.
func TestDocumentationCalls(t *testing.T) {
	calls := 0
	for _, name := range documentationPages(t) {
		for _, call := range regexp.MustCompile("`(?:bin/)?bench ([^`]+)`").FindAllStringSubmatch(readPage(t, name), -1) {
			calls++
			root := newRoot(&environment{stdout: io.Discard, stderr: io.Discard}, verbs)
			found, rest, err := root.Find(strings.Fields(call[1]))
			if err == nil {
				err = found.ParseFlags(rest)
			}
			if err == nil && (found == root || found.HasSubCommands()) {
				err = knownVerb(found, found.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: %s: %v", name, call[0], err)
			}
		}
	}
	if calls == 0 {
		t.Error("no call of bench was found")
	}
}

// documentationPages are all handwritten pages, relative to the root of the repository.
func documentationPages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md", "docs/results/*/README.md", "reports/assets/*.md"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no page matches %s (%v)", pattern, err)
		}
		for _, path := range found {
			name, err := filepath.Rel("../..", path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, filepath.ToSlash(name))
		}
	}
	return all
}
