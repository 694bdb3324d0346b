package experiments

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
)

// Shared work of a process that loses the directory halfway is done again, whether the loss
// shows in a write or in something else that no longer works.
func TestLostSharedWork(t *testing.T) {
	t.Setenv(lease.FlockVariable, "off")
	dir := t.TempDir()
	tries := 0
	err := once(t.Context(), dir, func(context.Context) error {
		if tries++; tries > 2 {
			return atomicfile.Write(filepath.Join(dir, "file"), nil)
		}
		if err := os.RemoveAll(filepath.Join(dir, ".owner")); err != nil { // as by a process that dies at once
			t.Fatal(err)
		}
		if tries == 2 {
			return errors.New("what another process is changing cannot be read")
		}
		return atomicfile.Write(filepath.Join(dir, "file"), nil)
	})
	if _, missing := os.Stat(filepath.Join(dir, "file")); err != nil || missing != nil || tries != 3 {
		t.Errorf("%d tries: %v, %v", tries, err, missing)
	}
	// Another error is one.
	broken := errors.New("broken")
	if err := once(t.Context(), dir, func(context.Context) error { return broken }); err != broken {
		t.Errorf("got %v", err)
	}
}
