package datasets

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// splitWords are the names publishers use for a split: proof-pile says "dev", the Pile
// "val", Hugging Face "validation".
var splitWords = map[Split][]string{
	Train:      {"train"},
	Validation: {"validation", "valid", "dev", "val"},
	Test:       {"test"},
}

// arxivFiles holds the files of a corpus by split, as slash-separated paths below its
// folder, sorted by name. Only one of the two layouts is non-empty.
type arxivFiles struct {
	tex   map[Split][]string
	lines map[Split][]string
}

// findArxivFiles sorts the files of a folder into splits. If the folder has none, it
// looks in its subfolder arxiv, where proof-pile-2 keeps them. Finding no file, or
// files of both layouts, is an error.
func findArxivFiles(dir string) (arxivFiles, error) {
	found, err := listArxivFiles(dir, "")
	if err != nil || !found.empty() {
		return found, err
	}
	if info, err := os.Stat(filepath.Join(dir, "arxiv")); err == nil && info.IsDir() {
		if found, err = listArxivFiles(dir, "arxiv"); err != nil || !found.empty() {
			return found, err
		}
	}
	return found, fmt.Errorf("%s: no papers%s; %s", dir, otherFormats(dir, unpackPapers, true), arxivLayout)
}

// empty reports whether there are no files.
func (a arxivFiles) empty() bool {
	for _, split := range officialSplits {
		if len(a.tex[split])+len(a.lines[split]) > 0 {
			return false
		}
	}
	return true
}

// listArxivFiles sorts the files of a folder below dir into splits.
func listArxivFiles(dir, below string) (arxivFiles, error) {
	found := arxivFiles{tex: make(map[Split][]string), lines: make(map[Split][]string)}
	top, err := os.ReadDir(filepath.Join(dir, below))
	if errors.Is(err, os.ErrNotExist) {
		return found, fmt.Errorf("%s: no such folder; %s", dir, arxivLayout)
	}
	if err != nil {
		return found, fileError(filepath.Join(dir, below), err)
	}
	texs, lines := 0, 0
	for _, split := range officialSplits {
		for _, entry := range top {
			if name := entry.Name(); isLinesFile(name) && startsWithSplit(name, split) {
				found.lines[split] = append(found.lines[split], path.Join(below, name))
			}
		}
		for _, word := range splitWords[split] {
			if err := found.addFolder(dir, path.Join(below, word), split, true); err != nil {
				return found, err
			}
		}
		texs += len(found.tex[split])
		lines += len(found.lines[split])
	}
	if texs > 0 && lines > 0 {
		return found, fmt.Errorf("%s: %d .tex and %d .jsonl files; keep one layout in a folder", dir, texs, lines)
	}
	return found, nil
}

// addFolder adds the files in the folder of a split: JSON Lines shards, including those
// in subfolders, and, if tex is set, papers in LaTeX. Subfolders of LaTeX papers are
// skipped because they hold only parts of papers. Hidden files are skipped: editors and
// file managers leave them.
func (a arxivFiles) addFolder(dir, folder string, split Split, tex bool) error {
	entries, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(folder)))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fileError(filepath.Join(dir, filepath.FromSlash(folder)), err)
	}
	for _, entry := range entries {
		name := path.Join(folder, entry.Name())
		switch {
		case strings.HasPrefix(entry.Name(), "."):
		case entry.IsDir():
			if err := a.addFolder(dir, name, split, false); err != nil {
				return err
			}
		case isLinesFile(name):
			a.lines[split] = append(a.lines[split], name)
		case tex && hasExtension(name, ".tex"):
			a.tex[split] = append(a.tex[split], name)
		}
	}
	return nil
}

// isLinesFile reports whether a file is JSON Lines, plain or compressed, by its name.
func isLinesFile(name string) bool {
	for _, compression := range []string{".zst", ".gz"} {
		if hasExtension(name, compression) {
			name = name[:len(name)-len(compression)]
		}
	}
	return hasExtension(name, ".jsonl")
}

// hasExtension reports whether a name ends in an extension, in any letter case.
func hasExtension(name, extension string) bool {
	return len(name) > len(extension) && strings.EqualFold(name[len(name)-len(extension):], extension)
}

// startsWithSplit reports whether a file at the top of the folder belongs to a split.
func startsWithSplit(name string, split Split) bool {
	name = strings.TrimPrefix(name, "proofpile_")
	for _, word := range splitWords[split] {
		rest, found := strings.CutPrefix(name, word)
		// "val" starts other words as well.
		if found && (word != "val" || rest[0] < 'A') {
			return true
		}
	}
	return false
}
