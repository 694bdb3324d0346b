package experiments

import (
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/config"
)

// Setting is the value of one key in force, beside the paper's.
type Setting struct {
	Key    string `json:"key"`            // "perplexity[0].length"
	Value  string `json:"value"`          // as in YAML, on one line
	Origin string `json:"origin"`         // "profile", or "default" where the profile leaves the key out
	Line   int    `json:"line,omitempty"` // of the profile; 0 for a default
	Paper  string `json:"paper"`          // what the paper states, alternatives separated by " or "; "" for nothing
	// Differs says that the profile sets something else than the paper states. Where it
	// leaves a key out, the default follows the paper.
	Differs bool `json:"differs"`
}

// ProfileSettings reads a profile as LoadProfile does and lists the effective settings, in the
// order of the keys.
func ProfileSettings(nameOrPath string) ([]Setting, error) {
	p, lines, err := readProfile(nameOrPath)
	if err != nil {
		return nil, err
	}
	keys := map[string]ProfileKey{}
	for _, k := range ProfileKeys() {
		keys[k.Path] = k
	}
	var all []Setting
	for _, v := range config.Values(p) {
		k := keys[v.Key]
		s := Setting{Key: v.Path, Value: v.Text, Origin: "profile", Line: lines[v.Path], Paper: k.Paper}
		if s.Line == 0 {
			s.Value, s.Origin = k.Absent, "default"
		} else {
			s.Differs = k.Paper != "" && !slices.ContainsFunc(strings.Split(k.Paper, " or "), func(paper string) bool { return sameValue(paper, v.Text) })
		}
		all = append(all, s)
	}
	return all, nil
}

// sameValue says whether two values in YAML are the same, 1e-4 and 0.0001 included.
func sameValue(a, b string) bool {
	if a == b {
		return true
	}
	x, err := strconv.ParseFloat(a, 64)
	if err != nil {
		return false
	}
	y, err := strconv.ParseFloat(b, 64)
	return err == nil && x == y
}
