package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// BooksumManifests are the paths of BookSum's book-level manifests, by split.
type BooksumManifests struct {
	Path    map[Split]string
	Aligned bool // in the publishers' format, not ours
}

// alignments is the folder of the manifests in salesforce/booksum.
const alignments = "alignments/book-level-summary-alignments"

// FindBooksumManifests looks for manifests below a folder: ours,
// books_<train|validation|test>.jsonl, or else the ones of salesforce/booksum,
// book_summaries_aligned_<train|val|test>.jsonl, in the folder itself or where a copy
// of that repository keeps them. The error says what is missing.
func FindBooksumManifests(dir string) (BooksumManifests, error) {
	ours := map[Split]string{Train: "books_train.jsonl", Validation: "books_validation.jsonl", Test: "books_test.jsonl"}
	theirs := map[Split]string{Train: "book_summaries_aligned_train.jsonl", Validation: "book_summaries_aligned_val.jsonl", Test: "book_summaries_aligned_test.jsonl"}
	for _, layout := range []struct {
		folder string
		names  map[Split]string
	}{{dir, ours}, {dir, theirs}, {filepath.Join(dir, filepath.FromSlash(alignments)), theirs}} {
		m := BooksumManifests{Path: make(map[Split]string), Aligned: layout.names[Test] == theirs[Test]}
		missing := ""
		for _, split := range officialSplits {
			path := filepath.Join(layout.folder, layout.names[split])
			switch _, err := os.Stat(path); {
			case err == nil:
				m.Path[split] = path
			case !errors.Is(err, fs.ErrNotExist):
				return m, fileError(path, err)
			case missing == "":
				missing = layout.names[split]
			}
		}
		switch {
		case missing == "":
			return m, nil
		case len(m.Path) > 0:
			return m, fmt.Errorf("no %s%s", missing, otherName(layout.folder, missing))
		}
	}
	return BooksumManifests{}, fmt.Errorf("no %s and no %s", ours[Train], theirs[Train])
}
