package main

import (
	"fmt"
	"go/format"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// The documentation is executed: a command in a shell block fails the test if it fails or if
// no test runs it.

func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	page := readPage(t, "README.md")
	c := newCheckout(t)
	c.link("bin/bench", lookPath(t, "bench"))
	profile := find(t, page, "save it as `(\\S+)`:\n\n```yaml\n((?s).*?)```")
	c.write(profile[1], profile[2])
	c.writeBooks()
	c.writeModel("SmolLM2-135M")
	for _, command := range commands(t, page) {
		c.run(command)
	}
	for _, name := range []string{"runs/tiny/report/report.html", "runs/smoke/report/report.html", "runs/my-books/report/tables/summary.md"} {
		if _, err := os.Stat(filepath.Join(c.dir, name)); err != nil {
			t.Errorf("after the commands of the README: %v", err)
		}
	}
}

// The page's files are laid over the repository with the go command's -overlay, which
// leaves the repository unchanged.
func TestAddAMemory(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/add-a-memory.md")
	c := newCheckout(t)
	c.follow(page, 2, 1) // the memory and its test; the list
	var output string
	for _, command := range commands(t, page) {
		output += c.run(command)
	}
	for _, want := range []string{"--- PASS: TestDecayed ", "perplexity-novel-decayed-128-seed1", "\ndecayed  ", "│ decayed "} {
		if !strings.Contains(output, want) {
			t.Errorf("the commands of the page do not print %q but\n%s", want, output)
		}
	}
}

// The page's experiment runs, and its numbers appear in the table and the chart.
func TestAddAnExperiment(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/add-an-experiment.md")
	c := newCheckout(t)
	c.follow(page, 4, 4) // the types, the work, the section and its template; two fields and two lists
	var output string
	for _, command := range commands(t, page) {
		output += c.run(command)
	}
	for _, want := range []string{"fading-infini-linear-32", "fading-infini-delta-32", "\n2 cells done, "} {
		if !strings.Contains(output, want) {
			t.Errorf("the commands of the page do not print %q but\n%s", want, output)
		}
	}
	report := filepath.Join(c.dir, "runs/mine/report")
	table, err := os.ReadFile(filepath.Join(report, "tables/fading.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(table)), "\n")
	if len(rows) != 1+2*6 || rows[0] != "model,writes,share_left" {
		t.Errorf("want 1 to 32 writes for two rules, got\n%s", table)
	}
	// In a wide head Linear keeps r/(n-1+r) after n writes, r = 1.45974 (recall_curve.go):
	// 0.173 at n = 8. In a head of 64, each of the other 7 values adds noise of 1/√64 times its
	// weight, 1/8.46: √7/(8.46·8) = 0.04 in a trial, 0.004 in the mean of 100.
	const r = 1.45974
	i := slices.IndexFunc(rows, func(row string) bool { return strings.HasPrefix(row, "Linear,8,") })
	if i < 0 {
		t.Fatalf("no row of Linear at 8 writes in\n%s", table)
	}
	share, err := strconv.ParseFloat(strings.TrimPrefix(rows[i], "Linear,8,"), 64)
	if err != nil || math.Abs(share-r/(7+r)) > 0.02 { // five times that
		t.Errorf("after 8 writes Linear has %v, want %.3f (%v)", share, r/(7+r), err)
	}
	html, err := os.ReadFile(filepath.Join(report, "report.html"))
	if err != nil || !strings.Contains(string(html), `data-chart="chart-fading"`) {
		t.Errorf("the page lacks the chart (%v)", err)
	}
	if _, err := os.Stat(filepath.Join(report, "figures/fading.svg")); err != nil {
		t.Error(err)
	}
}

// follow applies a page of docs and builds the command: it writes the page's files, checks
// their number, and appends entries to lists and structs.
func (c *checkout) follow(page string, files, entries int) {
	c.t.Helper()
	formatted := func(name, text string) {
		if filepath.Ext(name) != ".go" {
			return
		}
		if clean, err := format.Source([]byte(text)); err != nil || string(clean) != text {
			c.t.Errorf("%s is not as gofmt has it (%v)", name, err)
		}
	}
	written := regexp.MustCompile("`(\\S+/\\S+)`:\n\n```\\w+\n((?s).*?)```").FindAllStringSubmatch(page, -1)
	added := regexp.MustCompile("In `(\\S+)`, add to\\s`(\\w+)`:\n\n```go\n((?s).*?)```").FindAllStringSubmatch(page, -1)
	if len(written) != files || len(added) != entries {
		c.t.Fatalf("the page has %d files and %d entries, want %d and %d", len(written), len(added), files, entries)
	}
	for _, f := range written {
		formatted(f[1], f[2])
		c.overlay(f[1], f[2])
	}
	for _, entry := range added {
		text := readPage(c.t, entry[1])
		list := find(c.t, text, "\n(?:var|type) "+entry[2]+" .*\\{\n(?s:.*?)\n}\n")[0]
		text = strings.Replace(text, list, strings.TrimSuffix(list, "}\n")+entry[3]+"}\n", 1)
		formatted(entry[1], text)
		c.overlay(entry[1], text)
	}
	c.gotool("build", "-ldflags=-s -w", "-o", filepath.Join(c.dir, "bin/bench"), "./cmd/bench")
}

// commands are the lines of a page's shell blocks.
func commands(t *testing.T, page string) []string {
	var lines []string
	for _, block := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```").FindAllStringSubmatch(page, -1) {
		switch block[1] {
		case "sh":
			if strings.HasPrefix(block[2], "#!") {
				continue // a file to be saved, run by the command that names it
			}
			lines = append(lines, strings.Split(strings.TrimSpace(block[2]), "\n")...)
		case "go", "html", "yaml":
		default:
			t.Errorf("a block of %q, which no test covers", block[1])
		}
	}
	return lines
}

// A checkout is a directory with the files that commands expect in a clone.
type checkout struct {
	t        *testing.T
	dir      string
	replaced []string // "path": "replacement", for -overlay
}

func newCheckout(t *testing.T) *checkout {
	c := &checkout{t: t, dir: t.TempDir()}
	c.link("experiments", absolute(t, "../../experiments"))
	return c
}

// run executes a command of the documentation and returns its output. It replaces make by
// the command that make would run, and cuts every profile down to a moment's work.
func (c *checkout) run(command string) string {
	c.t.Helper()
	words := strings.Fields(command)
	switch {
	case words[0] == "make":
		planned := strings.Split(strings.TrimSpace(dryMake(c.t, words[1:]...)), "\n")
		if last := strings.TrimSpace(planned[len(planned)-1]); strings.HasPrefix(last, "bin/bench ") {
			return c.run(last)
		}
		return "" // make knows the target
	case strings.HasPrefix(command, "bin/bench data fetch "), strings.HasPrefix(command, "bin/bench model fetch "): // a download: only the call is checked
		checkExample(c.t, &cobra.Command{Use: "documentation"}, command)
		return ""
	case strings.HasPrefix(command, "go test "):
		return c.gotool(words[1:]...)
	case slices.Contains(words, "bin/bench"):
		return c.shell(regexp.MustCompile(`--profile "([^"]+)"`).ReplaceAllStringFunc(command, func(flag string) string {
			return fmt.Sprintf("--profile %q", c.miniature(strings.Split(flag, `"`)[1]))
		}))
	case strings.HasPrefix(command, "cp experiments/profiles/"):
		c.write(words[2], c.cut(filepath.Join("../..", words[1])))
		return ""
	case slices.Contains([]string{"cp", "sbatch", "sed"}, words[0]):
		return c.shell(command)
	}
	c.t.Errorf("no test covers the command %q", command)
	return ""
}

// cuts make a profile small by its text, since the program under test may know models
// that this one does not: one seed, two steps, two models on the first text, and the
// cost, if it is measured, at one length.
var cuts = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\bseeds: \[.*?\]`), "seeds: [1]"},
	{regexp.MustCompile(`\bsteps: \d+`), "steps: 2"},
	{regexp.MustCompile(`\bwarmup_steps: \d+`), "warmup_steps: 1"},
	{regexp.MustCompile(`\bdocuments: \d+`), "documents: 1"},
	{perplexities, "$1"},
	{regexp.MustCompile(`\bmodels: \[([\w-]+, [\w-]+).*?\]`), "models: [$1]"},
	{regexp.MustCompile(`\b(lengths: \[\d+|length: \d+)(, \d+)*`), "$1"}, // a list, or a single length
}

// perplexities are the entries of a profile's perplexity, which not every profile has.
var perplexities = regexp.MustCompile(`(?m)^(perplexity:.*\n  - .*\n)(  - .*\n)*`)

// miniature writes a small version of a profile, of the same name, and returns its
// path.
func (c *checkout) miniature(profile string) string {
	c.t.Helper()
	from, to := filepath.Join(c.dir, profile), profile
	if filepath.Ext(profile) != ".yaml" {
		from, to = filepath.Join("../../experiments/profiles", profile+".yaml"), profile+".yaml"
	}
	c.write(to, c.cut(from))
	return to
}

// cut is a small version of the profile in a file.
func (c *checkout) cut(from string) string {
	c.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		c.t.Fatal(err)
	}
	text := string(data)
	for _, cut := range cuts {
		if !cut.pattern.MatchString(text) && (cut.pattern != perplexities || strings.Contains(text, "\nperplexity:")) {
			c.t.Errorf("%s: nothing to cut like %v", from, cut.pattern)
		}
		text = cut.pattern.ReplaceAllString(text, cut.with)
	}
	return text
}

// writeBooks writes a book, and several in the layout of PG19, to the paths that the
// documentation names.
func (c *checkout) writeBooks() {
	book := strings.Repeat("It was a dark and stormy night; the rain fell in torrents.\n", 40)
	for _, name := range []string{"book.txt", "data/pg19/train/1.txt", "data/pg19/train/2.txt", "data/pg19/test/3.txt", "data/pg19/test/4.txt"} {
		c.write(name, book)
	}
	c.write("data/pg19/validation/.keep", "")
	c.write("data/pg19/metadata.csv", "1,One,1830,u\n2,Two,1830,u\n3,Three,1830,u\n4,Four,1830,u\n")
}

func (c *checkout) shell(command string) string {
	c.t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(c.dir, "fakes")+string(os.PathListSeparator)+os.Getenv("PATH"))
	return c.output(command, cmd)
}

// gotool runs the go command in the repository, with the overlay.
func (c *checkout) gotool(args ...string) string {
	c.t.Helper()
	c.write("overlay.json", `{"Replace": {`+strings.Join(c.replaced, ", ")+`}}`)
	args = slices.Insert(args, 1, "-buildvcs=false", "-overlay", filepath.Join(c.dir, "overlay.json"))
	cmd := exec.Command("go", args...)
	cmd.Dir = "../.."
	return c.output("go "+strings.Join(args, " "), cmd)
}

func (c *checkout) output(command string, cmd *exec.Cmd) string {
	c.t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

func (c *checkout) overlay(path, text string) {
	c.t.Helper()
	c.write(filepath.Join("overlay", path), text)
	c.replaced = append(c.replaced, fmt.Sprintf("%q: %q", absolute(c.t, filepath.Join("../..", path)), filepath.Join(c.dir, "overlay", path)))
}

func (c *checkout) write(name, text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *checkout) link(name, target string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		c.t.Fatal(err)
	}
}

// dryMake is what make would run.
func dryMake(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(lookPath(t, "make"), append([]string{"-C", "../..", "--no-print-directory", "-n"}, args...)...)
	// The variables of an outer make would reach this one.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "PROFILE", "DATA"}, name)
	})
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func find(t *testing.T, text, pattern string) []string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("the text has no %q", pattern)
	}
	return match
}

func lookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("the documentation needs %s: %v", name, err)
	}
	return path
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
