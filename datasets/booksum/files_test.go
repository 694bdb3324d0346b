package booksum

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets"
)

const good = `{"book_id": 1, "title": "A", "book_path": "texts/a.txt", "summary": "It ends.", "book_words": 4}`

// folder writes a data folder with one book of four words and the given manifests.
func folder(t *testing.T, manifests map[datasets.Split]string) string {
	t.Helper()
	data := t.TempDir()
	dir := filepath.Join(data, "booksum")
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(data, "texts", "a.txt"), "once upon a time\n")
	write(filepath.Join(data, "texts", "b.txt"), "another book of words\n")
	write(filepath.Join(data, "texts", "blank.txt"), " \n")
	write(filepath.Join(data, "texts", "latin.txt"), "caf\xe9\n")
	for _, split := range splits {
		write(filepath.Join(dir, "books_"+string(split)+".jsonl"), manifests[split])
	}
	return dir
}

// TestBadPairs: every kind of bad line is reported with its position and reason,
// counted, and left out; the other lines are read.
func TestBadPairs(t *testing.T) {
	const form = `{"book_id": ID, "book_path": "PATH", "summary": "S", "book_words": WORDS}`
	line := func(id, path, words string) string {
		return strings.NewReplacer("ID", id, "PATH", path, "WORDS", words).Replace(form)
	}
	for _, c := range []struct{ name, line, id, want string }{
		{"no summary", `{"book_id": 2, "book_path": "texts/b.txt"}`, "2", "summary missing"},
		{"null summary", `{"book_id": 2, "book_path": "texts/b.txt", "summary": null}`, "2", "summary missing"},
		{"blank summary", `{"book_id": 2, "book_path": "texts/b.txt", "summary": " \n"}`, "2", "summary missing"},
		{"marked summary", `{"book_id": 2, "book_path": "texts/b.txt", "summary": "a\u0003b"}`, "2", "control character"},
		{"no file", line("2", "texts/none.txt", "1"), "2", "book file missing: texts/none.txt"},
		{"a folder", line("2", "texts", "1"), "2", "texts: is a directory"},
		{"blank file", line("2", "texts/blank.txt", "0"), "2", "texts/blank.txt: no text"},
		{"not UTF-8", line("2", "texts/latin.txt", "0"), "2", "texts/latin.txt: invalid UTF-8 at byte 3"},
		{"duplicate", line("1", "texts/b.txt", "4"), "1", "already listed in books_train.jsonl:1, with a summary from the same source"},
		{"same summary", strings.Replace(good, `"book_id": 1`, `"source": "x", "book_id": 1`, 1), "1", "its summary is already in books_train.jsonl:1"},
		{"summary of another", strings.Replace(good, `"book_id": 1`, `"book_id": 2`, 1), "2", "its summary is already in books_train.jsonl:1"},
		{"cut short", line("2", "texts/b.txt", "8"), "2", "texts/b.txt has 4 of 8 words, a coverage of 50.0 %"},
		{"parent", line("2", "../x.txt", "0"), "2", "leaves the folder of the data"},
		{"parent inside", line("2", "texts/../../x.txt", "0"), "2", "leaves the folder of the data"},
		{"absolute", line("2", "/etc/hostname", "0"), "2", "leaves the folder of the data"},
		{"backslash", line("2", `..\\x.txt`, "0"), "2", "leaves the folder of the data"},
		{"no path", `{"book_id": 2, "summary": "S"}`, "2", `no "book_path"`},
		{"negative", line("2", "texts/b.txt", "-1"), "2", "book_words is -1"},
		{"no id", `{"book_path": "texts/b.txt", "summary": "S"}`, "", `no "book_id"`},
		{"id of text", `{"book_id": "x", "book_path": "texts/b.txt", "summary": "S"}`, "", `column 13: "book_id": got a string, want a whole number`},
		{"half a character", strings.Replace(line("2", "texts/b.txt", "0"), `"S"`, `"caf\udce9"`, 1), "2", `"summary": \udce9 is a lone surrogate`},
		{"a byte of Latin-1", strings.Replace(line("2", "texts/b.txt", "0"), `"S"`, "\"caf\xe9\"", 1), "2", `"summary": byte 0xe9 is not UTF-8`},
		{"half a character in the source", strings.Replace(line("2", "texts/b.txt", "0"), "{", `{"source": "\ud800", `, 1), "2", `"source": \ud800 is a lone surrogate`},
		{"a key twice", strings.Replace(line("2", "texts/b.txt", "0"), "{", `{"summary": "T", `, 1), "", `"summary": the key is given twice`},
		{"a key in another case", strings.Replace(line("2", "texts/b.txt", "0"), "summary", "Summary", 1), "2", "summary missing"},
		{"no JSON", `book`, "", "invalid character"},
	} {
		f, err := Open(folder(t, map[datasets.Split]string{datasets.Train: good + "\n\n" + c.line + "\n"}))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := f.Coverage(datasets.Train)
		if got.Listed != 2 || got.Usable != 1 || f.Len(datasets.Train) != 1 || len(got.Problems) != 1 {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		p := got.Problems[0]
		if p.File != "books_train.jsonl" || p.Line != 3 || p.ID != c.id || !strings.Contains(p.Text, c.want) {
			t.Errorf("%s: %v, want %q", c.name, p, c.want)
		}
		if pair, err := f.Pair(datasets.Train, 0); err != nil || pair.ID != "1" || pair.Summary != "It ends." || pair.Text != "once upon a time\n" {
			t.Errorf("%s: the good pair is %+v, %v", c.name, pair, err)
		}
	}
}

// TestLeak: a book of the training split is not a test book, even if the line that
// first names it is itself bad.
func TestLeak(t *testing.T) {
	f, err := Open(folder(t, map[datasets.Split]string{datasets.Train: `{"book_id": 1}` + "\n", datasets.Test: good}))
	if err != nil {
		t.Fatal(err)
	}
	test := f.Coverage(datasets.Test)
	if test.Usable != 0 || test.Official != 46 || !strings.Contains(test.Problems[0].Text, "already listed in books_train.jsonl:1") {
		t.Errorf("%+v", test)
	}
}

// TestSeveralSummaries: the published test manifest has four lines for one book, 28054,
// one for each source; each is a pair, with a name of its own, and complete splits of
// such lines are the official data. One more line of a source that was listed is not.
func TestSeveralSummaries(t *testing.T) {
	line := func(id int, source string) string {
		return fmt.Sprintf(`{"book_id": %d, "source": %q, "book_path": "texts/a.txt", "summary": "%d as %s tells it."}`+"\n", id, source, id, source)
	}
	sources := []string{"gradesaver", "shmoop", "Cliff's Notes", "sparknotes"}
	lines := map[datasets.Split]string{}
	for s, split := range splits {
		for i := range official[split] {
			lines[split] += line(1000*s+i/4, sources[i%4])
		}
	}
	f, err := Open(folder(t, lines))
	if err != nil {
		t.Fatal(err)
	}
	for _, split := range splits {
		if c := f.Coverage(split); c.Listed != official[split] || c.Usable != c.Listed || len(c.Problems) > 0 {
			t.Errorf("%s: %+v", split, c)
		}
	}
	if c := f.Certificate(); !c.Official || c.StandIn != "" {
		t.Errorf("%+v", c)
	}
	var names []string
	for i := range 5 {
		p, err := f.Pair(datasets.Train, i)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, p.ID)
	}
	if got := strings.Join(names, " "); got != "0-gradesaver 0-shmoop 0-cliff-s-notes 0-sparknotes 1-gradesaver" {
		t.Errorf("pairs are named %s", got)
	}
	// The last of 45 pairs is the only one of its book, which so is name enough.
	if p, err := f.Pair(datasets.Validation, 44); err != nil || p.ID != "1011" {
		t.Errorf("the last validation pair is %q, %v", p.ID, err)
	}

	f, err = Open(folder(t, map[datasets.Split]string{
		datasets.Train: line(1, "shmoop") + line(1, "sparknotes") + strings.Replace(line(1, "Shmoop"), "tells", "told", 1),
		datasets.Test:  line(1, "gradesaver"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	for split, want := range map[datasets.Split]string{
		datasets.Train: "books_train.jsonl:3: book 1: already listed in books_train.jsonl:1, with a summary from the same source",
		datasets.Test:  "books_test.jsonl:1: book 1: already listed in books_train.jsonl:1, and a book belongs to one split",
	} {
		if p := f.Coverage(split).Problems; len(p) != 1 || p[0].String() != want {
			t.Errorf("%s: %v, want %q", split, p, want)
		}
	}
}

// Manifests and books from a Windows editor are read like others: the first pair is
// found, and the book starts with its first word.
func TestSignatures(t *testing.T) {
	dir := folder(t, map[datasets.Split]string{datasets.Train: "\ufeff" + good + "\r\n"})
	if err := os.WriteFile(filepath.Join(dir, "../texts/a.txt"), []byte("\ufeffonce upon a time\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c := f.Coverage(datasets.Train); c.Usable != 1 || len(c.Problems) > 0 {
		t.Fatalf("%+v", c)
	}
	if p, err := f.Pair(datasets.Train, 0); err != nil || p.Text != "once upon a time\n" {
		t.Errorf("%q, %v", p.Text, err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := folder(t, nil)
	if err := os.Remove(filepath.Join(dir, "books_test.jsonl")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.HasSuffix(err.Error(), "booksum: no books_test.jsonl") {
		t.Error(err)
	}
	dir = folder(t, map[datasets.Split]string{datasets.Train: strings.Repeat("x", maxLine+1)})
	if _, err := Open(dir); err == nil || !strings.HasSuffix(err.Error(), "books_train.jsonl: line 1: longer than 16777216 bytes") {
		t.Error(err)
	}
}

// TestHash: any change of a text or a summary changes the hash, and nothing else does.
func TestHash(t *testing.T) {
	print := func(manifest string) string {
		f, err := Open(folder(t, map[datasets.Split]string{datasets.Train: manifest}))
		if err != nil {
			t.Fatal(err)
		}
		return f.Fingerprint()
	}
	a := print(good)
	if b := print("\n" + good + "\n"); a != b {
		t.Error("a blank line changes the hash")
	}
	other := []string{a}
	for _, change := range []string{
		strings.Replace(good, "It ends.", "It ends!", 1), strings.Replace(good, "a.txt", "b.txt", 1),
		strings.Replace(good, ": 1,", ": 3,", 1), "",
	} {
		h := print(change)
		if slices.Contains(other, h) {
			t.Errorf("%q has the hash of another", change)
		}
		other = append(other, h)
	}
}

// TestSharedData reads the stand-in collection: README.md there has the counts.
func TestSharedData(t *testing.T) {
	const dir = "../../../shared/data/booksum"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared/data/booksum is not there")
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for split, want := range map[datasets.Split]int{datasets.Train: 44, datasets.Validation: 8, datasets.Test: 14} {
		if c := f.Coverage(split); c.Listed != want || c.Usable != want || len(c.Problems) > 0 {
			t.Errorf("%s: %+v", split, c)
		}
	}
	p, err := f.Pair(datasets.Test, 0)
	if err != nil || p.ID != "215" || p.Title != "The Call of the Wild" || !strings.HasPrefix(p.Summary, "The story opens with Buck") {
		t.Errorf("%.80q, %v", p.Summary, err)
	}
	c := f.Certificate()
	if c.Official || c.StandIn != "14 of 46 test pairs, 8 of 45 validation pairs, 44 of 314 training pairs" {
		t.Errorf("%+v", c)
	}
}

// FuzzParseRecord: no line causes a panic, and accepted paths stay inside the data.
func FuzzParseRecord(f *testing.F) {
	for _, line := range []string{
		good, `{}`, `null`, `[1]`, `{"book_id": 1e3}`, `{"book_id": 1, "summary": "\ud800", "book_path": "a/../b"}`,
		`{"book_id": 9223372036854775807, "summary": "s", "book_path": "C:\\x"}`, "{\"book_id\": 1, \"summary\": \"\xff\", \"book_path\": \"x\"}",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRecord(line)
		if err != nil {
			return
		}
		if r.id == "" || strings.TrimSpace(r.summary) == "" || r.words < 0 || !filepath.IsLocal(r.path) || strings.Contains(filepath.Join("data", r.path), "..") && !strings.Contains(r.path, "..") {
			t.Errorf("accepted %+v", r)
		}
		if joined := filepath.Join("data", filepath.FromSlash(r.path)); joined != "data" && !strings.HasPrefix(joined, "data"+string(filepath.Separator)) {
			t.Errorf("%q is %q", r.path, joined)
		}
	})
}
