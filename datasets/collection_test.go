package datasets

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParts: the arXiv part of every collection, as its publishers write it. The line of
// RedPajama and proof-pile-2 follows the RedPajama data card; the keys of SlimPajama and
// the Pile come from their data cards, proof-pile's from its loader.
func TestParts(t *testing.T) {
	const redPajama = `"meta": {"timestamp": "2023-03-23", "yymm": "2303", "arxiv_id": "2303.00001", "language": "en", "url": "https://arxiv.org/abs/2303.00001"}`
	for _, c := range []struct {
		reason, line, part string
		arxiv              bool
	}{
		{"proof-pile", `{"text": "x", "meta": {"config": "arxiv", "file": "math/1.gz"}}`, "arxiv", true},
		{"proof-pile, books", `{"text": "x", "meta": {"config": "books"}}`, "books", false},
		{"RedPajama", `{"text": "x", ` + redPajama + `}`, "RedPajama/arxiv", true},
		{"RedPajama, its loader", `{"text": "x", "meta": "{\"arxiv_id\": \"1\"}", "red_pajama_subset": "arxiv"}`, "RedPajama/arxiv", true},
		{"RedPajama, code", `{"text": "x", "meta": "{\"repo\": \"x\"}", "red_pajama_subset": "github"}`, "RedPajama/github", false},
		{"SlimPajama", `{"text": "x", "meta": {"redpajama_set_name": "RedPajamaArXiv"}}`, "SlimPajama/arxiv", true},
		{"SlimPajama, books", `{"text": "x", "meta": {"redpajama_set_name": "RedPajamaBook"}}`, "SlimPajama/RedPajamaBook", false},
		{"the Pile", `{"text": "x", "meta": {"pile_set_name": "ArXiv"}}`, "the Pile/arxiv", true},
		{"the Pile, code", `{"text": "x", "meta": {"pile_set_name": "Github"}}`, "the Pile/Github", false},
		{"config comes first", `{"text": "x", "meta": {"config": "wiki", "arxiv_id": "1"}}`, "wiki", false},
		{"an id that is a number", `{"text": "x", "meta": {"arxiv_id": 2303.00001}}`, "RedPajama/arxiv", true},
		{"no id", `{"text": "x", "meta": {"arxiv_id": ""}}`, "", false},
		{"null id", `{"text": "x", "meta": {"arxiv_id": null}}`, "", false},
		{"proof-pile-2, code", `{"text": "x", "meta": {"repo_name": "x"}}`, "", false},
	} {
		text, part, err := parseProofPile([]byte(c.line))
		if part != c.part || isArxiv(part) != c.arxiv || (err == nil) != (c.part != "") || (err == nil) != (text == "x") {
			t.Errorf("%s: %q, %q, %v", c.reason, text, part, err)
		}
	}
}

func TestCollections(t *testing.T) {
	for _, c := range []struct {
		parts []string
		want  string
	}{
		{[]string{"arxiv"}, "arXiv-math (proof-pile proxy)"},
		{[]string{"RedPajama/arxiv"}, "arXiv papers of RedPajama"},
		{[]string{"the Pile/arxiv", "RedPajama/arxiv"}, "arXiv papers of RedPajama and the Pile"},
		{[]string{"arxiv", "RedPajama/arxiv"}, "arXiv-math (proof-pile proxy) and arXiv papers of RedPajama"},
	} {
		parts := map[string]bool{}
		for _, part := range c.parts {
			parts[part] = true
		}
		if got := collections(parts); got != c.want {
			t.Errorf("%v: %q, want %q", c.parts, got, c.want)
		}
	}
}

// TestArxivMathLayouts: files from other publishers, and extensions in capitals.
func TestArxivMathLayouts(t *testing.T) {
	line := func(text string) string { return `{"text": "` + text + `", "meta": {"arxiv_id": "1"}}` + "\n" }
	dir := writeTree(t, map[string]string{
		"arxiv/train/arXiv_000.jsonl.zst":         zstdCompressed(t, line("a")),
		"arxiv/train/chunk1/b.JSONL":              line("b"),
		"arxiv/train/chunk1/.c.jsonl":             "hidden",
		"arxiv/validation/arXiv_000.jsonl.ZST":    zstdCompressed(t, line("d")),
		"arxiv/test/arXiv_000.JSONL.GZ":           gzipped(t, line("e")),
		"algebraic-stack/train/agda0000.jsonl.gz": "not looked at",
	})
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	want := map[Split][]Document{
		Train:      {{ID: "arxiv/train/arXiv_000.jsonl.zst:1", Text: "a"}, {ID: "arxiv/train/chunk1/b.JSONL:1", Text: "b"}},
		Validation: {{ID: "arxiv/validation/arXiv_000.jsonl.ZST:1", Text: "d"}},
		Test:       {{ID: "arxiv/test/arXiv_000.JSONL.GZ:1", Text: "e"}},
	}
	if diff := cmp.Diff(want, allDocuments(t, a)); diff != "" {
		t.Error(diff)
	}
	if c := a.Certificate(); c.StandIn != "arXiv papers of RedPajama" {
		t.Errorf("certificate %+v", c)
	}
	if _, err := Fingerprint(a); err != nil {
		t.Error(err)
	}

	// The Pile's own names, and papers with extensions in capitals.
	for _, c := range []struct {
		files map[string]string
		split Split
		id    string
	}{
		{map[string]string{"val.jsonl": line("a"), "value.jsonl": "no split"}, Validation, "val.jsonl:1"},
		{map[string]string{"val/x.jsonl": line("a")}, Validation, "val/x.jsonl:1"},
		{map[string]string{"test/X.TEX": "a"}, Test, "X"},
		{map[string]string{"dev/x.tex": "a"}, Validation, "x"},
	} {
		b, err := OpenArxivMath(writeTree(t, c.files))
		if err != nil {
			t.Errorf("%s: %v", c.id, err)
			continue
		}
		defer b.Close()
		if d, err := b.Document(c.split, 0); err != nil || d.ID != c.id || d.Text != "a" || b.Len(c.split) != 1 {
			t.Errorf("%s: %+v, %v", c.id, d, err)
		}
	}
}

// TestPG19Extensions: a copy from a system that knows only capitals is read as it is,
// and Verify and Fingerprint include its files.
func TestPG19Extensions(t *testing.T) {
	files := map[string]string{"train/": "", "validation/": "", "test/2.TXT": "two", "test/9.txt": "nine", "metadata.csv": "2,T,1902,u\n9,N,1909,u\n"}
	dir := writeTree(t, files)
	p, err := OpenPG19(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Document{{ID: "2", Text: "two"}, {ID: "9", Text: "nine"}}, allDocuments(t, p)[Test]); diff != "" {
		t.Error(diff)
	}
	if _, err := Fingerprint(p); err != nil {
		t.Error(err)
	}
	files["test/9.Txt"] = "nine again"
	dir = writeTree(t, files)
	_, err = OpenPG19(dir)
	wantError(t, err, "pg19: DIR/test: book 9 is there as .txt and as .Txt; keep one", dir)
}

// TestOtherFormats: for a folder without texts, the error says how to convert its
// files.
func TestOtherFormats(t *testing.T) {
	for _, c := range []struct {
		reason string
		files  []string
		want   string // in the error about papers
	}{
		{"parquet", []string{"data/train-0.parquet", "data/train-1.parquet"}, ".parquet files are not read (2 here, such as data/train-0.parquet); convert each file: python3 -c"},
		{"JSON", []string{"train/x.json"}, ".json files are not read (1 here, such as train/x.json); rename them to .jsonl if each line is a record, or else convert each file: jq -c"},
		{"compressed JSON", []string{"train/x.JSON.GZ"}, ".json.gz files are not read"},
		{"archive", []string{"papers.tar.gz"}, ".tar.gz files are not read (1 here, such as papers.tar.gz); unpack them with tar -xf"},
		{"RedPajama's own names", []string{"arxiv_0.jsonl", "arxiv_1.jsonl"}, "arxiv_0.jsonl belongs to no split; move papers to train/, validation/ and test/"},
		{"a folder that is no split", []string{"held-out/x.tex"}, "held-out/x.tex belongs to no split"},
		{"two papers with the same name", []string{"train/x.tex", "train/x.TEX"}, "train/x.TEX and train/x.tex are two papers with the same name; rename one"},
		{"hidden", []string{".cache/x", "train/.x.json"}, "no papers; the layout is"},
	} {
		files := map[string]string{}
		for _, name := range c.files {
			files[name] = "x"
		}
		_, err := OpenArxivMath(writeTree(t, files))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.reason, err)
		}
	}
	_, err := OpenPG19(writeTree(t, map[string]string{"train/1.txt.gz": "", "validation/": "", "test/": ""}))
	if err == nil || !strings.Contains(err.Error(), "no books: .txt.gz files are not read (1 here, such as train/1.txt.gz); decompress them with gunzip; the layout is") {
		t.Error(err)
	}
}
