package results

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"infinibench/internal/atomicfile"
	"infinibench/internal/seal"
)

// Digest is the SHA-256 of the sorted hashes of the lines of a file, in hexadecimal, so that
// samples which were scored again may change places. A missing file counts as empty.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("%x", sha256.Sum256(nil)), nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	var lines []string
	for in := bufio.NewReader(f); ; {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			sum := sha256.Sum256(line)
			lines = append(lines, string(sum[:]))
		}
		if errors.Is(err, io.EOF) {
			slices.Sort(lines)
			return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, "")))), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// ChangedSamples names the files in the directory of a finished cell that do not hold
// the samples which its result sums up. Results of earlier versions do not say.
func ChangedSamples(dir string, r Result) (names []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(r.Samples)) {
		now, err := Digest(filepath.Join(dir, filepath.Base(name)))
		if err != nil {
			return nil, err
		}
		if now != r.Samples[name] {
			names = append(names, name)
		}
	}
	return names, nil
}

// SealedConfig returns config.yaml as a cell stores it: its lines and the seal.
func SealedConfig(config []byte) []byte {
	return append(bytes.Clone(config), ConfigSeal(config)...)
}

// ConfigSeal is the last line of config.yaml: the hash by which a cell's settings
// are known.
func ConfigSeal(config []byte) []byte {
	return fmt.Appendf(nil, "# sha256 of the lines above: %x\n", sha256.Sum256(config))
}

// WriteJSON writes an object by rename.
func WriteJSON(path string, v any) error {
	data, err := seal.Indent(v)
	if err != nil {
		return fmt.Errorf("results: %s: %w", path, err)
	}
	return atomicfile.Write(path, data)
}
