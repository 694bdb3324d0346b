package experiments

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
	"infinibench/internal/results"
)

// finish writes the result of a cell, its last file, with a digest of the samples that
// it sums up.
func (c cellFiles) finish(r *results.Result) error {
	paths, err := c.logs()
	if err != nil {
		return err
	}
	r.Samples = map[string]string{}
	for _, path := range paths {
		if name := filepath.Base(path); strings.HasPrefix(name, "samples") {
			if r.Samples[name], err = results.Digest(path); err != nil {
				return err
			}
		}
	}
	return results.WriteJSON(c.path("result.json"), r)
}

// reopen checks the files of a finished cell and returns a note for each fault. It rewrites
// lost or damaged settings. If samples are lost or damaged, done is false and they are scored
// again, unless the model is missing too. The result stays until it is replaced.
func (c cellFiles) reopen(r results.Result, config []byte) (notes []string, done bool, err error) {
	sealed := results.SealedConfig(config)
	switch old, err := os.ReadFile(c.path("config.yaml")); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, true, err
	case !bytes.Equal(old, sealed):
		if err := atomicfile.Write(c.path("config.yaml"), sealed); err != nil {
			return nil, true, err
		}
		notes = append(notes, c.path("config.yaml")+" was missing or damaged and has been rewritten")
	}
	changed, err := results.ChangedSamples(string(c), r)
	if err != nil || len(changed) == 0 {
		return notes, true, err
	}
	what, done := "the missing samples are scored again", false
	if !c.hasModel() {
		what, done = "its model is missing too, so the result stays as it is", true
	}
	for _, name := range changed {
		notes = append(notes, c.path(name)+" has changed since the cell finished: "+what)
	}
	return notes, done, nil
}

// intact reports whether a finished cell needs no attention: its settings and samples match
// its result, and no process holds it or was killed while holding it.
func (c cellFiles) intact(r results.Result, config []byte) bool {
	if _, held := lease.Holder(os.DirFS(string(c)), "."); held {
		return false
	}
	old, err := os.ReadFile(c.path("config.yaml"))
	if err != nil || !bytes.Equal(old, results.SealedConfig(config)) {
		return false
	}
	changed, err := results.ChangedSamples(string(c), r)
	return err == nil && len(changed) == 0
}

// hasModel reports whether a cell has a trained model, or one for a stage.
func (c cellFiles) hasModel() bool {
	found := false
	filepath.WalkDir(c.checkpoint(), func(path string, d fs.DirEntry, err error) error {
		found = found || err == nil && d.Name() == "model.safetensors"
		return nil
	})
	return found
}
