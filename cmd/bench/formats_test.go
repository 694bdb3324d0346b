package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/datasets/tokenizer"
	"infinibench/experiments"
	"infinibench/internal/golden"
	"infinibench/internal/safetensors"
	"infinibench/internal/seal"
	"infinibench/models/pretrained"
)

// fileFormat is a row of the first table of docs/formats.md. read returns the content of a
// file or its reader's error.
type fileFormat struct {
	read    func(t *testing.T, file string) (string, error)
	good    string
	invalid string // good with a byte that is not UTF-8, 0xE9, in its text
	half    string // with half a character, \udce9
	other   string // with a key in another case
	twice   string // with a key twice
	comment string // with a line that starts with #
}

const (
	arxivLine   = `{"text": "café", "meta": {"config": "arxiv"}}`
	booksumLine = `{"book_id": 1, "book_path": "texts/1.txt", "summary": "café"}`
	pairLine    = `{"target": "café au lait", "prediction": "café"}`
	profileText = "name: smoke\nabout: café\n"
	referenced  = `{"about": "café"}`
	header      = `{"__metadata__":{"a":"café"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	modelConfig = `{"model_type": "llama", "vocab_size": 8, "note": "café"}`
	abcSum      = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, B.1
)

// inJSON is a format with the word café in a JSON value.
func inJSON(good, key string, read func(*testing.T, string) (string, error)) fileFormat {
	return fileFormat{
		read: read, good: good + "\n",
		invalid: strings.Replace(good, "é", "\xe9", 1),
		half:    strings.Replace(good, "é", `\udce9`, 1),
		other:   strings.Replace(good, `"`+key, `"`+strings.ToUpper(key[:1])+key[1:], 1),
		twice:   strings.Replace(good, `"`+key, `"`+key+`": "x", "`+key, 1),
		comment: "# a comment\n" + good,
	}
}

func formats(t *testing.T) map[string]fileFormat {
	encoder, merges, whole := gpt2Files(t)
	tokens := inJSON(whole, "version", readTokenizer)
	tokens.half = strings.Replace(whole, `"version"`, `"x":"\udce9","version"`, 1)
	tokens.invalid = strings.Replace(whole, `"version"`, "\"x\":\"\xe9\",\"version\"", 1)
	vocabulary := inJSON(encoder, "!", func(t *testing.T, file string) (string, error) { return readGPT2(t, file, merges) })
	vocabulary.other = ""
	vocabulary.half = strings.Replace(encoder, "{", `{"\udce9":300,`, 1)
	vocabulary.invalid = strings.Replace(encoder, "{", "{\"\xe9\":300,", 1)
	sealed := func(body string) string { return body + `,"sum":"` + seal.Sum([]byte(body)) + "\"}\n" }
	log := inJSON(`{"text":"café"}`, "text", readSealed)
	for _, file := range []*string{&log.good, &log.invalid, &log.half, &log.other, &log.twice} {
		*file = sealed(strings.TrimSuffix(strings.TrimSpace(*file), "}"))
	}
	log.comment = "# a comment\n" + log.good
	smoke := smokeProfile(t)
	return map[string]fileFormat{
		"text: `.txt`, `.tex`, prompts": {read: readTextFile, good: "café\n", invalid: "caf\xe9\n", comment: "# a comment\ncafé\n"},
		"arXiv `.jsonl`":                inJSON(arxivLine, "text", readArxiv),
		"BookSum `books_*.jsonl`":       inJSON(booksumLine, "summary", readBooksum),
		"`bench rouge` pairs":           inJSON(pairLine, "target", readPairs),
		"PG19 `metadata.csv`": {read: readBook, good: "1,\"Café, by\nA\",1900,u\n", invalid: "1,Caf\xe9,1900,u\n",
			twice: "1,A,1900,u\n1,B,1900,u\n", comment: "# a comment\n1,A,1900,u\n"},
		"`SHA256SUMS`": {read: readSums, good: abcSum + "  test/a.tex\n", invalid: abcSum + "  test/a.tex\n" + abcSum + "  test/\xe9.tex\n",
			twice: abcSum + "  test/a.tex\n" + strings.Repeat("0", 64) + "  test/a.tex\n", comment: "# a comment\n" + abcSum + "  test/a.tex\n"},
		"`tokenizer.json`":     tokens,
		"GPT-2 `encoder.json`": vocabulary,
		"GPT-2 `vocab.bpe`": {read: func(t *testing.T, file string) (string, error) { return readGPT2(t, encoder, file) },
			good: merges, invalid: merges + "\xe9 a\n", twice: merges + strings.SplitAfter(merges, "\n")[1], comment: merges + "# a\n"},
		"profile `.yaml`": {read: readProfile, good: smoke, invalid: strings.Replace(smoke, "about: ", "about: \xe9", 1),
			half: strings.Replace(smoke, "about: ", `about: "\udce9" #`, 1), other: strings.Replace(smoke, "about: ", "About: ", 1),
			twice: strings.Replace(smoke, "about: ", "about: x\nabout: ", 1), comment: "# a comment\n" + smoke},
		"`config.json` of a model folder":               inJSON(modelConfig, "model_type", readModelConfig),
		"`model.safetensors.index.json`":                inJSON(`{"weight_map": {"w": "café.safetensors"}}`, "weight_map", readModelIndex),
		"`bench verify` references":                     inJSON(referenced, "about", readReference),
		"`.safetensors` header":                         inJSON(header, "dtype", readHeader),
		"`result.json` and other files with a checksum": log,
		"`metrics.jsonl`, `samples.jsonl`":              log,
	}
}

// TestFormats tries each cell of the first table. The column says how a good file is
// changed.
func TestFormats(t *testing.T) {
	t.Parallel()
	columns, rows := formatTable(t, "## Text and data")
	known := formats(t)
	// TestListingFormats in datasets holds this row, since it takes a server.
	delete(rows, "listings of the download servers")
	for name, cells := range rows {
		f, found := known[name]
		if !found {
			t.Errorf("no test for the row %q", name)
			continue
		}
		delete(known, name)
		want, err := f.read(t, f.good)
		if err != nil || want == "" {
			t.Errorf("%s: the good file gives %q, %v", name, want, err)
		}
		for i, column := range columns {
			variants := map[string][]string{
				"UTF-8 mark":             {"\ufeff" + f.good},
				"UTF-16 or UTF-32 mark":  {utf16LE(f.good), utf16BE(f.good), utf32LE(f.good)},
				"CR LF":                  {strings.ReplaceAll(f.good, "\n", "\r\n")},
				"Blank lines at the end": {f.good + "\n", f.good + "\n  \n"},
				"No line end at the end": {strings.TrimSuffix(f.good, "\n")},
				"Not UTF-8":              {f.invalid},
				"Lone surrogate":         {f.half, strings.Replace(f.half, `\udce9`, `\ud835`, 1), strings.Replace(f.half, `\udce9`, `\ud835\u0041`, 1)},
				"Key in another case":    {f.other},
				"Key twice":              {f.twice},
				"`#` line":               {f.comment},
			}[column]
			if variants == nil {
				t.Errorf("no test for the column %q", column)
			}
			for _, file := range variants {
				checkCell(t, name+": "+column, cells[i], want, file, f.read)
			}
		}
	}
	for name := range known {
		t.Errorf("the table lacks the row %q", name)
	}
}

// TestCompressedFormats tries each cell of the second table.
func TestCompressedFormats(t *testing.T) {
	t.Parallel()
	columns, rows := formatTable(t, "## Compressed JSON Lines")
	for name, cells := range rows {
		ending := strings.Trim(name, "`")
		pack := map[string]func(string) string{".jsonl.gz": gzipOf, ".jsonl.zst": zstdOf}[ending]
		if pack == nil {
			t.Errorf("no test for the row %q", name)
			continue
		}
		read := func(t *testing.T, file string) (string, error) { return readArxivFile(t, "test"+ending, file) }
		one, two := pack(arxivLine+"\n"), pack(arxivLine+"\n"+arxivLine+"\n")
		single, err := read(t, one)
		if err != nil {
			t.Fatal(err)
		}
		double, err := read(t, two)
		if err != nil {
			t.Fatal(err)
		}
		for i, column := range columns {
			want, variants := single, []string{}
			switch column {
			case "Several members or frames":
				want, variants = double, []string{one + one, pack(arxivLine[:9]) + pack(arxivLine[9:]+"\n"+arxivLine)}
			case "Zeros after the end":
				variants = []string{one + "\x00", one + strings.Repeat("\x00", 100_000)}
			case "Skippable frame": // RFC 8878, 3.1.2
				skippable := "\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
				variants = []string{skippable + one, one + skippable}
			case "Other bytes after the end":
				variants = []string{one + "garbage", one + "\x00\x00" + one[:1] + "x", one + "\x1f"}
			case "Cut short":
				variants = []string{one[:len(one)-1], one[:len(one)/2], one + one[:len(one)-1], one[:3]}
			case "Empty file":
				variants = []string{""}
			default:
				t.Errorf("no test for the column %q", column)
			}
			for _, file := range variants {
				checkCell(t, name+": "+column, cells[i], want, file, read)
			}
		}
	}
}

// checkCell compares the outcome for a file with the table's cell.
func checkCell(t *testing.T, place, cell, want, file string, read func(*testing.T, string) (string, error)) {
	t.Helper()
	if cell == "n/a" {
		return
	}
	if file == "" && !strings.HasSuffix(place, "Empty file") {
		t.Errorf("%s: no file to try", place)
		return
	}
	got, err := read(t, file)
	outcome := "kept"
	switch {
	case err != nil:
		outcome = "refused"
	case got == want:
		outcome = "same"
	}
	if outcome != cell {
		t.Errorf("%s: the page says %s, the program: %s (%q, %v) for %.200q", place, cell, outcome, got, err, file)
	}
	if strings.HasSuffix(place, "UTF-32 mark") && cell == "refused" && err != nil && !strings.Contains(err.Error(), "iconv -f UTF-") {
		// Our own files and headers carry no such advice: they are damaged.
		if !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v does not say how to convert the file", place, err)
		}
	}
}

// formatTable is the table of a section of docs/formats.md: its columns but the first,
// and its rows by their first cell.
func formatTable(t *testing.T, heading string) (columns []string, rows map[string][]string) {
	t.Helper()
	_, text, found := strings.Cut(readPage(t, "docs/formats.md"), heading)
	if !found {
		t.Fatalf("docs/formats.md has no section %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	rows = map[string][]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			if cells[i] = strings.TrimSpace(cells[i]); cells[i] == "" {
				t.Errorf("an empty cell in %s", line)
			}
		}
		if columns == nil {
			columns = cells[1:]
		} else if rows[cells[0]] = cells[1:]; len(cells) != len(columns)+1 {
			t.Fatalf("%d cells, want %d: %s", len(cells), len(columns)+1, line)
		}
	}
	return columns, rows
}

func utf16LE(text string) string {
	data := []byte("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(text)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return string(data)
}

func utf16BE(text string) string {
	data := []byte("\xfe\xff")
	for _, unit := range utf16.Encode([]rune(text)) {
		data = binary.BigEndian.AppendUint16(data, unit)
	}
	return string(data)
}

func utf32LE(text string) string {
	data := []byte("\xff\xfe\x00\x00")
	for _, r := range text {
		data = binary.LittleEndian.AppendUint32(data, uint32(r))
	}
	return string(data)
}

func gzipOf(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

func zstdOf(text string) string {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

// tree writes files below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
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

func readTextFile(t *testing.T, file string) (string, error) {
	text, err := datasets.ReadText(filepath.Join(tree(t, map[string]string{"a.txt": file}), "a.txt"))
	if err != nil || strings.ContainsAny(strings.TrimSuffix(text, "\n"), "\r\n#") {
		return text, err
	}
	return strings.TrimRight(text, "\n"), nil // so that a text without a line end is the same
}

func readArxiv(t *testing.T, file string) (string, error) {
	return readArxivFile(t, "test.jsonl", file)
}

func readArxivFile(t *testing.T, name, file string) (string, error) {
	a, err := datasets.OpenArxivMath(tree(t, map[string]string{name: file}))
	if err != nil {
		return "", err
	}
	defer a.Close()
	var all string
	for i := range a.Len(datasets.Test) {
		d, err := a.Document(datasets.Test, i)
		if err != nil {
			return "", err
		}
		all += d.Text + "\n"
	}
	return all, nil
}

func readBooksum(t *testing.T, file string) (string, error) {
	dir := tree(t, map[string]string{"texts/1.txt": "a book", "booksum/books_test.jsonl": file, "booksum/books_train.jsonl": "", "booksum/books_validation.jsonl": ""})
	f, err := booksum.Open(filepath.Join(dir, "booksum"))
	if err != nil {
		return "", err
	}
	if problems := f.Coverage(datasets.Test).Problems; len(problems) > 0 {
		return "", errors.New(problems[0].String())
	}
	p, err := f.Pair(datasets.Test, 0)
	return p.Summary, err
}

func readPairs(_ *testing.T, file string) (string, error) {
	var out, problem strings.Builder
	if run([]string{"rouge"}, strings.NewReader(file), &out, &problem) != 0 {
		return "", errors.New(problem.String())
	}
	return out.String(), nil
}

func readBook(t *testing.T, file string) (string, error) {
	p, err := datasets.OpenPG19(tree(t, map[string]string{"metadata.csv": file, "train/.x": "", "validation/.x": "", "test/1.txt": "a book"}))
	if err != nil {
		return "", err
	}
	b, err := p.Book(datasets.Test, 0)
	return strings.ReplaceAll(b.Title, "\r\n", "\n"), err
}

func readSums(t *testing.T, file string) (string, error) {
	a, err := datasets.OpenArxivMath(tree(t, map[string]string{"test/a.tex": "abc", "SHA256SUMS": file}))
	if err != nil {
		return "", err
	}
	r, err := datasets.Verify(a, nil)
	return fmt.Sprintf("%+v", r.Sums != nil && len(r.Sums.Missing) == 0 && r.Sums.Matching == 1), err
}

func readTokenizer(t *testing.T, file string) (string, error) {
	k, err := tokenizer.Load(filepath.Join(tree(t, map[string]string{"a.json": file}), "a.json"))
	if err != nil {
		return "", err
	}
	ids, err := k.Encode("the theme")
	return fmt.Sprint(ids), err
}

func readGPT2(t *testing.T, encoder, merges string) (string, error) {
	dir := tree(t, map[string]string{"encoder.json": encoder, "vocab.bpe": merges})
	k, err := tokenizer.LoadGPT2(filepath.Join(dir, "encoder.json"), filepath.Join(dir, "vocab.bpe"))
	if err != nil {
		return "", err
	}
	ids, err := k.Encode("the theme")
	return fmt.Sprint(ids), err
}

func readProfile(t *testing.T, file string) (string, error) {
	p, err := experiments.LoadProfile(filepath.Join(tree(t, map[string]string{"smoke.yaml": file}), "smoke.yaml"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%+v", p.Cells()[0].Settings), nil
}

// readReference accepts a reference that lacks its network as one that was read.
// readModelConfig returns all fields with the verdict on each.
func readModelConfig(t *testing.T, file string) (string, error) {
	if err := pretrained.CheckConfig([]byte(file)); err != nil {
		return "", err
	}
	settings, err := pretrained.Settings(tree(t, map[string]string{"config.json": file}))
	return fmt.Sprint(settings), err
}

func readModelIndex(_ *testing.T, file string) (string, error) {
	shards, err := pretrained.Shards([]byte(file))
	return strings.Join(shards, " "), err
}

func readReference(_ *testing.T, file string) (string, error) {
	if _, err := golden.Parse([]byte(file)); err == nil || !strings.HasPrefix(err.Error(), "config.batch is 0") {
		return "", err
	}
	return "read", nil
}

func readHeader(t *testing.T, file string) (string, error) {
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(file)))
	path := filepath.Join(tree(t, map[string]string{"a.safetensors": string(data) + file + "\x00\x00\x80\x3f"}), "a.safetensors")
	metadata, tensors, err := safetensors.Read(path)
	return fmt.Sprint(metadata, tensors), err
}

func readSealed(_ *testing.T, file string) (string, error) {
	var v struct {
		Text *string `json:"text"`
	}
	if err := seal.Unmarshal([]byte(file), &v); err != nil {
		return "", err
	}
	if v.Text == nil {
		return "", errors.New("no text")
	}
	return *v.Text, nil
}

// smokeProfile is a built-in profile.
func smokeProfile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../experiments/profiles/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// gpt2Files are one small tokenizer in the forms of OpenAI and of Hugging Face.
func gpt2Files(t *testing.T) (encoder, merges, whole string) {
	t.Helper()
	k, err := tokenizer.TrainBPE(func(yield func(string, error) bool) { yield("the theme, the thesis, the theory", nil) }, 259, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "t.json")
	if err := tokenizer.Save(k, path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Model struct {
			Vocab  json.RawMessage `json:"vocab"`
			Merges []string        `json:"merges"`
		} `json:"model"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return string(file.Model.Vocab), "#version: 0.2\n" + strings.Join(file.Model.Merges, "\n") + "\n", string(data)
}
