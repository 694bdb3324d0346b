package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"infinibench/internal/machine"
)

// Report is what reading a whole corpus found.
type Report struct {
	Certificate Certificate   `json:"certificate"`
	Splits      []SplitReport `json:"splits"`         // train, validation, test
	Sums        *SumsReport   `json:"sums,omitempty"` // nil if no SHA256SUMS covers this corpus
}

// SplitReport counts what was read of one split. The official counts are in the
// report's certificate. PG19's official word count is a fixed denominator, so a
// complete split need not have exactly that many whitespace-separated words.
type SplitReport struct {
	Split      Split        `json:"split"`
	Documents  int          `json:"documents"` // readable ones
	Bytes      int64        `json:"bytes"`     // of text
	Words      int64        `json:"words"`     // whitespace-separated
	SHA256     string       `json:"sha256"`    // see Verify; "" when a document is unreadable
	Unreadable []Unreadable `json:"unreadable,omitempty"`
}

// SumsReport compares files with a SHA256SUMS list. Names are slash-separated and
// relative to the folder of the list.
type SumsReport struct {
	Path     string   `json:"path"`               // of the list
	Matching int      `json:"matching"`           // files whose sum matches
	Differ   []string `json:"differ,omitempty"`   // files whose sum does not
	Missing  []string `json:"missing,omitempty"`  // listed below the corpus, but absent or unreadable
	Unlisted []string `json:"unlisted,omitempty"` // in the corpus, but not in the list
}

// OK reports whether every document could be read and every listed file matches. A file
// that is not listed does not count against the corpus: there is nothing to compare it
// with.
func (r Report) OK() bool {
	for _, s := range r.Splits {
		if len(s.Unreadable) > 0 {
			return false
		}
	}
	return r.Sums == nil || len(r.Sums.Differ)+len(r.Sums.Missing) == 0
}

// Verify reads and counts all documents of a corpus. An unreadable document is listed
// and does not stop the work; the error is for an unusable SHA256SUMS file and for a
// fault of the machine, which says nothing about the corpus.
//
// The SHA-256 of a split identifies its texts and their order. For each document it
// covers the ID, a line feed, the length of the text in bytes in decimal, a line feed,
// and the text.
//
// If the corpus is a folder with a SHA256SUMS file in it, or else in its parent, Verify
// also checks every listed file below the folder.
//
// progress, if not nil, is called after each document and each file compared, with the
// number done and the total.
func Verify(c Corpus, progress func(done, total int)) (Report, error) {
	r := Report{Certificate: c.Certificate()}
	list, err := findSums(c)
	if err != nil {
		return r, err
	}
	done, total := 0, len(list.sums)
	for _, split := range officialSplits {
		total += c.Len(split)
	}
	step := func() {
		done++
		if progress != nil {
			progress(done, total)
		}
	}
	for _, split := range officialSplits {
		s, err := verifySplit(c, split, step)
		if err != nil {
			return r, err
		}
		r.Splits = append(r.Splits, s)
	}
	if list.path != "" {
		r.Sums, err = list.compare(step)
	}
	return r, err
}

func verifySplit(c Corpus, split Split, step func()) (SplitReport, error) {
	s := SplitReport{Split: split, Unreadable: slices.Clone(Broken(c, split))}
	h := sha256.New()
	for i := range c.Len(split) {
		doc, err := c.Document(split, i)
		if fault := machine.AsFault(err); fault != nil {
			return s, fault
		}
		if err != nil {
			s.Unreadable = append(s.Unreadable, Unreadable{Index: i, Error: err.Error()})
		} else {
			fmt.Fprintf(h, "%s\n%d\n%s", doc.ID, len(doc.Text), doc.Text)
			s.Documents++
			s.Bytes += int64(len(doc.Text))
			s.Words += CountWords(doc.Text)
		}
		step()
	}
	if len(s.Unreadable) == 0 {
		s.SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	return s, nil
}

// corpusSums is the part of a SHA256SUMS list that covers a corpus.
type corpusSums struct {
	path     string            // "" when there is no list
	sums     map[string]string // name relative to the list's folder -> SHA-256
	unlisted []string          // corpus files without an entry
}

// findSums looks for the list of a corpus. It ignores a list that names no file of the
// corpus.
func findSums(c Corpus) (corpusSums, error) {
	onDisk, ok := c.(interface{ files() (string, []string) })
	if !ok {
		return corpusSums{}, nil
	}
	dir, names := onDisk.files()
	full, err := filepath.Abs(dir) // so that the parent of "." has a name
	if err != nil {
		return corpusSums{}, err
	}
	for _, place := range []struct{ folder, prefix string }{
		{full, ""},
		{filepath.Dir(full), filepath.Base(full)},
	} {
		list := corpusSums{path: filepath.Join(place.folder, sumsFile), sums: make(map[string]string)}
		all, err := readSums(list.path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return corpusSums{}, err
		}
		for name, sum := range all {
			if place.prefix == "" || strings.HasPrefix(name, place.prefix+"/") {
				list.sums[name] = sum
			}
		}
		for _, name := range names {
			if name = path.Join(place.prefix, name); list.sums[name] == "" {
				list.unlisted = append(list.unlisted, name)
			}
		}
		if len(list.unlisted) < len(names) {
			return list, nil
		}
	}
	return corpusSums{}, nil
}

func (l corpusSums) compare(step func()) (*SumsReport, error) {
	r := &SumsReport{Path: l.path, Unlisted: l.unlisted}
	for _, name := range slices.Sorted(maps.Keys(l.sums)) {
		sum, err := sumFile(filepath.Join(filepath.Dir(l.path), filepath.FromSlash(name)))
		if fault := machine.AsFault(err); fault != nil {
			return r, fault
		}
		switch {
		case err != nil:
			r.Missing = append(r.Missing, name)
		case sum != l.sums[name]:
			r.Differ = append(r.Differ, name)
		default:
			r.Matching++
		}
		step()
	}
	return r, nil
}
