package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"infinibench/internal/atomicfile"
	"infinibench/internal/textfile"
)

// sumsFile is the name of a sha256sum list.
const sumsFile = "SHA256SUMS"

// readSums reads a list as sha256sum -c does: file name (relative to the list, with
// slashes) -> SHA-256 in lower-case hexadecimal.
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

// maxSumLine bounds a line of a list: no system has names of a mebibyte.
const maxSumLine = 1 << 20

// parseSums reads what `sha256sum -c` reads: lines "<64 hex digits>  <name>", or
// "<64 hex digits> *<name>" for a file read in binary mode, and the BSD forms
// "SHA256 (<name>) = <64 hex digits>", of sha256sum --tag, and "<64 hex digits> <name>".
// A backslash before any of these says that \\, \n and \r in the name are escapes.
// Blank lines and lines that start with # are skipped, CR LF ends a line as LF does.
//
// It is stricter than sha256sum, which would only warn or stay silent: a malformed
// line, a name outside the folder and two different sums of one file are errors. A
// byte-order mark does not hide the first line.
func parseSums(r io.Reader) (map[string]string, error) {
	sums := make(map[string]string)
	lines := make(map[string]int) // name -> the line that has its sum
	var list sumList
	err := textfile.Lines(r, maxSumLine, func(number int, _ int64, text []byte) error {
		if text[0] == '#' {
			return nil
		}
		sum, name, err := list.parse(string(text))
		if err != nil {
			return err
		}
		if first, listed := lines[name]; listed && sums[name] != sum {
			return fmt.Errorf("another sum of %.80q than on line %d", name, first)
		}
		sums[name], lines[name] = sum, number
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sums, nil
}

// sumList is the format of a list's lines. The first line decides whether one space
// precedes a name or two characters do, since a name may start with a space.
type sumList struct{ decided, oneSpace bool }

var (
	plainSum  = regexp.MustCompile(`^[ \t]*(\\?)([0-9A-Fa-f]{64})[ \t](.+)$`)
	taggedSum = regexp.MustCompile(`^[ \t]*(\\?)SHA256 ?\((.+)\)[ \t]*=[ \t]*([0-9A-Fa-f]{64})$`)
)

// parse reads one line; the name it returns is clean and inside the folder of the list.
func (l *sumList) parse(line string) (sum, name string, err error) {
	malformed := fmt.Errorf("%.80q is not \"<sha256>  <file>\" or \"SHA256 (<file>) = <sha256>\"", line)
	escaped := ""
	if m := plainSum.FindStringSubmatch(line); m != nil {
		escaped, sum, name = m[1], m[2], m[3]
		oneSpace := len(name) == 1 || name[0] != ' ' && name[0] != '*'
		if !l.decided {
			l.decided, l.oneSpace = true, oneSpace
		}
		if !l.oneSpace {
			if oneSpace {
				return "", "", malformed
			}
			name = name[1:]
		}
	} else if m := taggedSum.FindStringSubmatch(line); m != nil {
		escaped, name, sum = m[1], m[2], m[3]
	} else {
		return "", "", malformed
	}
	// sha256sum escapes every backslash, so an unescaped one comes from Windows, where
	// it separates folders.
	outside := escaped == "" && strings.Contains(name, `\`)
	if escaped != "" {
		if wrongEscape.MatchString(name) {
			return "", "", fmt.Errorf(`%.80q has a backslash that is not part of \\, \n or \r`, name)
		}
		name = unescapeName.Replace(name)
	}
	name = path.Clean(name)
	if outside || strings.Contains(name, "\x00") || !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", "", fmt.Errorf("%.80q is not below the folder of the list", name)
	}
	return strings.ToLower(sum), name, nil
}

var (
	escapeName   = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
	unescapeName = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r")
	wrongEscape  = regexp.MustCompile(`^(?:[^\\]|\\[\\nr])*\\(?:[^\\nr]|$)`)
)

// writeSums replaces a list, ordered by name.
func writeSums(name string, sums map[string]string) error {
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(sums)) {
		escaped := escapeName.Replace(file)
		if escaped != file {
			b.WriteByte('\\')
		}
		fmt.Fprintf(&b, "%s  %s\n", sums[file], escaped)
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
