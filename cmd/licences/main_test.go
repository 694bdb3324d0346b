package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every module required by name in go.mod is listed, and so is the chart library; two
// of the licences are checked against the projects' own pages.
func TestRun(t *testing.T) {
	t.Chdir("../..")
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllSubmatch(mod, -1)
	if len(direct) < 10 {
		t.Errorf("go.mod has %d requirements", len(direct))
	}
	for _, m := range direct {
		if !strings.Contains(out.String(), " "+string(m[1])+" ") {
			t.Errorf("%s is not listed", m[1])
		}
	}
	for _, line := range []string{`(?m)^program +gorgonia\.org/gorgonia +\S+ +Apache-2\.0$`, `(?m)^program +github\.com/olekukonko/tablewriter +\S+ +MIT$`, `(?m)^program +npm: echarts +\S+ +Apache-2\.0$`, `(?m)^tools +honnef\.co/`} {
		if !regexp.MustCompile(line).MatchString(out.String()) {
			t.Errorf("no line %s in\n%s", line, out.String())
		}
	}
}

func TestCheck(t *testing.T) {
	if err := check([]dependency{{name: "a", licence: "MIT, Apache-2.0"}}); err != nil {
		t.Error(err)
	}
	for _, licence := range []string{"", "GPL-3.0", "MIT, AGPL-3.0"} {
		if err := check([]dependency{{name: "a", licence: licence}}); err == nil {
			t.Errorf("%q passes", licence)
		}
	}
}
