package reports

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// citation is what names a run in a paper: what made it, of what, when and how.
type citation struct {
	Version string // of bench
	Commit  string // "" if the version does not name one
	Machine string
	Hash    string // of the configurations of all cells, see configurations
	Date    string // of the last cell, UTC; "" if no cell has recorded it
	Command string
	BibTeX  string
}

// cite describes the run. Where its cells were made by several programs or machines, it
// names the one with the most cells and the number of others.
func (d *Document) cite() citation {
	c := citation{Command: d.Command, Hash: configurations(d.run.Records)}
	counts := map[results.Environment]int{}
	var most results.Environment
	for _, record := range d.run.Records {
		e := record.Result.Environment
		if e == (results.Environment{}) {
			continue
		}
		if counts[e]++; counts[e] > counts[most] {
			most = e
		}
		if t := record.Timing; t != nil && t.Finished > c.Date { // dates in ISO 8601 sort as texts
			c.Date = table.Clean(t.Finished)
		}
	}
	if len(counts) > 0 {
		c.Version = table.Clean(most.Version)
		c.Machine = table.Clean(fmt.Sprintf("%s, %s, %s, %s, %s", most.CPU, plural(most.Threads, "thread"), most.OS, most.BLAS, most.Go))
		if found := commitOf.FindStringSubmatch(c.Version); found != nil {
			c.Commit = found[1]
		}
		if others := len(counts) - 1; others > 0 {
			c.Machine += fmt.Sprintf(", and %s (see Settings)", plural(others, "other environment"))
		}
	}
	c.BibTeX = c.bibTeX(d.Profile)
	return c
}

// commitOf finds the commit at the end of what git describe or the go command write.
var commitOf = regexp.MustCompile(`(?:^|-g?)([0-9a-f]{7,40})(?:[-+]dirty)?$`)

// configurations is a hash of the configurations of all cells: equal for two runs of the
// same cells with the same settings.
func configurations(records []Record) string {
	var all []string
	for _, record := range records {
		all = append(all, record.Result.ConfigHash)
	}
	slices.Sort(all)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(all, "\n"))))[:16]
}

// bibTeX is the entry of a run for a list of references.
func (c citation) bibTeX(profile string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "@misc{infinibench-%s,\n", c.Hash)
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %s = {%s},\n", name, value)
		}
	}
	field("title", "{Infini-attention reproduced: run "+table.LaTeX(profile)+"}")
	field("howpublished", strings.TrimSpace("infinibench "+table.LaTeX(c.Version)))
	if len(c.Date) >= len("2006") {
		field("year", table.LaTeX(c.Date[:4]))
		field("date", table.LaTeX(c.Date))
	}
	note := []string{"configurations " + c.Hash}
	if c.Machine != "" {
		note = append(note, table.LaTeX(c.Machine))
	}
	field("note", strings.Join(append(note, table.LaTeX(c.Command)), "; "))
	b.WriteString("}\n")
	return b.String()
}
