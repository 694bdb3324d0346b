package experiments

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"infinibench/internal/config"
)

var nameLine = regexp.MustCompile(`(?m)^name: .*\n`)

// NewProfile returns the text of a built-in profile, with comments, under a new name.
func NewProfile(name, from string) ([]byte, error) {
	if !profileName.MatchString(name) {
		return nil, fmt.Errorf("got the name %q; allowed: up to 64 of a-z, 0-9 and -, as it names a directory", name)
	}
	if slices.Contains(ProfileNames(), name) {
		return nil, fmt.Errorf("%s is a built-in profile, and its results are in a directory of that name; choose another name", name)
	}
	data, err := builtinProfile(from)
	if err != nil {
		return nil, err
	}
	line, err := config.Marshal(struct {
		Name string `yaml:"name"`
	}{name}) // in quotes, if YAML would take the name for a number or a date
	if err != nil {
		return nil, err
	}
	data = nameLine.ReplaceAllLiteral(data, line)
	return data, config.Parse(name+".yaml", data, new(Profile))
}

// builtinProfile is the text of a built-in profile.
func builtinProfile(name string) ([]byte, error) {
	names := ProfileNames()
	if slices.Contains(names, name) {
		return builtin.ReadFile("profiles/" + name + ".yaml")
	}
	hint := ""
	if near := config.Nearest(name, names); near != "" {
		hint = fmt.Sprintf(" (did you mean %s?)", near)
	}
	return nil, fmt.Errorf("no profile %q%s; the built-in ones are %s", name, hint, strings.Join(names, ", "))
}
