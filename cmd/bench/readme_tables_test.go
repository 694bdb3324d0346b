package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/results"
)

// The table of verbs lists the program's verbs, in its order.
func TestReadmeVerbs(t *testing.T) {
	var want, got []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if !cmd.HasSubCommands() && cmd.Name() != "help" {
			want = append(want, strings.TrimPrefix(cmd.CommandPath(), "bench "))
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(&environment{stdout: io.Discard, stderr: io.Discard}, verbs))
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z ]+)` \\| ").FindAllStringSubmatch(section(t, "## The command"), -1) {
		got = append(got, row[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("the README has the verbs\n%q, the program\n%q", got, want)
	}
}

// Settings, built-in profiles and their numbers of cells match the program.
func TestReadmeProfiles(t *testing.T) {
	var keys []string
	for _, settings := range []reflect.Type{reflect.TypeFor[results.ModelSettings](), reflect.TypeFor[results.TrainingSettings]()} {
		for f := range settings.Fields() {
			key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			keys = append(keys, key)
		}
	}
	rows := regexp.MustCompile("(?m)\\| (none|`\\w+`) \\|$").FindAllStringSubmatch(section(t, "## Our choices"), -1)
	for _, row := range rows {
		if key := strings.Trim(row[1], "`"); key != "none" && !slices.Contains(keys, key) {
			t.Errorf("the README names the setting %s, which profiles do not have", key)
		}
	}
	var names []string
	for _, row := range regexp.MustCompile("(?m)^\\| \\[`(\\w+)`\\].* \\| (\\d+) \\| ").FindAllStringSubmatch(section(t, "## A profile"), -1) {
		p, err := experiments.LoadProfile(row[1])
		if err != nil {
			t.Error(err)
		} else if n := fmt.Sprint(len(p.Cells())); n != row[2] {
			t.Errorf("the README says that %s has %s cells, it has %s", row[1], row[2], n)
		}
		names = append(names, row[1])
	}
	profile := find(t, section(t, "## A profile"), "```yaml\n((?s)name: .*?)```")[1]
	block := find(t, section(t, "## A profile"), "```yaml\n((?s)baselines:.*?)```")[1]
	path := filepath.Join(t.TempDir(), "books.yaml")
	if err := os.WriteFile(path, []byte(profile+block), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := experiments.LoadProfile(path); err != nil {
		t.Errorf("the README's profile with its baselines: %v", err)
	}
	slices.Sort(names)
	if want := experiments.ProfileNames(); len(rows) == 0 || !slices.Equal(names, want) {
		t.Errorf("the README has %d settings and the profiles %q; the built-in ones are %q", len(rows), names, want)
	}
}

// section is the part of the README below a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, text, _ := strings.Cut(readPage(t, "README.md"), "\n"+heading)
	text, _, _ = strings.Cut(text, "\n## ")
	if text == "" {
		t.Fatalf("the README has no section %q", heading)
	}
	return text
}

// The results match the run in docs/results/tiny: its verdicts, and its numbers in order,
// rounded or, at the end of an interval, widened by less than one unit of the last digit.
func TestReadmeResults(t *testing.T) {
	claims, results := tableRows(readPage(t, "docs/results/tiny/claims.md")), section(t, "## Results")
	rows := tableRows(results)
	if len(rows) != len(claims) || len(rows) == 0 {
		t.Fatalf("%d rows, the run has %d claims", len(rows), len(claims))
	}
	for i, row := range rows {
		if row[1] != claims[i][1] {
			t.Errorf("%s: %s, in the run %s", row[0], row[1], claims[i][1])
		}
		wantNumbers(t, row[2], claims[i][3]+" "+claims[i][5])
	}
	var books string
	for _, corpus := range []string{"pg19", "arxiv-math"} {
		for _, over := range []string{"Transformer-XL", "Memorizing Transformer", "Local only (control)"} {
			for _, row := range tableRows(readPage(t, "docs/results/books/ratios-"+corpus+".md")) {
				if row[0] == "Infini-Transformer (Linear + Delta)" && row[1] == over {
					books += " " + row[3] + " " + row[4]
				}
			}
		}
	}
	_, real, _ := strings.Cut(results, "the perplexity of Linear + Delta is ")
	real, _, found := strings.Cut(real, "times theirs")
	if !found || strings.Count(real, "[") != 6 || strings.Count(books, "to") != 6 {
		t.Errorf("the sentence on real text: %q, the run: %q", real, books)
	}
	wantNumbers(t, strings.ReplaceAll(real, "PG19", ""), books)
	var overLocal string
	for _, corpus := range []string{"novel", "proof"} {
		for _, row := range tableRows(readPage(t, "docs/results/tiny/perplexity-"+corpus+".md")) {
			if row[0] == "Infini-Transformer (Linear)" || row[0] == "Infini-Transformer (Linear + Delta)" {
				overLocal += " " + row[5] + " " + row[6]
			}
		}
	}
	_, text, _ := strings.Cut(results, "\nThe perplexity of Infini-attention is ")
	text, _, found = strings.Cut(text, "on *proof*.")
	if !found || strings.Count(overLocal, "to") != 4 {
		t.Fatalf("the sentence on a model without memory: %q, the run: %q", text, overLocal)
	}
	wantNumbers(t, text, overLocal)
}

// wantNumbers reports numbers of text that do not occur in of, in the same order.
func wantNumbers(t *testing.T, text, of string) {
	t.Helper()
	numbers := regexp.MustCompile(`\d[\d,]*(\.\d+)?`)
	value := func(s string) float64 {
		v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSuffix(s, ","), ",", ""), 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	rest := numbers.FindAllString(of, -1)
	for _, n := range numbers.FindAllString(text, -1) {
		_, decimals, _ := strings.Cut(strings.TrimSuffix(n, ","), ".")
		at := slices.IndexFunc(rest, func(x string) bool {
			return math.Abs(value(x)-value(n)) < 0.999*math.Pow(10, -float64(len(decimals)))
		})
		if at < 0 {
			t.Errorf("%q: the run has no %s there: %q", text, n, of)
			return
		}
		rest = rest[at+1:]
	}
}

// tableRows are the cells of the Markdown tables of a text, without their headers.
func tableRows(text string) [][]string {
	var rows [][]string
	body := false
	for _, line := range strings.Split(text, "\n") {
		switch {
		case !strings.HasPrefix(line, "|"):
			body = false
		case strings.HasPrefix(line, "|-"), strings.HasPrefix(line, "|:"):
			body = true
		case body:
			var cells []string
			for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
				cells = append(cells, strings.TrimSpace(c))
			}
			rows = append(rows, cells)
		}
	}
	return rows
}
