package results

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestGone(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Skip("no process to end: ", err)
	}
	if o := (Owner{Process: child.Process.Pid, Host: host}); !o.Gone() {
		t.Errorf("%+v has ended, and is not gone", o)
	}
	if o := (Owner{Process: child.Process.Pid, Host: "not-" + host}); o.Gone() {
		t.Error("of another host's processes nothing is known")
	}
}

func TestParseOwner(t *testing.T) {
	tests := []struct {
		text  string
		want  Owner
		found bool
	}{
		{"process 7 on a.b, since 2026-01-02T03:04:05Z", Owner{Process: 7, Host: "a.b", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, true},
		{"process 7 on an unknown host, since 2026-01-02T03:04:05Z", Owner{Process: 7, Host: "an unknown host", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, true},
		{"", Owner{}, false},
		{"process 0 on a, since 2026-01-02T03:04:05Z", Owner{}, false}, // kill(0) would ask of the whole group
		{"process -1 on a, since 2026-01-02T03:04:05Z", Owner{}, false},
		{"process x on a, since 2026-01-02T03:04:05Z", Owner{}, false},
		{"process 7 on a, since noon", Owner{}, false},
		{"process 7", Owner{}, false},
	}
	for _, test := range tests {
		if o, found := ParseOwner(test.text); found != test.found || found && (o.Process != test.want.Process || o.Host != test.want.Host || !o.Since.Equal(test.want.Since)) {
			t.Errorf("%q: %+v, %v", test.text, o, found)
		}
	}
}
