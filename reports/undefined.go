package reports

import (
	"fmt"
	"maps"
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
	explained := map[string]bool{}
	if p := r.Perplexity; p != nil {
		with := map[string][]string{} // the scores without a quantity, by quantity and reason
		for _, s := range []struct {
			name  string
			score *results.Score
		}{{"intact", &p.Intact}, {"zeroed", p.Zeroed}, {"shuffled", p.Shuffled}} {
			if s.score == nil {
				continue
			}
			for quantity, why := range s.score.Undefined {
				key := quantity + "\x00" + why
				with[key] = append(with[key], s.name)
				explained["perplexity."+s.name+"."+quantity] = true
			}
		}
		for _, key := range slices.Sorted(maps.Keys(with)) {
			quantity, why, _ := strings.Cut(key, "\x00")
			all = append(all, fmt.Sprintf("no %s (%s): %s", quantity, strings.Join(with[key], ", "), why))
		}
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
