package datasets

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// smallPG19 is a corpus of five books; 9 < 10 < 100 as numbers but not as names.
func smallPG19() map[string]string {
	return map[string]string{
		"train/100.txt":       "hundred",
		"train/9.txt":         "nine",
		"train/10.txt":        "ten\r\n",
		"train/10.txt.part":   "half a download",
		"train/._10.txt":      "\x00 left by a file manager",
		"train/notes.md":      "not a book",
		"validation/":         "",
		"test/2.txt":          "ab  cd",
		"test/1000000007.txt": "e f\n",
		"metadata.csv":        "2,Two,1902,u2\n9,Nine,1909,u9\n10,Ten,1910,u10\n100,H,1800,u\n1000000007,Big,1850,u\n555,Elsewhere,1855,u\n",
	}
}

func TestPG19(t *testing.T) {
	p, err := OpenPG19(writeTree(t, smallPG19()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[Split][]Document{
		Train:      {{ID: "9", Text: "nine"}, {ID: "10", Text: "ten\r\n"}, {ID: "100", Text: "hundred"}},
		Validation: nil,
		Test:       {{ID: "2", Text: "ab  cd"}, {ID: "1000000007", Text: "e f\n"}},
	}
	if diff := cmp.Diff(want, allDocuments(t, p)); diff != "" {
		t.Error(diff)
	}
	book, err := p.Book(Train, 1)
	if diff := cmp.Diff(Book{10, "Ten", 1910, "u10"}, book); diff != "" || err != nil {
		t.Error(diff, err)
	}
	_, err = p.Document(Test, 2)
	wantError(t, err, `pg19: no document 2 in split "test", which has 2`, "")
	_, err = p.Document("dev", 0)
	wantError(t, err, `pg19: no document 0 in split "dev", which has 0`, "")
	_, err = p.Document(Test, -1)
	wantError(t, err, `pg19: no document -1 in split "test", which has 2`, "")
}

// allDocuments reads every document, all at once, as the interface allows.
func allDocuments(t *testing.T, c Corpus) map[Split][]Document {
	t.Helper()
	all := make(map[Split][]Document)
	var wait sync.WaitGroup
	for _, split := range []Split{Train, Validation, Test} {
		if c.Len(split) > 0 {
			all[split] = make([]Document, c.Len(split))
		} else {
			all[split] = nil
		}
		for i := range all[split] {
			into := &all[split][i]
			wait.Go(func() {
				doc, err := c.Document(split, i)
				if err != nil {
					t.Error(err)
				}
				*into = doc
			})
		}
	}
	wait.Wait()
	return all
}

func TestOpenPG19Errors(t *testing.T) {
	const layout = "the layout is train/, validation/, test/ with <gutenberg id>.txt files, and metadata.csv"
	tests := []struct {
		name   string
		remove string            // prefix of names
		add    map[string]string // over smallPG19
		err    string
	}{
		{"no split folder", "validation/", nil,
			"pg19: DIR/validation: no such folder; " + layout + " (a split without books is an empty folder)"},
		{"a file for a folder", "validation/", map[string]string{"validation": "x"},
			"pg19: DIR/validation: not a directory"},
		{"no metadata", "metadata.csv", nil,
			"pg19: DIR/metadata.csv: no such file or directory"},
		{"malformed metadata", "", map[string]string{"metadata.csv": "2,Two,1902,u2\n9,Nine\n"},
			"pg19: DIR/metadata.csv: line 2: 2 fields, want 4: book_id,title,year,url (no header row)"},
		{"books not in metadata", "", map[string]string{"metadata.csv": "9,Nine,1909,u9\n2,Two,1902,u\n1000000007,B,1850,u\n"},
			"pg19: DIR: 2 of 5 books not in metadata.csv, the first is train/10.txt; add its row or remove the file"},
		{"a text that is no book", "", map[string]string{"test/README.txt": "x"},
			"pg19: DIR/test/README.txt: name is not a Project Gutenberg number; " + layout},
		{"another spelling of a number", "", map[string]string{"test/02.txt": "x"},
			"pg19: DIR/test/02.txt: name is not a Project Gutenberg number; " + layout},
		{"a book in two splits", "", map[string]string{"test/9.txt": "x"},
			"pg19: DIR: book 9 is in both train and test; a book belongs to one split"},
		{"no books", "", map[string]string{"test/": ""}, "pg19: DIR: no books; " + layout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := smallPG19()
			maps.DeleteFunc(files, func(name, _ string) bool {
				return test.remove != "" && strings.HasPrefix(name, test.remove)
			})
			if test.name == "no books" {
				files = map[string]string{"train/": "", "validation/": ""}
			}
			maps.Copy(files, test.add)
			dir := writeTree(t, files)
			_, err := OpenPG19(dir)
			wantError(t, err, test.err, dir)
		})
	}
}

// A bad text does not keep the others from being read.
func TestPG19BadText(t *testing.T) {
	files := smallPG19()
	files["train/10.txt"] = ""
	dir := writeTree(t, files)
	p, err := OpenPG19(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Document(Train, 1)
	wantError(t, err, "pg19: DIR/train/10.txt: no text: the file is empty or blank; fetch it again", dir)
	if doc, err := p.Document(Train, 2); err != nil || doc.Text != "hundred" {
		t.Errorf("got %+v, %v", doc, err)
	}
}

// The official numbers come from the README of google-deepmind/pg19.
func TestPG19Certificate(t *testing.T) {
	tests := []struct {
		train, validation, test int
		standIn                 string
	}{
		{28602, 50, 100, ""},
		{74, 5, 10, "10 of 100 test books, 5 of 50 validation books, 74 of 28602 training books"},
		{0, 50, 100, "100 of 100 test books, 50 of 50 validation books, 0 of 28602 training books"},
		{28602, 50, 101, "101 of 100 test books, 50 of 50 validation books, 28602 of 28602 training books"},
	}
	for _, test := range tests {
		got := pg19Certificate(map[Split]int{Train: test.train, Validation: test.validation, Test: test.test})
		want := Certificate{
			Name: "pg19", Official: test.standIn == "", StandIn: test.standIn,
			Splits: map[Split]SplitSummary{
				Train:      {test.train, 28602, 1973136207},
				Validation: {test.validation, 50, 3007061},
				Test:       {test.test, 100, 6966499},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// Counts and sizes come from the README of the data.
func TestPG19RealBooks(t *testing.T) {
	dir, err := Find(sharedData(t), "pg19")
	if err != nil {
		t.Fatal(err)
	}
	p, err := OpenPG19(dir)
	if err != nil {
		t.Fatal(err)
	}
	const standIn = "10 of 100 test books, 5 of 50 validation books, 74 of 28602 training books"
	if c := p.Certificate(); c.Official || c.StandIn != standIn {
		t.Errorf("certificate %+v", c)
	}
	r, err := Verify(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(r.Splits[0].Documents, r.Splits[0].Bytes, r.Splits[1].Documents, r.Splits[1].Bytes, r.Splits[2].Documents, r.Splits[2].Bytes)
	if want := "74 26636727 5 1841318 10 4423555"; got != want {
		t.Errorf("documents and bytes %s, want %s", got, want)
	}
	// splits.csv has a column "words".
	words := make(map[string]int64)
	f, err := os.Open(filepath.Join(dir, "splits.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := slices.Index(rows[0], "words")
	for _, row := range rows[1:] {
		n, err := strconv.ParseInt(row[column], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		words[row[1]] += n
	}
	for _, s := range r.Splits {
		if s.Words != words[string(s.Split)] {
			t.Errorf("%s has %d words, want %d", s.Split, s.Words, words[string(s.Split)])
		}
	}
	// 89 books, metadata.csv and splits.csv are in SHA256SUMS.
	if !r.OK() || r.Sums == nil || r.Sums.Matching != 91 || len(r.Sums.Unlisted) != 0 {
		t.Errorf("not as SHA256SUMS says: %+v", r.Sums)
	}
}
