package datasets

import (
	"path/filepath"
	"testing"
)

func TestFind(t *testing.T) {
	pg19 := func(root string, files map[string]string) {
		for _, name := range []string{"train/", "validation/", "test/", "metadata.csv"} {
			files[root+"/"+name] = ""
		}
	}
	both, books := map[string]string{}, map[string]string{"pg19/train/": "", "pg19/metadata.csv": ""}
	pg19("pg19", both)
	pg19("books", both)
	pg19("books", books)
	tests := []struct {
		reason string
		files  map[string]string
		name   string
		want   string // folder below the data folder
		err    string
	}{
		{"the official name comes first", both, "pg19", "pg19", ""},
		{"an unfinished copy is passed over", books, "pg19", "books", ""},
		{"papers", map[string]string{"arxiv-math/test/a.tex": ""}, "arxiv-math", "arxiv-math", ""},
		{"as on the hub", map[string]string{"proof-pile/dev/proofpile_dev.jsonl.gz": ""}, "arxiv-math", "proof-pile", ""},
		{"nothing there", map[string]string{"books/train/": "", "pg19": "x"}, "pg19", "",
			`no pg19 below "DIR": looked in DIR/pg19 (not a folder) and DIR/books (no validation); ` +
				"put a copy there, or download the test and validation splits with `bench data fetch pg19 --data DIR`, and the training split with --split train"},
		{"nothing of use", map[string]string{"arxiv-math/a.tex": ""}, "arxiv-math", "",
			`no arxiv-math below "DIR": looked in DIR/arxiv-math (no .tex or .jsonl files in the layout of a corpus: a.tex belongs to no split; move papers to train/, validation/ and test/) and DIR/proof-pile (no such folder) and DIR/proof-pile-2 (no such folder) and DIR/arxiv (no such folder); ` +
				"put a copy there, or download the test and validation splits with `bench data fetch arxiv-math --data DIR`, and the training split with --split train"},
		{"proof-pile-2", map[string]string{"proof-pile-2/arxiv/test/arXiv_000.jsonl.zst": "", "proof-pile-2/open-web-math/test/x.jsonl.zst": ""}, "arxiv-math", "proof-pile-2", ""},
		{"its arXiv part alone", map[string]string{"arxiv/test/arXiv_000.jsonl.zst": ""}, "arxiv-math", "arxiv", ""},
		{"another name of a split", map[string]string{"pg19/train/": "", "pg19/valid/": "", "pg19/test/": "", "pg19/metadata.csv": ""}, "pg19", "",
			`no pg19 below "DIR": looked in DIR/pg19 (no validation; rename valid to validation) and DIR/books (no such folder); ` +
				"put a copy there, or download the test and validation splits with `bench data fetch pg19 --data DIR`, and the training split with --split train"},
		{"books with summaries", map[string]string{"booksum/books_train.jsonl": "", "booksum/books_validation.jsonl": "", "booksum/books_test.jsonl": ""}, "booksum", "booksum", ""},
		{"a manifest missing", map[string]string{"booksum/books_train.jsonl": "", "booksum/books_validation.jsonl": ""}, "booksum", "",
			`no booksum below "DIR": looked in DIR/booksum (no books_test.jsonl); ` +
				"put the manifests there, books_train.jsonl, books_validation.jsonl and books_test.jsonl or its publishers' book_summaries_aligned_train.jsonl, _val and _test, and the files they name"},
		{"a manifest by another name", map[string]string{"booksum/books_train.jsonl": "", "booksum/books_val.jsonl": "", "booksum/books_test.jsonl": ""}, "booksum", "",
			`no booksum below "DIR": looked in DIR/booksum (no books_validation.jsonl; rename books_val.jsonl to books_validation.jsonl); ` +
				"put the manifests there, books_train.jsonl, books_validation.jsonl and books_test.jsonl or its publishers' book_summaries_aligned_train.jsonl, _val and _test, and the files they name"},
		{"its publishers' manifests", map[string]string{"booksum/book_summaries_aligned_train.jsonl": "", "booksum/book_summaries_aligned_val.jsonl": "", "booksum/book_summaries_aligned_test.jsonl": ""}, "booksum", "booksum", ""},
		{"its publishers' repository", map[string]string{"booksum/alignments/book-level-summary-alignments/book_summaries_aligned_train.jsonl": "",
			"booksum/alignments/book-level-summary-alignments/book_summaries_aligned_val.jsonl": "", "booksum/alignments/book-level-summary-alignments/book_summaries_aligned_test.jsonl": ""}, "booksum", "booksum", ""},
		{"neither", map[string]string{"booksum/texts/1.txt": ""}, "booksum", "",
			`no booksum below "DIR": looked in DIR/booksum (no books_train.jsonl and no book_summaries_aligned_train.jsonl); ` +
				"put the manifests there, books_train.jsonl, books_validation.jsonl and books_test.jsonl or its publishers' book_summaries_aligned_train.jsonl, _val and _test, and the files they name"},
		{"not on disk", nil, "novel", "", `corpus "novel" is not read from files; those that are: pg19, arxiv-math, booksum`},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			data := writeTree(t, test.files)
			dir, err := Find(data, test.name)
			if test.err != "" {
				wantError(t, err, test.err, data)
			} else if want := filepath.Join(data, test.want); err != nil || dir != want {
				t.Errorf("got %q, %v, want %q", dir, err, want)
			}
		})
	}
}
