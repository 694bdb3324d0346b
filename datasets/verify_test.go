package datasets

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerify(t *testing.T) {
	p, err := OpenPG19(writeTree(t, smallPG19()))
	if err != nil {
		t.Fatal(err)
	}
	var last, calls, total int
	got, err := Verify(p, func(done, of int) { last, total, calls = done, of, calls+1 })
	if err != nil {
		t.Fatal(err)
	}
	// Counted by hand from smallPG19. The sums are from sha256sum, of the bytes
	// "9\n4\nnine10\n5\nten\r\n100\n7\nhundred", of nothing, and of
	// "2\n6\nab  cd1000000007\n4\ne f\n".
	want := Report{Certificate: p.Certificate(), Splits: []SplitReport{
		{Split: Train, Documents: 3, Bytes: 16, Words: 3, SHA256: "065528f88c022d82f1dfba82de94aaf4cf724a48123383264fa9b4233ecdec7b"},
		{Split: Validation, SHA256: sumEmpty},
		{Split: Test, Documents: 2, Bytes: 10, Words: 4, SHA256: "13090ec435605339ccb31c37f616901e246f347a85b620eb5192efee0343caf1"},
	}}
	if diff := cmp.Diff(want, got); diff != "" || !got.OK() {
		t.Error(diff, got.OK())
	}
	if last != 5 || total != 5 || calls != 5 {
		t.Errorf("progress: %d of %d in %d calls, want 5 of 5 in 5", last, total, calls)
	}
}

func TestVerifyListsEveryBadDocument(t *testing.T) {
	files := smallPG19()
	files["train/9.txt"] = ""
	files["train/100.txt"] = "a\x00"
	dir := writeTree(t, files)
	p, err := OpenPG19(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Verify(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := SplitReport{Split: Train, Documents: 1, Bytes: 5, Words: 1, Unreadable: []Unreadable{
		{0, "pg19: " + filepath.Join(dir, "train", "9.txt") + ": no text: the file is empty or blank; fetch it again"},
		{2, "pg19: " + filepath.Join(dir, "train", "100.txt") + ": NUL at byte 1: a binary file, not text"},
	}}
	if diff := cmp.Diff(want, r.Splits[0]); diff != "" || r.OK() {
		t.Error(diff, r.OK())
	}
}

func TestVerifySums(t *testing.T) {
	papers := map[string]string{"arxiv-math/test/a.tex": "abc", "arxiv-math/test/b.tex": "b", "arxiv-math/test/c.tex": "c"}
	tests := []struct {
		reason string
		lists  map[string]string
		path   string // "" for no report
		want   SumsReport
		ok     bool
	}{
		{"no list", nil, "", SumsReport{}, true},
		{"a list beside the corpus, as shared data has",
			map[string]string{sumsFile: sumABC + "  arxiv-math/test/a.tex\n" + sumABC + "  arxiv-math/test/b.tex\n" +
				sumABC + "  arxiv-math/gone.csv\n" + sumABC + "  books/1.txt\n" + sumABC + "  arxiv-math/../books/1.txt\n"},
			sumsFile,
			SumsReport{Matching: 1, Differ: []string{"arxiv-math/test/b.tex"}, Missing: []string{"arxiv-math/gone.csv"}, Unlisted: []string{"arxiv-math/test/c.tex"}},
			false},
		{"the nearer list wins",
			map[string]string{sumsFile: sumEmpty + "  arxiv-math/test/a.tex\n", "arxiv-math/" + sumsFile: sumABC + " *test/a.tex\n"},
			"arxiv-math/" + sumsFile,
			SumsReport{Matching: 1, Unlisted: []string{"test/b.tex", "test/c.tex"}},
			true},
		{"a list of other things", map[string]string{sumsFile: sumABC + "  books/1.txt\n"}, "", SumsReport{}, true},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			files := maps.Clone(papers)
			maps.Copy(files, test.lists)
			data := writeTree(t, files)
			a, err := OpenArxivMath(filepath.Join(data, "arxiv-math"))
			if err != nil {
				t.Fatal(err)
			}
			last, total := 0, 0
			r, err := Verify(a, func(done, of int) { last, total = done, of })
			if err != nil {
				t.Fatal(err)
			}
			var want *SumsReport
			if test.path != "" {
				want = &test.want
				want.Path = filepath.Join(data, filepath.FromSlash(test.path))
			}
			if diff := cmp.Diff(want, r.Sums); diff != "" || r.OK() != test.ok {
				t.Error(diff, r.OK())
			}
			if last != total || total < 3 {
				t.Errorf("progress ended at %d of %d", last, total)
			}
		})
	}
}

func TestVerifyMalformedSums(t *testing.T) {
	dir := writeTree(t, map[string]string{"test/a.tex": "abc", sumsFile: "abc  test/a.tex\n"})
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Verify(a, nil)
	wantError(t, err, `DIR/SHA256SUMS: line 1: "abc  test/a.tex" is not "<sha256>  <file>" or "SHA256 (<file>) = <sha256>"`, dir)
}

// A corpus given as "." has a parent too.
func TestVerifyHere(t *testing.T) {
	data := writeTree(t, map[string]string{"papers/test/a.tex": "abc", sumsFile: sumABC + "  papers/test/a.tex\n"})
	t.Chdir(filepath.Join(data, "papers"))
	a, err := OpenArxivMath(".")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Verify(a, nil); err != nil || r.Sums == nil || r.Sums.Matching != 1 {
		t.Errorf("got %+v, %v", r.Sums, err)
	}
	if err := os.Remove(filepath.Join("test", "a.tex")); err != nil {
		t.Fatal(err)
	}
	if r, err := Verify(a, nil); err != nil || r.OK() || len(r.Sums.Missing) != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
}
