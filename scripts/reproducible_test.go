package scripts_test

import (
	"strings"
	"testing"
)

// The script builds the same files twice, in different directories and with empty caches,
// and reports a build that depends on its directory.
func TestReproducibleTellsBuildsApart(t *testing.T) {
	m := newFakeMachine(t, "scripts/reproducible.sh")
	for _, name := range []string{"mktemp", "rm", "tar", "xargs", "sha256sum"} {
		m.link(name)
	}
	m.write("cmd/bench/main.go", "package main\n")
	m.write("untracked", "")
	m.command("git", `printf 'cmd/bench/main.go\0'`)
	const build = `[ -e untracked ] && echo "a file that git does not know" >&2 && exit 1
[ -e "$GOCACHE" ] && echo "the cache is not empty" >&2 && exit 1
mkdir -p "$GOCACHE"; case "$*" in *-trimpath*"main.version=v9"*) ;; *) exit 1;; esac
`
	m.env = append(m.env, "VERSION=v9")
	m.command("go", build+"cat cmd/bench/main.go >bench")
	status, output, calls := m.run("scripts/reproducible.sh")
	// From printf 'package main\n' | sha256sum.
	const sum = "df1d036cbbf3df46e2045071e082245ece204c7f53ecf0a4e022bff9bb228f47"
	lines := strings.Fields(output)
	if status != 0 || len(lines) != 4 || lines[1] != lines[3] || strings.Count(calls, "go build ") != 2 {
		t.Errorf("status %d, output\n%s\ncalls\n%s", status, output, calls)
	} else if lines[1] != sum {
		t.Errorf("the sum is %s, want %s", lines[1], sum)
	}
	m.command("go", build+"pwd >bench")
	if status, output, _ := m.run("scripts/reproducible.sh"); status != 1 || !strings.HasSuffix(output, "the two builds differ\n") {
		t.Errorf("status %d, output\n%s", status, output)
	}
}
