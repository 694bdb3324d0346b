package experiments

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"infinibench/internal/atomicfile"
	"infinibench/internal/results"
	"infinibench/internal/seal"
)

// cellFiles is the directory of one cell, runs/<profile>/<cell>. Each file has its own
// checksum:
//
//	config.yaml     the settings of the cell
//	metrics.jsonl   training log, append-only; of several phases the last one's
//	samples.jsonl   a line per evaluated document, append-only
//	checkpoint/     weights and tokenizer; while training, the state to resume from
//	timing.json     the cost
//	result.json     written last, by rename: with it, and the same settings, the cell is done
type cellFiles string

func (c cellFiles) path(name string) string { return filepath.Join(string(c), name) }
func (c cellFiles) checkpoint() string      { return c.path("checkpoint") }

// result reads the result of a cell that finished or failed. Found is false if there is
// none, or if it is damaged or belongs to other settings.
func (c cellFiles) result(hash string) (r results.Result, found bool) {
	data, err := os.ReadFile(c.path("result.json"))
	if err != nil {
		return results.Result{}, false
	}
	r, err = results.ParseResult(data)
	return r, err == nil && r.ConfigHash == hash
}

// prepare prepares the directory for a cell with these settings. It removes files from other
// settings or other corpus files; replaced is then true.
func (c cellFiles) prepare(config []byte) (replaced bool, err error) {
	sealed := results.SealedConfig(config)
	old, err := os.ReadFile(c.path("config.yaml"))
	if err == nil && bytes.Equal(old, sealed) {
		return false, os.MkdirAll(c.checkpoint(), 0o755)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	replaced = err == nil
	if err := os.MkdirAll(string(c), 0o755); err != nil {
		return false, err
	}
	logs, err := c.logs()
	if err != nil {
		return false, err
	}
	// Remove the settings first, so that a kill leaves no settings beside partial files.
	for _, path := range append([]string{c.path("config.yaml"), c.path("result.json"), c.path("timing.json"), c.checkpoint()}, logs...) {
		if err := atomicfile.RemoveAll(path); err != nil {
			return false, err
		}
	}
	if err := atomicfile.Write(c.path("config.yaml"), sealed); err != nil {
		return false, err
	}
	return replaced, os.MkdirAll(c.checkpoint(), 0o755)
}

// logs lists the append-only files; a cell of several stages has some for each.
func (c cellFiles) logs() ([]string, error) {
	entries, err := os.ReadDir(string(c))
	var paths []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".jsonl" {
			paths = append(paths, c.path(e.Name()))
		}
	}
	return paths, err
}

// openLog opens an append-only file after the given lines: it leaves out steps that a
// checkpoint does not know of, and a torn line. The file is always a new one, since a
// process that had the cell before and lost it may still append to the old one.
func openLog[T any](path string, lines []T) (*atomicfile.File, error) {
	var want bytes.Buffer
	for _, v := range lines {
		if err := appendLine(&want, v); err != nil {
			return nil, err
		}
	}
	if err := atomicfile.Write(path, want.Bytes()); err != nil {
		return nil, err
	}
	return atomicfile.Append(path)
}

// appendLine writes values as JSON lines in one write.
func appendLine[T any](w io.Writer, values ...T) error {
	var buffer bytes.Buffer
	for _, v := range values {
		data, err := seal.Line(v)
		if err != nil {
			return err
		}
		buffer.Write(data)
	}
	_, err := w.Write(buffer.Bytes())
	return err
}
