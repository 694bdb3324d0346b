package scripts_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func TestHelpListsEveryTarget(t *testing.T) {
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	phony := regexp.MustCompile(`(?m)^\.PHONY: (.*)$`).FindSubmatch(text)
	if phony == nil {
		t.Fatal("the Makefile has no .PHONY line")
	}
	help := makeOutput(t, "help")
	for _, target := range strings.Fields(string(phony[1])) {
		if !regexp.MustCompile(`(?m)^  make ` + target + ` `).MatchString(help) {
			t.Errorf("make help does not list %s:\n%s", target, help)
		}
	}
}

func TestMakePassesProfileAndDataOn(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"reproduce"}, `bin/bench reproduce --profile "tiny"`},
		{[]string{"reproduce", "PROFILE=small"}, `bin/bench reproduce --profile "small"`},
		{[]string{"reproduce", "DATA=my books"}, `bin/bench reproduce --profile "tiny" --data "my books"`},
		{[]string{"plan", "DATA=/data"}, `bin/bench plan --profile "tiny" --data "/data"`},
		{[]string{"report", "PROFILE=small"}, `bin/bench report --profile "small"`},
	}
	for _, test := range tests {
		output := strings.Split(strings.TrimSpace(makeOutput(t, append([]string{"-n"}, test.args...)...)), "\n")
		if got := strings.TrimSpace(output[len(output)-1]); got != test.want {
			t.Errorf("make %s runs %s, want %s", strings.Join(test.args, " "), got, test.want)
		}
	}
}

func makeOutput(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("make", append([]string{"-C", "..", "--no-print-directory"}, args...)...)
	// Variables given to an outer make would reach this one through MAKEFLAGS.
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); name != "MAKEFLAGS" && name != "MAKEOVERRIDES" && name != "PROFILE" && name != "DATA" {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return string(output)
}
