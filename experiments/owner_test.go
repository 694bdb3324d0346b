package experiments

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"infinibench/internal/results"
)

// What a lock file says is read back as whose it is, and so is that its process is gone.
func TestOwner(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	read := func() (results.Owner, bool) {
		text, err := os.ReadFile(filepath.Join(dir, lockName))
		if err != nil {
			t.Fatal(err)
		}
		return results.ParseOwner(string(text))
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	o, found := read()
	if age := time.Since(o.Since); !found || o.Process != os.Getpid() || o.Host != host || age < 0 || age > time.Hour || o.Gone() {
		t.Errorf("%+v, %v: want this process, just now", o, found)
	}
	unlock()
	if o, found := read(); found {
		t.Errorf("a released lock still belongs to %+v", o)
	}

	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Skip("no process to end: ", err)
	}
	if o := (results.Owner{Process: child.Process.Pid, Host: host}); !o.Gone() {
		t.Errorf("%+v has ended, and is not gone", o)
	}
	if o := (results.Owner{Process: child.Process.Pid, Host: "not-" + host}); o.Gone() {
		t.Error("of another host's processes nothing is known")
	}
}

func TestParseOwner(t *testing.T) {
	tests := []struct {
		text  string
		want  results.Owner
		found bool
	}{
		{"process 7 on a.b, since 2026-01-02T03:04:05Z", results.Owner{Process: 7, Host: "a.b", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, true},
		{"process 7 on an unknown host, since 2026-01-02T03:04:05Z", results.Owner{Process: 7, Host: "an unknown host", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, true},
		{"", results.Owner{}, false},
		{"process 0 on a, since 2026-01-02T03:04:05Z", results.Owner{}, false}, // kill(0) would ask of the whole group
		{"process -1 on a, since 2026-01-02T03:04:05Z", results.Owner{}, false},
		{"process x on a, since 2026-01-02T03:04:05Z", results.Owner{}, false},
		{"process 7 on a, since noon", results.Owner{}, false},
		{"process 7", results.Owner{}, false},
	}
	for _, test := range tests {
		if o, found := results.ParseOwner(test.text); found != test.found || found && (o.Process != test.want.Process || o.Host != test.want.Host || !o.Since.Equal(test.want.Since)) {
			t.Errorf("%q: %+v, %v", test.text, o, found)
		}
	}
}
