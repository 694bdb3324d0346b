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

// Report is what a corpus turned out to hold when all of it was read.
type Report struct {
	Certificate Certificate   `json:"certificate"`
	Splits      []SplitReport `json:"splits"`         // train, validation, test
	Sums        *SumsReport   `json:"sums,omitempty"` // nil when no SHA256SUMS speaks of this corpus
}

// SplitReport counts what was read of one split. The official counts are in the
// report's certificate. PG19's official words are a fixed denominator, so a
// complete split need not count exactly as many whitespace words.
type SplitReport struct {
	Split      Split        `json:"split"`
	Documents  int          `json:"documents"` // readable ones
	Bytes      int64        `json:"bytes"`     // of text
	Words      int64        `json:"words"`     // whitespace-separated
	SHA256     string       `json:"sha256"`    // see Verify; "" when a document is unreadable
	Unreadable []Unreadable `json:"unreadable,omitempty"`
}

// SumsReport compares files with a SHA256SUMS list. Names are relative to the
// folder of the list, with slashes.
type SumsReport struct {
	Path     string   `json:"path"`               // of the list
	Matching int      `json:"matching"`           // files that are as listed
	Differ   []string `json:"differ,omitempty"`   // files that are not
	Missing  []string `json:"missing,omitempty"`  // listed below the corpus, but not there or not readable
	Unlisted []string `json:"unlisted,omitempty"` // of the corpus, but not in the list
}

// OK reports whether every document could be read and every listed file is as
// listed. A file that the list does not know makes no report bad: there is
// nothing to compare it with.
func (r Report) OK() bool {
	for _, s := range r.Splits {
		if len(s.Unreadable) > 0 {
			return false
		}
	}
	return r.Sums == nil || len(r.Sums.Differ)+len(r.Sums.Missing) == 0
}

// Verify reads all documents of a corpus and counts them. A document that cannot
// be read is listed and the work goes on; the error is for a SHA256SUMS file that
// cannot be used and for a fault of the machine, which says nothing about the corpus.
//
// The SHA-256 of a split identifies its texts in their order: it runs over, for
// each document, its ID, a line feed, the length of its text in bytes in decimal,
// a line feed, and the text.
//
// If the corpus stands in a folder and a SHA256SUMS file lies in that folder, or
// else in its parent, every file it lists below the folder is compared too.
//
// progress, if not nil, is called after each document and each file compared, with
// how many are done and how many there are in all.
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

// corpusSums is the part of a SHA256SUMS list that is below a corpus.
type corpusSums struct {
	path     string            // "" when there is no list
	sums     map[string]string // name relative to the list's folder -> SHA-256
	unlisted []string          // corpus files without an entry
}

// findSums looks for the list of a corpus. A list that names no file of the corpus
// belongs to something else and is passed over.
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
