package datasets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// arxivSplitWords are the names a split goes by; proof-pile says "dev".
var arxivSplitWords = map[Split][]string{
	Train:      {"train"},
	Validation: {"validation", "valid", "dev"},
	Test:       {"test"},
}

// arxivFiles are the files of a corpus by split, named below its folder with
// slashes, in name order. Only one of the two layouts has any.
type arxivFiles struct {
	tex   map[Split][]string
	lines map[Split][]string
}

// findArxivFiles sorts the files of a folder into splits. No file, or files of
// both layouts, is an error.
func findArxivFiles(dir string) (arxivFiles, error) {
	found := arxivFiles{tex: make(map[Split][]string), lines: make(map[Split][]string)}
	top, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return found, fmt.Errorf("%s: no such folder; %s", dir, arxivLayout)
	}
	if err != nil {
		return found, fileError(dir, err)
	}
	texs, lines := 0, 0
	for _, split := range officialSplits {
		for _, entry := range top {
			name := entry.Name()
			if isLinesFile(name) && startsWithSplit(name, split) {
				found.lines[split] = append(found.lines[split], name)
			}
		}
		for _, word := range arxivSplitWords[split] {
			entries, err := os.ReadDir(filepath.Join(dir, word))
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				return found, fileError(filepath.Join(dir, word), err)
			}
			for _, entry := range entries {
				name := word + "/" + entry.Name()
				switch {
				case strings.HasPrefix(entry.Name(), "."): // left by an editor or a file manager
				case isLinesFile(name):
					found.lines[split] = append(found.lines[split], name)
				case word == string(split) && strings.HasSuffix(name, ".tex"):
					found.tex[split] = append(found.tex[split], name)
				}
			}
		}
		texs += len(found.tex[split])
		lines += len(found.lines[split])
	}
	switch {
	case texs == 0 && lines == 0:
		return found, fmt.Errorf("%s: no papers; %s", dir, arxivLayout)
	case texs > 0 && lines > 0:
		return found, fmt.Errorf("%s: %d .tex and %d .jsonl files; keep one layout in a folder", dir, texs, lines)
	}
	return found, nil
}

func isLinesFile(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	return strings.HasSuffix(name, ".jsonl")
}

// startsWithSplit reports whether a file at the top of the folder is of a split.
func startsWithSplit(name string, split Split) bool {
	name = strings.TrimPrefix(name, "proofpile_")
	for _, word := range arxivSplitWords[split] {
		if strings.HasPrefix(name, word) {
			return true
		}
	}
	return false
}
