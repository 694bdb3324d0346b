package experiments

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"infinibench/internal/atomicfile"
)

// finish writes the result of a cell, its last file, with a digest of the samples that
// it sums up.
func (c cellFiles) finish(r *Result) error {
	paths, err := filepath.Glob(c.path("samples*.jsonl"))
	if err != nil {
		return err
	}
	r.Samples = map[string]string{}
	for _, path := range paths {
		if r.Samples[filepath.Base(path)], err = digest(path); err != nil {
			return err
		}
	}
	return writeJSON(c.path("result.json"), r)
}

// digest is the SHA-256 of the lines of a file in the order of their bytes: samples that
// were scored again stand at another place. That of no file is that of an empty one.
func digest(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	return fmt.Sprintf("%x", sha256.Sum256(bytes.Join(lines, nil))), nil
}

// ChangedSamples names the files in the directory of a finished cell that do not hold
// the samples which its result sums up. Results of earlier versions do not say.
func ChangedSamples(dir string, r Result) (names []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(r.Samples)) {
		now, err := digest(filepath.Join(dir, filepath.Base(name)))
		if err != nil {
			return nil, err
		}
		if now != r.Samples[name] {
			names = append(names, name)
		}
	}
	return names, nil
}

// reopen looks through what a finished cell has left, and says what it found. Settings
// that are lost or damaged are written again; when samples are, the result is removed, and
// done is false: it is made again from the files beside it.
func (c cellFiles) reopen(r Result, config []byte) (notes []string, done bool, err error) {
	sealed := append(bytes.Clone(config), configSeal(config)...)
	switch old, err := os.ReadFile(c.path("config.yaml")); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return notes, true, err
	case !bytes.Equal(old, sealed):
		notes = append(notes, c.path("config.yaml")+" is lost or damaged: written again")
		if err := atomicfile.Write(c.path("config.yaml"), sealed); err != nil {
			return notes, true, err
		}
	}
	changed, err := ChangedSamples(string(c), r)
	if err != nil || len(changed) == 0 {
		return notes, true, err
	}
	for _, name := range changed {
		notes = append(notes, c.path(name)+" is not what the finished cell left: what is lost is scored again")
	}
	return notes, false, atomicfile.RemoveAll(c.path("result.json"))
}
