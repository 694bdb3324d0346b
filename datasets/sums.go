package datasets

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"infinibench/internal/atomicfile"
)

// sumsFile is the name under which sha256sum lists are kept.
const sumsFile = "SHA256SUMS"

// readSums reads a list in the format of sha256sum: file name (relative to the
// list, with slashes) -> SHA-256 in lower-case hexadecimal.
func readSums(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sums, err := parseSums(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return sums, nil
}

// parseSums reads lines "<64 hex digits>  <name>", or "<64 hex digits> *<name>",
// which sha256sum writes for files read in binary mode. Names that sha256sum had
// to escape (a line that starts with a backslash) are not supported; no corpus
// has one. A name that leaves the folder is refused. Blank lines are skipped.
func parseSums(r io.Reader) (map[string]string, error) {
	sums := make(map[string]string)
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" {
			continue
		}
		sum, name, ok := strings.Cut(line, " ")
		digest, err := hex.DecodeString(sum)
		if !ok || err != nil || len(digest) != sha256.Size || len(name) < 2 || (name[0] != ' ' && name[0] != '*') {
			return nil, fmt.Errorf("line %d: %.80q is not \"<sha256>  <file>\"", n, line)
		}
		name = path.Clean(name[1:])
		if strings.Contains(name, `\`) || !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("line %d: %.80q is not below the folder of the list", n, name)
		}
		sums[name] = hex.EncodeToString(digest)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return sums, nil
}

// writeSums replaces a list, ordered by name.
func writeSums(name string, sums map[string]string) error {
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%s  %s\n", sums[file], file)
	}
	return atomicfile.Write(name, []byte(b.String()))
}

// sumFile is the SHA-256 of a file, in lower-case hexadecimal.
func sumFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
