package datasets

import (
	"bytes"
	"compress/gzip"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/textfile"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// Lines as on the hub (meta an object) and as saved by the datasets library (meta
// a string), with other parts of proof-pile between them.
const proofPileLines = `{"meta": {"config": "arxiv", "file": "math/0001.gz"}, "text": "\\section{One} \u00e9\n"}` + "\n" +
	`{"meta": {"config": "formal"}, "text": "theorem two"}` + "\r\n" +
	"\n" +
	`{"text": "Four", "meta": "{\"config\": \"arxiv\"}"}` + "\r\n" +
	`{"text": " \n", "meta": {"config": "arxiv"}}` + "\n" +
	`{"text": "Six", "meta": {"config": "arxiv"}}`

// proofPileTexts are its arXiv texts by line number.
func proofPileTexts(file string) []Document {
	return []Document{{ID: file + ":1", Text: "\\section{One} é\n"}, {ID: file + ":4", Text: "Four"}, {ID: file + ":6", Text: "Six"}}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstdCompressed(t *testing.T, text string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

func TestArxivMathLines(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // for the temporary copy
	dir := writeTree(t, map[string]string{
		"dev/proofpile_dev.jsonl.gz":         gzipped(t, proofPileLines),
		"test/proofpile_test.jsonl.gz.part":  "half a download",
		"test/.proofpile_test.jsonl":         "{}",
		"proofpile_test.jsonl.zst":           zstdCompressed(t, proofPileLines),
		"train-1.jsonl":                      proofPileLines,
		"train-2.jsonl.gz":                   gzipped(t, strings.ReplaceAll(proofPileLines, "Six", "Seven")),
		"booksum.jsonl":                      "{}",
		"train/more.jsonl":                   `{"text": "8", "meta": {"config": "arxiv"}}`,
		"validation/instructions.tex.backup": "",
	})
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	second := proofPileTexts("train-2.jsonl.gz")
	second[2].Text = "Seven"
	want := map[Split][]Document{
		Train:      slices.Concat(proofPileTexts("train-1.jsonl"), second, []Document{{ID: "train/more.jsonl:1", Text: "8"}}),
		Validation: proofPileTexts("dev/proofpile_dev.jsonl.gz"),
		Test:       proofPileTexts("proofpile_test.jsonl.zst"),
	}
	if diff := cmp.Diff(want, allDocuments(t, a)); diff != "" {
		t.Error(diff)
	}
	wantCertificate := Certificate{
		Name: "arxiv-math", StandIn: "arXiv-math (proof-pile proxy)",
		Splits: map[Split]SplitSummary{Train: {Documents: 7}, Validation: {Documents: 3}, Test: {Documents: 3}},
	}
	if diff := cmp.Diff(wantCertificate, a.Certificate()); diff != "" {
		t.Error(diff)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := a.Document(Test, 0); err == nil {
		t.Error("read a document after Close")
	}
}

func TestArxivMathTeX(t *testing.T) {
	dir := writeTree(t, map[string]string{
		"train/b.tex": "B", "train/a.tex": "A", "train/parts/c.tex": "C", "train/notes.txt": "", "test/z.tex": "\x00",
	})
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a.Len(Train) != 2 || a.Len(Validation) != 0 || a.Len(Test) != 1 {
		t.Errorf("%d, %d, %d documents", a.Len(Train), a.Len(Validation), a.Len(Test))
	}
	for i, want := range []Document{{ID: "a", Text: "A"}, {ID: "b", Text: "B"}} {
		if got, err := a.Document(Train, i); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	_, err = a.Document(Test, 0)
	wantError(t, err, "arxiv-math: DIR/test/z.tex: NUL at byte 0: a binary file, not text", dir)
	_, err = a.Document(Test, 1)
	wantError(t, err, `arxiv-math: no document 1 in split "test", which has 1`, "")
	if c := a.Certificate(); c.Official || c.StandIn != "LaTeX folder: 3 documents" {
		t.Errorf("certificate %+v", c)
	}
}

func TestOpenArxivMathErrors(t *testing.T) {
	const form = `; a line is {"text": ..., "meta": {"config": "arxiv"}}`
	good := `{"text": "x", "meta": {"config": "arxiv"}}` + "\n"
	// A frame header that asks for a window of 2^40 bytes: RFC 8878, 3.1.1.1.2,
	// exponent 30 in the upper five bits is a window of 2^(10+30).
	hugeWindow := "\x28\xb5\x2f\xfd\x00\xf0\x01\x00\x00"
	tests := []struct {
		name  string
		files map[string]string
		err   string
	}{
		{"empty", nil, "arxiv-math: DIR: no papers; " + arxivLayout},
		{"two layouts", map[string]string{"test.jsonl": good, "train/a.tex": "x"},
			"arxiv-math: DIR: 1 .tex and 1 .jsonl files; keep one layout in a folder"},
		{"no arxiv", map[string]string{"test.jsonl": `{"text": "x", "meta": {"config": "books"}}`},
			`arxiv-math: DIR: no line of 1 files is a paper of arXiv with a text` + form},
		{"not JSON", map[string]string{"test.jsonl": good + "x\n"},
			"arxiv-math: DIR/test.jsonl: line 2: column 1: invalid character 'x' at start of value"},
		{"cut line", map[string]string{"test.jsonl": good + good[:20]},
			`arxiv-math: DIR/test.jsonl: line 2: column 21: "meta": the JSON ends too early; the file may be cut short`},
		{"no text", map[string]string{"test.jsonl": `{"meta": {"config": "arxiv"}}`},
			`arxiv-math: DIR/test.jsonl: line 1: no "text"` + form},
		{"no meta", map[string]string{"test.jsonl": `{"text": "x"}`},
			`arxiv-math: DIR/test.jsonl: line 1: no "config" or "arxiv_id" in "meta" says that this is a paper` + form +
				`; if every line is one, convert the file with jq -c '{text, meta: {config: "arxiv"}}'`},
		{"meta string is no JSON", map[string]string{"test.jsonl": `{"text": "x", "meta": "arxiv"}`},
			"arxiv-math: DIR/test.jsonl: line 1: meta: column 1: invalid character 'a' at start of value"},
		{"not gzip", map[string]string{"test.jsonl.gz": good},
			"arxiv-math: DIR/test.jsonl.gz: gzip: invalid header"},
		{"cut gzip", map[string]string{"test.jsonl.gz": gzipped(t, good)[:30]},
			"arxiv-math: DIR/test.jsonl.gz: line 1: unexpected EOF"},
		{"not zstd", map[string]string{"test.jsonl.zst": good},
			"arxiv-math: DIR/test.jsonl.zst: line 1: not zstd data, at the start of the file or after the end of a frame; fetch the file again"},
		{"zstd window", map[string]string{"test.jsonl.zst": hugeWindow},
			"arxiv-math: DIR/test.jsonl.zst: line 1: the zstd window is over 128 MiB; recompress the file without --long"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := writeTree(t, test.files)
			_, err := OpenArxivMath(dir)
			wantError(t, err, test.err, dir)
		})
	}
	_, err := OpenArxivMath("/nowhere/at all")
	wantError(t, err, "arxiv-math: /nowhere/at all: no such folder; "+arxivLayout, "")
}

// Go's JSON decoder would replace the bad byte; the loader must not.
func TestArxivMathInvalidUTF8(t *testing.T) {
	dir := writeTree(t, map[string]string{"test.jsonl": `{"text": "ab` + "\xff" + `", "meta": {"config": "arxiv"}}`})
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	_, err = a.Document(Test, 0) // {"text": "ab is 12 bytes
	wantError(t, err, `arxiv-math: test.jsonl:1: column 13: "text": byte 0xff is not UTF-8; convert the text to UTF-8`, "")
}

// A line with half a character fails when it is read, so that one bad line does not
// hide the others. The second line is the example of RFC 8259, section 7: U+1D11E.
func TestArxivMathSurrogates(t *testing.T) {
	dir := writeTree(t, map[string]string{"test.jsonl": "\ufeff" +
		`{"text": "caf\udce9", "meta": {"config": "arxiv"}}` + "\r\n" +
		`{"text": "\ud834\udd1e", "meta": {"config": "arxiv"}}` + "\r\n" +
		`{"text": "b", "meta": {"config": "books", "name": "\ud800"}}`})
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	_, err = a.Document(Test, 0)
	wantError(t, err, `arxiv-math: test.jsonl:1: column 14: "text": \udce9 is a lone surrogate, only half of a character; write the character itself or U+FFFD`, "")
	if d, err := a.Document(Test, 1); err != nil || d.Text != "\U0001D11E" || a.Len(Test) != 2 {
		t.Errorf("%d lines, the second is %q, %v", a.Len(Test), d.Text, err)
	}
}

func TestArxivMathFileChanges(t *testing.T) {
	line := `{"text": "x", "meta": {"config": "arxiv"}}` + "\n"
	dir := writeTree(t, map[string]string{"test.jsonl": line + line})
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := os.Truncate(dir+"/test.jsonl", int64(len(line))); err != nil {
		t.Fatal(err)
	}
	_, err = a.Document(Test, 1)
	wantError(t, err, "arxiv-math: test.jsonl:2: the file became shorter after it was opened", "")
}

func TestScanLines(t *testing.T) {
	type line struct {
		Number int
		Offset int64
		Text   string
	}
	scan := func(text string) (got []line, err error) {
		err = textfile.Lines(strings.NewReader(text), 8, func(number int, offset int64, data []byte) error {
			got = append(got, line{number, offset, string(data)})
			return nil
		})
		return got, err
	}
	got, err := scan("ab\r\n\n \nédef\ng")
	want := []line{{1, 0, "ab"}, {4, 7, "édef"}, {5, 13, "g"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	got, err = scan("ab\n123456789\nc\n")
	wantError(t, err, "line 2: longer than 8 bytes", "")
	if diff := cmp.Diff([]line{{1, 0, "ab"}}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseProofPile(f *testing.F) {
	for line := range strings.Lines(proofPileLines) {
		f.Add([]byte(line))
	}
	for _, seed := range []string{`{"text":"\ud800","meta":{"config":"arxiv"}}`, `{"text":1}`, `[]`, `null`, `{"meta":"\"x\"","text":""}`, "{\"text\":\"\xff\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		text, config, err := parseProofPile(line)
		if err != nil {
			if text != "" || config != "" {
				t.Errorf("%q: %q and %q besides the error %v", line, text, config, err)
			}
			return
		}
		if config == "" {
			t.Errorf("%q: no config and no error", line)
		}
		if err := checkUTF8([]byte(text)); err != nil {
			t.Errorf("%q: text %v", line, err)
		}
	})
}

// Counts and sizes come from the README of the data.
func TestArxivMathRealPapers(t *testing.T) {
	dir, err := Find(sharedData(t), "arxiv-math")
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c := a.Certificate(); c.Official || c.StandIn != "LaTeX folder: 84 documents" {
		t.Errorf("certificate %+v", c)
	}
	r, err := Verify(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	type counts struct {
		Documents int
		Bytes     int64
	}
	got := make(map[Split]counts)
	for _, s := range r.Splits {
		got[s.Split] = counts{s.Documents, s.Bytes}
	}
	want := map[Split]counts{Train: {67, 9806531}, Validation: {5, 701384}, Test: {12, 3121652}}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// 84 papers, manifest.csv and three licences are in SHA256SUMS.
	if !r.OK() || r.Sums == nil || r.Sums.Matching != 88 || len(r.Sums.Unlisted) != 0 {
		t.Errorf("not as SHA256SUMS says: %+v", r.Sums)
	}
	if doc, err := a.Document(Test, 0); err != nil || doc.ID != "brownian-motion-blueprint" {
		t.Errorf("the first test paper is %q, %v", doc.ID, err)
	}
}
