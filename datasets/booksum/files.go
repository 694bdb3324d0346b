package booksum

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"infinibench/datasets"
	"infinibench/internal/machine"
	"infinibench/internal/textfile"
)

// Files is book-level BookSum: a folder with a manifest books_<split>.jsonl for each
// split, whose book_path is relative to the folder above it, or with the files of
// salesforce/booksum (see Open). It is immutable, so several goroutines may use it.
type Files struct {
	manifests map[datasets.Split]string
	layout    layout
	books     map[datasets.Split][]record
	coverage  map[datasets.Split]Coverage
}

// layout is how the files of a collection are arranged.
type layout struct {
	roots []string // folders that a manifest's paths are relative to, tried in order
	// parse reads a line of a manifest. For a bad line it also returns whatever could be
	// read, so that the error can name the book.
	parse func(line []byte) (record, error)
}

// splits in reading order: a book stays in the first that lists it.
var splits = []datasets.Split{datasets.Train, datasets.Validation, datasets.Test}

// official is the number of pairs in the alignments of salesforce/booksum.
var official = map[datasets.Split]int{datasets.Train: 314, datasets.Validation: 45, datasets.Test: 46}

// maxLine bounds the memory a line of a manifest can take: a hundred times the longest
// summary.
const maxLine = 16 << 20

// Open reads the manifests and every book they list. The manifests are ours,
// books_<split>.jsonl, or, if there are none, the ones from salesforce/booksum (see
// [alignedLayout]). A book may have summaries from several sources, as most do in the published data. Its
// pairs are then named after book and source, such as 28054-shmoop, and otherwise after
// the book alone.
//
// An unusable pair is left out and reported as a problem in Coverage: a line that is not
// a record; a missing summary or text; a text that is not UTF-8, has fewer words than the
// manifest says, or lies outside the data; a book that another split lists; a second
// summary of a book from one source; and a repeated summary. The caller decides whether
// to continue without such pairs. Open returns an error only for a manifest that cannot
// be read.
func Open(dir string) (*Files, error) {
	manifests, err := datasets.FindBooksumManifests(dir)
	if err != nil {
		return nil, fmt.Errorf("booksum: %s: %w", dir, err)
	}
	f := &Files{manifests: manifests.Path, books: map[datasets.Split][]record{}, coverage: map[datasets.Split]Coverage{}}
	f.layout = layout{[]string{filepath.Dir(filepath.Clean(dir))}, parseRecord}
	if manifests.Aligned {
		f.layout = alignedLayout(dir)
	}
	seen := listings{}
	for _, split := range splits {
		if err := f.read(split, seen); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// place is a line of a manifest.
type place struct {
	split datasets.Split
	name  string // of the manifest
	line  int
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.name, p.line) }

// listings maps each book, pair of book and source, and summary to the line that first
// lists it.
type listings map[string]place

// add returns an error if a line lists something again. Bad lines count too, as far as
// they could be read.
func (l listings) add(r record, at place) error {
	first := func(key string) (place, bool) {
		was, found := l[key]
		if !found {
			l[key] = at
		}
		return was, found
	}
	book, listed := first("book " + r.id)
	pair, sameSource := first("pair " + r.id + " " + r.source)
	summary, copied := first("summary " + r.summary)
	switch {
	case listed && book.split != at.split:
		return fmt.Errorf("already listed in %s, and a book belongs to one split", book)
	case sameSource:
		return fmt.Errorf("already listed in %s, with a summary from the same source", pair)
	case copied && r.summary != "":
		return fmt.Errorf("its summary is already in %s", summary)
	}
	return nil
}

func (f *Files) read(split datasets.Split, seen listings) error {
	name := f.manifests[split]
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("booksum: %s: %w", name, bare(err))
	}
	defer file.Close()
	type line struct {
		record
		number int
		err    error
	}
	var listed []line
	summaries := map[string]int{} // of a book, by id
	err = textfile.Lines(file, maxLine, func(number int, _ int64, text []byte) error {
		r, err := f.layout.parse(text)
		if r.id != "" {
			summaries[r.id]++
			if again := seen.add(r, place{split, filepath.Base(name), number}); err == nil {
				err = again
			}
		}
		listed = append(listed, line{r, number, err})
		return nil
	})
	if err != nil {
		return fmt.Errorf("booksum: %s: %w", name, bare(err))
	}
	coverage := Coverage{Listed: len(listed), Official: official[split]}
	sum := sha256.New()
	for _, l := range listed {
		l.pair = l.id
		if summaries[l.id] > 1 && l.source != "" {
			l.pair += "-" + l.source
		}
		if l.err == nil {
			l.err = f.check(l.record, sum)
		}
		if fault := machine.AsFault(l.err); fault != nil {
			return fault
		}
		if l.err != nil {
			coverage.Problems = append(coverage.Problems, Problem{filepath.Base(name), l.number, l.id, l.err.Error()})
			continue
		}
		if what := unlikePlainText(l.summary); what != "" {
			coverage.Doubts = append(coverage.Doubts, Problem{filepath.Base(name), l.number, l.id, what})
		}
		f.books[split] = append(f.books[split], l.record)
	}
	coverage.Usable, coverage.SHA256 = len(f.books[split]), hex.EncodeToString(sum.Sum(nil))
	f.coverage[split] = coverage
	return nil
}

// check returns what is wrong with the text of a book. A good pair is added to the hash
// of its split: its name, the lengths of book and summary in bytes, each followed by a
// line feed, and both texts.
func (f *Files) check(r record, sum hash.Hash) error {
	text, err := f.text(r)
	if err != nil {
		return err
	}
	if words := datasets.CountWords(text); words < r.words {
		return fmt.Errorf("%s has %d of %d words, a coverage of %.1f %%", r.path, words, r.words, 100*float64(words)/float64(r.words))
	}
	fmt.Fprintf(sum, "%s\n%d\n%d\n%s%s", r.pair, len(text), len(r.summary), text, r.summary)
	return nil
}

// text reads a book. Errors name the path as written in the manifest.
func (f *Files) text(r record) (string, error) {
	data, err := f.layout.read(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("book file missing: %s", r.path)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", r.path, bare(err))
	}
	return datasets.CheckText(r.path, data)
}

// read reads a file named in a manifest, below the first root that has it.
func (l layout) read(path string) (data []byte, err error) {
	for _, root := range l.roots {
		data, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return data, err
}

// bare drops the name of the system call from an error about a path.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Name is "booksum".
func (f *Files) Name() string { return "booksum" }

// Len is the number of usable pairs of a split.
func (f *Files) Len(split datasets.Split) int { return len(f.books[split]) }

// Coverage counts the pairs of a split and lists those that cannot be used.
func (f *Files) Coverage(split datasets.Split) Coverage { return f.coverage[split] }

// Pair reads pair i of a split.
func (f *Files) Pair(split datasets.Split, i int) (Pair, error) {
	books := f.books[split]
	if i < 0 || i >= len(books) {
		return Pair{}, pairRange(f.Name(), split, len(books), i)
	}
	text, err := f.text(books[i])
	if err != nil {
		return Pair{}, fmt.Errorf("booksum: %w", err)
	}
	return Pair{Document: datasets.Document{ID: books[i].pair, Text: text}, Title: books[i].title, Summary: books[i].summary}, nil
}

// Document reads the book of pair i of a split; its ID is the pair's name. A book with
// several summaries is several documents.
func (f *Files) Document(split datasets.Split, i int) (datasets.Document, error) {
	p, err := f.Pair(split, i)
	return p.Document, err
}

// Fingerprint returns 16 hexadecimal digits that identify all usable pairs.
func (f *Files) Fingerprint() string {
	h := sha256.New()
	for _, split := range splits {
		fmt.Fprintln(h, split, f.coverage[split].SHA256)
	}
	return fmt.Sprintf("%.8x", h.Sum(nil))
}

// Certificate compares the number of pairs with the official one.
func (f *Files) Certificate() datasets.Certificate {
	c := datasets.Certificate{Name: f.Name(), Official: true, Splits: map[datasets.Split]datasets.SplitSummary{}}
	var parts []string
	for _, split := range []datasets.Split{datasets.Test, datasets.Validation, datasets.Train} { // in reporting order
		n := f.Len(split)
		c.Splits[split] = datasets.SplitSummary{Documents: n, OfficialDocuments: official[split]}
		c.Official = c.Official && n == official[split]
		word := string(split)
		if split == datasets.Train {
			word = "training"
		}
		parts = append(parts, fmt.Sprintf("%d of %d %s pairs", n, official[split], word))
	}
	if !c.Official {
		c.StandIn = strings.Join(parts, ", ")
	}
	return c
}
