package reports

import (
	"fmt"
	"slices"
	"strings"

	"infinibench/internal/finite"
	"infinibench/internal/results"
)

// undefined says which numbers of a result are not finite, and why where the result
// knows: "no word_perplexity (intact, zeroed): over 709 nats per word: …". The tables
// show them as a dash.
func undefined(r *results.Result) []string {
	var all []string
	var explained map[string]bool
	if s := sectionOf(r.Cell.Experiment); s != nil && s.undefined != nil {
		all, explained = s.undefined(r)
	}
	rest := slices.DeleteFunc(finite.Missing(r), func(path string) bool { return explained[path] })
	if len(rest) > 0 {
		all = append(all, notFinite(rest))
	}
	return all
}

// notFinite names numbers by their paths, the first few of them.
func notFinite(paths []string) string {
	const most = 3
	text := strings.Join(paths[:min(most, len(paths))], ", ")
	if more := len(paths) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return "not a finite number: " + text
}

// missing warns of a file beside a result with numbers that are not finite.
func (run *Run) missing(key, file string, of any) {
	if paths := finite.Missing(of); len(paths) > 0 {
		run.warn("%s/%s: %s", key, file, notFinite(paths))
	}
}
