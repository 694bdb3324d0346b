package datasets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// corpusFolders are the folders below DATA that may hold a corpus.
var corpusFolders = map[string][]string{
	"pg19":       {"pg19", "books"},
	"arxiv-math": {"arxiv-math", "proof-pile", "proof-pile-2", "arxiv"},
	"booksum":    {"booksum"},
}

// Find returns the folder below data that holds a corpus: pg19 or books for "pg19";
// arxiv-math, proof-pile, proof-pile-2 or arxiv for "arxiv-math"; booksum for
// "booksum". The first with the right layout wins. The error lists every folder tried
// and why it does not fit.
func Find(data, name string) (string, error) {
	folders, known := corpusFolders[name]
	if !known {
		return "", fmt.Errorf("corpus %q is not read from files; those that are: pg19, arxiv-math, booksum", name)
	}
	var tried []string
	for _, folder := range folders {
		dir := filepath.Join(data, folder)
		err := hasLayout(dir, name)
		if err == nil {
			return dir, nil
		}
		tried = append(tried, fmt.Sprintf("%s (%v)", dir, err))
	}
	if name == "booksum" { // its publishers may not redistribute the summaries
		return "", fmt.Errorf("no booksum below %q: looked in %s; put the manifests there, books_train.jsonl, books_validation.jsonl and books_test.jsonl or its publishers' book_summaries_aligned_train.jsonl, _val and _test, and the files they name", data, tried[0])
	}
	return "", fmt.Errorf("no %s below %q: looked in %s; put a copy there, or download the test and validation splits with `bench data fetch %s --data %s`, and the training split with --split train",
		name, data, strings.Join(tried, " and "), name, data)
}

// hasLayout returns what a folder lacks to be a corpus; it opens no document.
func hasLayout(dir, name string) error {
	if info, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return errors.New("no such folder")
	} else if err != nil {
		return errors.Unwrap(err) // the caller names the folder
	} else if !info.IsDir() {
		return errors.New("not a folder")
	}
	if name == "arxiv-math" {
		if _, err := findArxivFiles(dir); err != nil {
			return fmt.Errorf("no .tex or .jsonl files in the layout of a corpus%s", otherFormats(dir, unpackPapers, true))
		}
		return nil
	}
	if name == "booksum" {
		_, err := FindBooksumManifests(dir)
		return err
	}
	for _, part := range []string{"train", "validation", "test", "metadata.csv"} {
		if _, err := os.Stat(filepath.Join(dir, part)); err != nil {
			return fmt.Errorf("no %s%s", part, otherName(dir, part))
		}
	}
	return nil
}

// otherName reports a file that is the validation split under another publisher's name,
// and what to do about it. It returns "" if there is none; otherwise the result begins
// with "; ".
func otherName(dir, want string) string {
	for _, word := range splitWords[Validation] {
		name := strings.Replace(want, string(Validation), word, 1)
		if _, err := os.Stat(filepath.Join(dir, name)); name != want && err == nil {
			return fmt.Sprintf("; rename %s to %s", name, want)
		}
	}
	return ""
}
