package experiments

import (
	"os"
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
}
