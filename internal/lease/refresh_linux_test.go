package lease

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"infinibench/internal/atomicfile"
)

// A new holder sees what the last one wrote through another mount, although this mount
// remembers how long the file was before. Two file systems in user space are like two
// machines.
func TestRefresh(t *testing.T) {
	bindfs, err := exec.LookPath("bindfs")
	if err != nil {
		t.Skip("no file system in user space: apt-get install bindfs")
	}
	folder := t.TempDir()
	var paths []string
	for range 2 {
		place := t.TempDir()
		if out, err := exec.Command(bindfs, "--no-allow-other", folder, place).CombinedOutput(); err != nil {
			t.Skipf("bindfs: %v: %s", err, out)
		}
		t.Cleanup(func() { unix.Unmount(place, unix.MNT_DETACH) })
		paths = append(paths, filepath.Join(place, "cell", "file"))
	}
	l := try(t, filepath.Dir(paths[1]))
	defer l.Release()
	short, long := []byte("short"), bytes.Repeat([]byte("long"), 1000)
	if err := atomicfile.Write(paths[1], short); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(paths[1]); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(paths[0], long); err != nil {
		t.Fatal(err)
	}
	stale, err := os.ReadFile(paths[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("without it, %d of %d bytes", len(stale), len(long))
	if _, err := os.Stat(paths[1]); err != nil { // remembers the size of now
		t.Fatal(err)
	}
	long = append(long, long...)
	if err := atomicfile.Write(paths[0], long); err != nil {
		t.Fatal(err)
	}
	l.Refresh()
	if fresh, err := os.ReadFile(paths[1]); err != nil || !bytes.Equal(fresh, long) {
		t.Errorf("%d of %d bytes, %v", len(fresh), len(long), err)
	}
}
