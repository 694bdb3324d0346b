// Package live shows a run in progress on a self-updating page. It reads the files of
// runs/<profile> and writes nothing, so the run may be another process, started earlier or
// later, or finished.
package live

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// Watch reads one directory, runs/<profile>, on request only. It skips unchanged files and
// reads only the new lines of a log, so that it does not slow down a training. It is safe
// for concurrent use.
type Watch struct {
	dir     string
	profile string
	now     func() time.Time

	// Ledger is the memory at the paper's own sizes, for the claim about it. It takes the
	// models, so the caller hands it in; it is called once. Without it that claim is left out.
	Ledger func() (*results.Ledger, error)
	cards  cards

	mutex sync.Mutex
	files map[string]*kept // by path below dir
	logs  map[string]*tail // the same
	state *State
	at    time.Time // of the state
}

// NewWatch watches a directory, which need not be there yet, of the profile of that name.
func NewWatch(dir, profile string) *Watch {
	return &Watch{dir: dir, profile: profile, now: time.Now}
}

// freshness is how long a state is cached: the files are read at most once a second, for
// any number of clients.
const freshness = time.Second

// State is the progress of the run.
func (w *Watch) State() *State {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if now := w.now(); w.state == nil || now.Sub(w.at) >= freshness || now.Before(w.at) {
		w.state, w.at = w.look(), now
	}
	return w.state
}

// kept is what was made of a file, for as long as the file is the same.
type kept struct {
	info  fs.FileInfo
	value any
	err   error
}

// view is one look at the directory.
type view struct {
	root     *os.Root
	before   *Watch
	files    map[string]*kept
	logs     map[string]*tail
	warnings []string
}

func (v *view) warn(name string, err error) {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	v.warnings = append(v.warnings, table.Clean(fmt.Sprintf("%s: %v", name, err)))
}

// read returns the parsed file and its modification time. found is false if the file does
// not exist or is unusable; the latter adds a warning.
func read[T any](v *view, name string, parse func([]byte) (T, error)) (value T, at time.Time, found bool) {
	k := v.files[name]
	if k == nil {
		k = v.open(name, func(raw []byte) (any, error) { return parse(raw) })
		v.files[name] = k
	}
	if errors.Is(k.err, fs.ErrNotExist) {
		return value, at, false
	}
	if k.err != nil {
		v.warn(name, k.err)
		return value, at, false
	}
	return k.value.(T), k.info.ModTime(), true
}

func (v *view) open(name string, parse func([]byte) (any, error)) *kept {
	info, err := regular(v.root, name)
	if err != nil {
		return &kept{err: err}
	}
	if old := v.before.files[name]; old != nil && old.info != nil && same(old.info, info) {
		return old
	}
	f, err := v.root.Open(name)
	if err != nil {
		return &kept{err: err}
	}
	defer f.Close()
	raw, err := results.ReadAll(f)
	k := &kept{info: info, err: err}
	if err == nil {
		k.value, k.err = parse(raw)
	}
	return k
}

// regular is about a file, if it is one: a pipe would never end, and a link leads
// elsewhere.
func regular(root *os.Root, name string) (fs.FileInfo, error) {
	info, err := root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a plain file: left out")
	}
	return info, err
}

// same tells that a file is as it was: files are replaced, or added to.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
