package booksum

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/datasets"
)

// published are two lines of book_summaries_aligned_test.jsonl of salesforce/booksum
// and the first of its earlier version of the training split.
const (
	published      = `{"bid": "28054", "source": "gradesaver", "title": "The Brothers Karamazov", "summary_path": "finished_summaries/gradesaver/The Brothers Karamazov/overview.json", "book_path": "all_chapterized_books/28054-chapters/book_clean.txt"}`
	publishedOther = `{"bid": "28054", "source": "shmoop", "title": "The Brothers Karamazov", "summary_path": "finished_summaries/shmoop/The Brothers Karamazov/overview.txt", "book_path": "all_chapterized_books/28054-chapters/book_clean.txt"}`
	publishedFirst = `{"bid": "20", "source": "gradesaver", "title": "Paradise Lost", "summary_path": "/export/longsum/booksumm/finished_summaries/gradesaver/Paradise Lost/overview.json", "book_path": "/export/longsum/booksumm/all_chapterized_books/20-chapters/book_clean.txt"}`
)

// repository writes a folder as left by the publishers' scripts. The summary of shmoop
// is in the format of clean_summaries.py (json.dump of name, url, summary, analysis),
// the others in the format of the earlier scripts.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "booksum")
	all := map[string]string{
		"book_summaries_aligned_train.jsonl": publishedFirst + "\n",
		"book_summaries_aligned_val.jsonl":   "",
		"book_summaries_aligned_test.jsonl":  published + "\n" + publishedOther + "\n",

		"finished_summaries/gradesaver/The Brothers Karamazov/overview.json": `{"name": "Overview", "summary": "Fyodor has three sons.<PARAGRAPH> He is killed. <PARAGRAPH>", "analysis": "On faith.", "url": "https://example.org/k"}`,
		"finished_summaries/shmoop/The Brothers Karamazov/overview.txt":      `{"name": "Overview", "url": "https://example.org/s", "summary": ["A father, three sons.", " Then a trial. "], "analysis": ["x"]}`,
		"finished_summaries/gradesaver/Paradise Lost/overview.json":          `{"name": "Overview", "summary": "Satan falls.", "analysis": null}`,

		"all_chapterized_books/28054-chapters/book_clean.txt": "Book One. The history of a family.\n",
		"all_chapterized_books/20-chapters/book_clean.txt":    "Of Man's first disobedience\n",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		if text == "absent" {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAligned: the publishers' layout is read as it is. The summaries are what
// gather_data.py makes of the files: " ".join(line.strip() for line in summary).
func TestAligned(t *testing.T) {
	const test = "book_summaries_aligned_test.jsonl"
	move := func(from, to string, files map[string]string) map[string]string {
		for name, text := range map[string]string{
			"finished_summaries/gradesaver/The Brothers Karamazov/overview.json": `{"summary": "Fyodor has three sons.<PARAGRAPH>He is killed."}`,
			"finished_summaries/shmoop/The Brothers Karamazov/overview.txt":      `{"summary": ["A father, three sons.", "Then a trial."]}`,
			"finished_summaries/gradesaver/Paradise Lost/overview.json":          `{"summary": "Satan falls."}`,
		} {
			if strings.HasPrefix(name, from) {
				files[name], files[to+name] = "absent", text
			}
		}
		return files
	}
	for _, c := range []struct {
		reason string
		files  map[string]string
	}{
		{"all in one folder", nil},
		{"summaries where the scripts put them", move("finished", "scripts/", map[string]string{})},
		{"summaries beside the folder", move("finished", "../", map[string]string{})},
		{"manifests where the repository has them", map[string]string{
			test: "absent", "book_summaries_aligned_train.jsonl": "absent", "book_summaries_aligned_val.jsonl": "absent",
			"alignments/book-level-summary-alignments/" + test:                               published + "\r\n\n" + publishedOther,
			"alignments/book-level-summary-alignments/book_summaries_aligned_train.jsonl":    publishedFirst,
			"alignments/book-level-summary-alignments/book_summaries_aligned_val.jsonl":      "",
			"alignments/chapter-level-summary-alignments/chapter_summary_aligned_test.jsonl": "not looked at",
		}},
	} {
		f, err := Open(repository(t, c.files))
		if err != nil {
			t.Errorf("%s: %v", c.reason, err)
			continue
		}
		for i, want := range []Pair{
			{Document: datasets.Document{ID: "28054-gradesaver", Text: "Book One. The history of a family.\n"}, Title: "The Brothers Karamazov", Summary: "Fyodor has three sons. He is killed."},
			{Document: datasets.Document{ID: "28054-shmoop", Text: "Book One. The history of a family.\n"}, Title: "The Brothers Karamazov", Summary: "A father, three sons. Then a trial."},
		} {
			p, err := f.Pair(datasets.Test, i)
			if err != nil || p.ID != want.ID || p.Text != want.Text || p.Title != want.Title || p.Summary != want.Summary {
				t.Errorf("%s: %+v, %v", c.reason, p, err)
			}
		}
		if p, err := f.Pair(datasets.Train, 0); err != nil || p.ID != "20" || p.Summary != "Satan falls." {
			t.Errorf("%s: %+v, %v", c.reason, p, err)
		}
		for _, split := range splits {
			if c := f.Coverage(split); len(c.Problems)+len(c.Doubts) > 0 {
				t.Errorf("%s: %+v", split, c)
			}
		}
	}
}

// TestAlignedProblems: a problem with a pair is reported with the manifest, the line
// and the file, and the other pair is still read.
func TestAlignedProblems(t *testing.T) {
	const karamazov = "finished_summaries/shmoop/The Brothers Karamazov/overview.txt"
	line := func(old, new string) map[string]string {
		return map[string]string{"book_summaries_aligned_test.jsonl": published + "\n" + strings.Replace(publishedOther, old, new, 1)}
	}
	summary := func(text string) map[string]string { return map[string]string{karamazov: text} }
	for _, c := range []struct {
		reason string
		files  map[string]string
		want   string
	}{
		{"no summary", summary("absent"), "book 28054: summary file missing: " + karamazov},
		{"no book", line("all_chapterized_books/28054", "all_chapterized_books/1"), "book 28054: book file missing: all_chapterized_books/1-chapters/book_clean.txt"},
		{"a page of the site", summary("<html>404</html>"), karamazov + ": line 1, column 1: invalid character '<'"},
		{"the text alone", summary("A father, three sons."), karamazov + ": line 1, column 1: invalid character 'A'"},
		{"an array", summary(`["x"]`), "got an array, want an object"},
		{"no field", summary(`{"name": "Overview"}`), `"summary" is missing, or neither a text nor a list of texts`},
		{"null", summary(`{"summary": null}`), "summary missing"},
		{"a number", summary(`{"summary": 1}`), `"summary" is missing, or neither`},
		{"a list of lists", summary(`{"summary": [["x"]]}`), `"summary" is missing, or neither`},
		{"nothing", summary(`{"summary": ["", " <PARAGRAPH> "]}`), "summary missing"},
		{"empty file", summary(""), "the text is empty"},
		{"a control character", summary(`{"summary": "a\u0002"}`), "control character"},
		{"not UTF-8", summary("{\"summary\": \"caf\xe9\"}"), "byte 0xe9 is not UTF-8"},
		{"line not UTF-8", line("Brothers K", "Br\xffthers K"), "byte 0xff is not UTF-8"},
		{"no id", line(`"bid": "28054", `, ""), `"bid" is "", not the number of a book`},
		{"an id of words", line("28054", "x/../y"), `"bid" is "x/../y", not the number of a book`},
		{"no path", line("book_path", "path"), `no "book_path"`},
		{"no summary path", line("summary_path", "path"), `no "summary_path"`},
		{"path outside", line("all_chapterized_books/", "../all_chapterized/"), "leaves the folder of the data"},
		{"path outside, below a folder", line("finished_summaries/", "finished_summaries/../../x/"), "leaves the folder of the data"},
		{"absolute path", line("finished_summaries/", "/etc/"), "leaves the folder of the data"},
		{"the same source again", line("shmoop", "gradesaver"), "already listed in book_summaries_aligned_test.jsonl:1, with a summary from the same source"},
		{"not JSON", line("{", ""), "got a string, want an object"},
	} {
		f, err := Open(repository(t, c.files))
		if err != nil {
			t.Errorf("%s: %v", c.reason, err)
			continue
		}
		got := f.Coverage(datasets.Test)
		if got.Listed != 2 || got.Usable != 1 || len(got.Problems) != 1 {
			t.Errorf("%s: %+v", c.reason, got)
			continue
		}
		if text := got.Problems[0].String(); !strings.HasPrefix(text, "book_summaries_aligned_test.jsonl:2: ") || !strings.Contains(text, c.want) {
			t.Errorf("%s: %s", c.reason, text)
		}
	}
}

// TestManifestsOfBoth: after a conversion of the publishers' data, the converted
// manifests are used.
func TestManifestsOfBoth(t *testing.T) {
	f, err := Open(repository(t, map[string]string{
		"books_train.jsonl": `{"book_id": 7, "book_path": "booksum/all_chapterized_books/20-chapters/book_clean.txt", "summary": "Mine."}`, "books_validation.jsonl": "", "books_test.jsonl": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := f.Pair(datasets.Train, 0); err != nil || p.ID != "7" || f.Len(datasets.Test) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestUnlikePlainText: summaries pasted without cleaning are flagged, in our layout
// too; texts that merely contain such characters are not.
func TestUnlikePlainText(t *testing.T) {
	for _, c := range []struct{ summary, want string }{
		{`{"name": "Overview", "summary": "A man leaves home.<PARAGRAPH>He comes back.", "url": "https://example.org/x"}`, "JSON"},
		{` ["A man leaves home.", "He comes back."]` + "\n", "JSON"},
		{"A man leaves home.<PARAGRAPH>He comes back.", "HTML, as it has \"<PARAGRAPH>\""},
		{"A man <b>leaves</b> home.", "HTML"},
		{`See <a href="x">this</a>.`, "HTML"},
		{"Jekyll&nbsp;and Hyde &#8212; one man.", "HTML"},
		{"## Plot\nA man leaves home.", "Markdown"},
		{"A [man](https://example.org) leaves.", "Markdown"},
		{"[[Buck]] is a dog.", "wikitext"},
		{"Buck{{citation needed}} is a dog.", "wikitext"},

		{"He says <DW> and A & B; 1 < 2 > 0; #1 of them, [sic], {x}, C&A.", ""},
		{"[The story opens with Buck.] He is stolen.", ""},
		{"[The story opens with Buck.]", ""},
		{"A <3 B, see https://example.org.", ""},
		{"", ""},
	} {
		if got := unlikePlainText(c.summary); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: %q", c.summary, got)
		}
	}
	quoted, err := json.Marshal(`{"summary": "It ends."}`)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(folder(t, map[datasets.Split]string{datasets.Train: strings.Replace(good, `"It ends."`, string(quoted), 1)}))
	if err != nil {
		t.Fatal(err)
	}
	c := f.Coverage(datasets.Train)
	if c.Usable != 1 || len(c.Doubts) != 1 || !strings.HasPrefix(c.Doubts[0].String(), "books_train.jsonl:1: book 1: the summary looks like JSON; ") {
		t.Errorf("%+v", c)
	}
}

// FuzzParseSummary: no file causes a panic, and an accepted one gives a text free of
// the publishers' marks and ours.
func FuzzParseSummary(f *testing.F) {
	for _, file := range []string{
		`{"name": "Overview", "summary": "A.<PARAGRAPH>B.", "analysis": null, "url": ""}`, `{"summary": ["A.", " B<PARAGRAPH>"]}`, `{"summary": [null]}`,
		`{}`, `null`, `[]`, `{"summary": "\ud800"}`, "{\"summary\": \"\xff\"}", `{"summary": {"summary": "x"}}`, "\ufeff{}",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := parseSummary(data)
		if err == nil && (strings.TrimSpace(text) == "" || strings.ContainsAny(text, Ask+End) || strings.Contains(text, paragraphMark)) {
			t.Errorf("%q: %q", data, text)
		}
		if err != nil && text != "" {
			t.Errorf("%q: %q besides the error %v", data, text, err)
		}
	})
}

// FuzzParseAligned: no line causes a panic, and accepted paths stay inside the data.
func FuzzParseAligned(f *testing.F) {
	for _, line := range []string{
		published, publishedFirst, `{}`, `null`, `{"bid": 20, "summary_path": "a", "book_path": "b"}`, `{"bid": "1", "summary_path": "finished_summaries/../..", "book_path": "/all_chapterized_books/"}`,
		`{"bid": "1", "summary_path": "finished_summaries\u0000", "book_path": "C:\\x"}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, summary, err := parseAligned(line)
		if err != nil {
			return
		}
		if !bookID.MatchString(r.id) || !filepath.IsLocal(r.path) || !filepath.IsLocal(summary) {
			t.Errorf("accepted %+v, %q", r, summary)
		}
	})
}
