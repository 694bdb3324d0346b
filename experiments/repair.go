package experiments

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"infinibench/internal/atomicfile"
	"infinibench/internal/results"
	"infinibench/internal/seal"
	"infinibench/internal/train"
)

// repair checks the files of a cell about to be resumed and removes damaged parts and
// nothing else, so that the cell is completed from what is left. It returns one note per
// damaged file. A file that cannot be read is an error, because it may be intact.
func (c cellFiles) repair(config []byte) (notes []string, err error) {
	found := func(name, what string) { notes = append(notes, c.path(name)+" "+what) }
	for _, name := range []string{"result.json", "timing.json"} {
		data, err := os.ReadFile(c.path(name))
		if err == nil && seal.Check(data) != nil {
			found(name, map[string]string{
				"result.json": "is damaged and will be recomputed from the other files",
				"timing.json": "is damaged: the cost of the cell so far is lost",
			}[name])
			err = atomicfile.RemoveAll(c.path(name))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return notes, err
		}
	}
	what, err := c.repairConfig(config)
	if what != "" {
		found("config.yaml", what)
	}
	if err != nil {
		return notes, err
	}
	// Stages have directories of their own below it.
	err = filepath.WalkDir(c.checkpoint(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		damaged, err := train.Repair(path)
		notes = append(notes, damaged...)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return notes, err
	}
	logs, err := c.logs()
	if err != nil {
		return notes, err
	}
	for _, path := range logs {
		lines, err := repairLog(path)
		if len(lines) > 0 {
			found(filepath.Base(path), "is damaged in "+lineNumbers(lines))
		}
		if err != nil {
			return notes, err
		}
	}
	return notes, nil
}

// repairConfig rewrites config.yaml if its lines or the hash below them show that it
// belongs to these settings. If neither does and the file is damaged, it is removed, and
// the cell runs again from the start.
func (c cellFiles) repairConfig(config []byte) (what string, err error) {
	path := c.path("config.yaml")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	at := bytes.LastIndexByte(bytes.TrimSuffix(data, []byte("\n")), '\n') + 1
	lines, last, want := data[:at], data[at:], results.ConfigSeal(config)
	switch same, whole := bytes.Equal(lines, config), bytes.Equal(last, results.ConfigSeal(lines)); {
	case whole:
		return "", nil // of these settings or of others
	case same || bytes.Equal(last, want) || bytes.HasPrefix(data, config):
		return "is damaged and has been rewritten", atomicfile.Write(path, append(bytes.Clone(config), want...))
	}
	return "is damaged: the cell runs again from the start", atomicfile.RemoveAll(path)
}

// repairLog removes the damaged lines of a log and returns their numbers, from 1. An
// incomplete last line is not damage: a kill leaves it.
func repairLog(path string) (damaged []int, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var good bytes.Buffer
	for n, line := range results.WholeLines(data) {
		if seal.Check(line) != nil {
			damaged = append(damaged, n+1)
			continue
		}
		good.Write(line)
	}
	if len(damaged) == 0 {
		return nil, nil
	}
	return damaged, atomicfile.Write(path, good.Bytes())
}

// lineNumbers is "line 3" or "lines 3, 4 and 9 more".
func lineNumbers(lines []int) string {
	if len(lines) == 1 {
		return fmt.Sprintf("line %d", lines[0])
	}
	const shown = 3
	var s []string
	for _, n := range lines[:min(shown, len(lines))] {
		s = append(s, fmt.Sprint(n))
	}
	if more := len(lines) - shown; more > 0 {
		return fmt.Sprintf("lines %s and %d more", strings.Join(s, ", "), more)
	}
	return "lines " + strings.Join(s, ", ")
}
