package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"infinibench/models/pretrained/pretrainedtest"
)

// launchers are fake cluster commands: they run the tasks locally, one after the other, and
// never queue one.
var launchers = map[string]string{
	"sbatch": `#!/bin/sh
for script; do :; done
first=$(sed -n 's/^#SBATCH.*--array=\([0-9]*\)-\([0-9]*\).*/\1/p' "$script")
last=$(sed -n 's/^#SBATCH.*--array=\([0-9]*\)-\([0-9]*\).*/\2/p' "$script")
export SLURM_JOB_ID=7 SLURM_ARRAY_TASK_MIN="${first:-0}" SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=$((${last:-0} - ${first:-0} + 1))
for i in $(seq "${first:-0}" "${last:-0}"); do
	SLURM_ARRAY_TASK_ID=$i bash "$script" >&2 || exit
done
echo 7
`,
	"squeue":  "#!/bin/sh\n",
	"scancel": "#!/bin/sh\n",
	"sacct":   "#!/bin/sh\necho Slurm accounting storage is disabled >&2\nexit 1\n",
	"srun":    "#!/bin/sh\nexec \"$@\"\n",
	"parallel": `#!/bin/sh
command=
while [ "$1" != ::: ]; do
	case $1 in -j) shift ;; *) command="$command $1" ;; esac
	shift
done
shift
for value; do
	sh -c "$(echo "$command" | sed "s/{}/$value/g")" || exit
done
`,
}

// launch gives a checkout the commands above.
func (c *checkout) launch(names ...string) {
	c.t.Helper()
	for _, name := range names {
		path := "fakes/" + name
		c.write(path, launchers[name])
		if err := os.Chmod(filepath.Join(c.dir, path), 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
}

// saved writes the files that a page says to save.
func (c *checkout) saved(page string) {
	c.t.Helper()
	for _, file := range regexp.MustCompile("save this as `(\\S+)`:\n\n```\\w+\n((?s).*?)```").FindAllStringSubmatch(page, -1) {
		c.write(file[1], file[2])
		if err := os.Chmod(filepath.Join(c.dir, file[1]), 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
}

// clusterSays is what the commands of docs/cluster.md print.
var clusterSays = []string{
	"\n#SBATCH --signal=B:USR1@120\n", "\njob ", ": the report, when they have ended\n",
	" cells done, ", // status
	" 0 to submit\n", "runs/smoke/report/report.html\n", "none of its jobs is waiting or running\n", "\n0 cells done, ",
}

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
			if name == "docs/pretrained.md" {
				c.writeModel("SmolLM2-135M")
			}
			c.launch(slices.Collect(maps.Keys(launchers))...)
			c.saved(page)
			var output string
			for _, line := range lines {
				output += c.run(line)
			}
			want := map[string][]string{
				"docs/own-data.md": {"runs/tiny/report/report.html\n", "│ = (n=", "\ntoken perplexity,false,novel,"}, // a run equals its copy
				"docs/cluster.md":  clusterSays,
				"docs/pretrained.md": {
					"its own context, 8,192 tokens", "no memory, segments of 512 tokens", "infini-delta plugged in, untrained, segments of 512 tokens",
					"\n7 cells, about ", "\n7 cells done, ", "runs/pretrained/report/report.html\n",
					"\nadapted: infini-delta, segment 512, ", "\npasskey: infini-delta, segment 512, ", "infini-delta as saved, segments of 512 tokens", `"zeroed": {`,
				},
			}
			for _, want := range want[name] {
				if !strings.Contains(output, want) {
					t.Errorf("the commands do not print %q but\n%s", want, output)
				}
			}
		})
	}
}

// writeModel writes a small model in place of the one that a page downloads, with as long a
// context, and texts that are longer than the training sequences of the profile pretrained.
func (c *checkout) writeModel(dir string) {
	c.t.Helper()
	if err := pretrainedtest.Write(filepath.Join(c.dir, dir), 1); err != nil {
		c.t.Fatal(err)
	}
	path := filepath.Join(c.dir, dir, "config.json")
	config, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	short := fmt.Appendf(nil, `"max_position_embeddings": %d,`, pretrainedtest.Context)
	if bytes.Count(config, short) != 1 {
		c.t.Fatalf("no %s in\n%s", short, config)
	}
	c.write(filepath.Join(dir, "config.json"), string(bytes.Replace(config, short, []byte(`"max_position_embeddings": 8192,`), 1)))
	for split, id := range map[string]int{"train": 1, "test": 3} {
		book := fmt.Sprintf("pg19/%s/%d.txt", split, id)
		c.write("data/"+book, strings.Repeat("It was a dark and stormy night; the rain fell in torrents.\n", 200))
		c.write("data/booksum/books_"+split+".jsonl", fmt.Sprintf(`{"book_id": %d, "title": "T", "book_path": %q, "summary": "%s: it rained."}`+"\n", id, book, split))
	}
	c.write("data/booksum/books_validation.jsonl", "")
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

// The manifest for Kubernetes is an indexed Job, whose pods run all shares of the cells by a
// call that bench accepts.
func TestKubernetesManifest(t *testing.T) {
	block := find(t, readPage(t, "docs/cluster.md"), "```yaml\n(apiVersion: (?s:.*?))```")[1]
	var job struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Spec       struct {
			CompletionMode           string `yaml:"completionMode"`
			Completions, Parallelism int
			Template                 struct {
				Spec struct {
					RestartPolicy string `yaml:"restartPolicy"`
					Containers    []struct{ Command []string }
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(block), &job); err != nil {
		t.Fatal(err)
	}
	s := job.Spec
	if job.APIVersion != "batch/v1" || job.Kind != "Job" || s.CompletionMode != "Indexed" || s.Template.Spec.RestartPolicy != "Never" || len(s.Template.Spec.Containers) != 1 {
		t.Fatalf("%+v", job)
	}
	command := strings.Join(s.Template.Spec.Containers[0].Command, " ")
	checkExample(t, &cobra.Command{Use: "documentation"}, command)
	if want := fmt.Sprintf("--cells $(JOB_COMPLETION_INDEX)/%d ", s.Completions); !strings.Contains(command, want) {
		t.Errorf("%q lacks %q, the share of %d", command, want, s.Completions)
	}
}
