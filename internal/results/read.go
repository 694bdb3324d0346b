package results

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"infinibench/internal/seal"
)

// MaxFile bounds the memory that reading a file may cost, in bytes. The training log of a
// million steps fits.
const MaxFile = 256 << 20

// ReadFile is os.ReadFile for a file that may be anything: one larger than MaxFile is an
// error.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f)
}

// ReadAll is ReadFile for an open file.
func ReadAll(f *os.File) ([]byte, error) {
	if info, err := f.Stat(); err == nil && info.Size() > MaxFile {
		return nil, fmt.Errorf("larger than %d MiB, which no result file should be", MaxFile>>20)
	}
	return io.ReadAll(io.LimitReader(f, MaxFile))
}

// Parse parses a sealed object: timing.json, plan.json, or a line of a log.
func Parse[T any](raw []byte) (value T, err error) {
	err = seal.Unmarshal(raw, &value)
	return value, err
}

// ParseResult parses result.json. A version or a status that this program does not know is
// an error; the numbers of the experiment are not checked.
func ParseResult(raw []byte) (Result, error) {
	r, err := Parse[Result](raw)
	if err != nil {
		return r, err
	}
	if r.Version != Version {
		return r, fmt.Errorf("version %d: this program reads version %d", r.Version, Version)
	}
	if r.Status != StatusDone && r.Status != StatusFailed {
		return r, fmt.Errorf("status %q: want %q or %q", r.Status, StatusDone, StatusFailed)
	}
	return r, nil
}

// DamagedLine is a line of a log that cannot be used.
type DamagedLine struct {
	Number int // from 1
	Err    error
}

// ParseLog parses an append-only file of JSON lines. It ignores an incomplete last line,
// which a kill leaves behind, and leaves out damaged ones.
func ParseLog[T any](raw []byte) (lines []T, damaged []DamagedLine) {
	for i, text := range WholeLines(raw) {
		line, err := Parse[T](text)
		if err != nil {
			damaged = append(damaged, DamagedLine{i + 1, err})
			continue
		}
		lines = append(lines, line)
	}
	return lines, damaged
}

// ParseTrainingLog is ParseLog for metrics.jsonl. A run that resumed from a checkpoint
// logs some steps again: the later line counts, so the steps rise.
func ParseTrainingLog(raw []byte) (lines []LogLine, damaged []DamagedLine) {
	all, damaged := ParseLog[LogLine](raw)
	for _, line := range all {
		for len(lines) > 0 && lines[len(lines)-1].Step >= line.Step {
			lines = lines[:len(lines)-1]
		}
		lines = append(lines, line)
	}
	return lines, damaged
}

// ReadLog reads a log to resume from it: a damaged line is an error, as the repair removes
// those. A missing file has no lines.
func ReadLog[T any](path string) ([]T, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines, damaged := ParseLog[T](raw)
	if len(damaged) > 0 {
		return nil, fmt.Errorf("results: %s:%d: %w; delete the file: a training log then starts late, samples are scored again", path, damaged[0].Number, damaged[0].Err)
	}
	return lines, nil
}

// WholeLines splits a log into its lines, each with its newline; an incomplete last line is
// left out.
func WholeLines(data []byte) [][]byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	return lines[:len(lines)-1]
}

// ParseConfigHash is the hash that the last line of a config.yaml states, see ConfigSeal.
func ParseConfigHash(raw []byte) string {
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	_, hash, _ := strings.Cut(lines[len(lines)-1], ": ")
	return hash
}
