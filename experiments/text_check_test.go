package experiments

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"infinibench/datasets"
	"infinibench/internal/results"
)

// textFolder writes a data folder; text "->" is a link to nothing, and "none" a file
// that nobody may read.
func textFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	data := t.TempDir()
	for name, text := range files {
		path := filepath.Join(data, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch text {
		case "->":
			err = os.Symlink(path+".gone", path)
		case "none":
			err = os.WriteFile(path, []byte("x"), 0)
		default:
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return data
}

func gzipText(t *testing.T, text string) string {
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

func zstdText(t *testing.T, text string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

// TestBadTexts: for every kind of bad text, stop names the text and the remedy before
// training starts, and skip leaves it out and counts it. Each corpus has
// two sound training texts beside it and one sound test text.
func TestBadTexts(t *testing.T) {
	const line = `{"text": "one two", "meta": {"config": "arxiv"}}` + "\n"
	books := map[string]string{"pg19/train/1.txt": "one two", "pg19/train/3.txt": "three", "pg19/validation/.keep": "", "pg19/test/4.txt": "four",
		"pg19/metadata.csv": "1,A,1900,u\n2,B,1900,u\n3,C,1900,u\n4,D,1900,u\n5,E,1900,u\n"}
	papers := map[string]string{"arxiv-math/train/a.tex": "one two", "arxiv-math/train/c.tex": "three", "arxiv-math/test/d.tex": "four"}
	lines := map[string]string{"arxiv-math/train.jsonl": line + line, "arxiv-math/test.jsonl": line}
	for _, c := range []struct {
		reason, corpus string
		good           map[string]string
		name, text     string // the bad file
		split          datasets.Split
		want           string
	}{
		{"not UTF-8", "pg19", books, "pg19/train/2.txt", "caf\xe9", datasets.Train, "2.txt: invalid UTF-8 at byte 3"},
		{"empty", "pg19", books, "pg19/train/2.txt", "", datasets.Train, "2.txt: no text"},
		{"blank", "pg19", books, "pg19/train/2.txt", " \n", datasets.Train, "2.txt: no text"},
		{"binary", "pg19", books, "pg19/train/2.txt", "a\x00", datasets.Train, "2.txt: NUL at byte 1"},
		{"missing", "pg19", books, "pg19/train/2.txt", "->", datasets.Train, "2.txt: no such file"},
		{"not to be read", "pg19", books, "pg19/train/2.txt", "none", datasets.Train, "2.txt: permission denied"},
		{"a folder", "pg19", books, "pg19/train/2.txt/x", "x", datasets.Train, "2.txt: is a directory"},
		{"a scored text", "pg19", books, "pg19/test/2.txt", "\xff", datasets.Test, "2.txt: invalid UTF-8 at byte 0"},
		{"a paper", "arxiv-math", papers, "arxiv-math/train/b.tex", "\xff", datasets.Train, "b.tex: invalid UTF-8 at byte 0"},
		{"a link to no paper", "arxiv-math", papers, "arxiv-math/train/b.tex", "->", datasets.Train, "b.tex: no such file"},
		{"a line that is not UTF-8", "arxiv-math", lines, "arxiv-math/train-2.jsonl", strings.Replace(line, "one", "\xff", 1), datasets.Train, "train-2.jsonl:1: "},
		{"a line that is not JSON", "arxiv-math", lines, "arxiv-math/train-2.jsonl", line[:20], datasets.Train, "train-2.jsonl: line 1: "},
		{"a line without a text", "arxiv-math", lines, "arxiv-math/train-2.jsonl", `{"meta": {"config": "arxiv"}}`, datasets.Train, `train-2.jsonl: line 1: no "text"`},
		{"half a gzip file", "arxiv-math", lines, "arxiv-math/train-2.jsonl.gz", gzipText(t, line)[:30], datasets.Train, "train-2.jsonl.gz: line 1: unexpected EOF"},
		{"half a zstd file", "arxiv-math", lines, "arxiv-math/train-2.jsonl.zst", zstdText(t, line)[:30], datasets.Train, "train-2.jsonl.zst: line 1: unexpected EOF"},
		{"a gzip file without its checksum", "arxiv-math", lines, "arxiv-math/train-2.jsonl.gz", gzipText(t, line+line)[:len(gzipText(t, line+line))-4], datasets.Train, "train-2.jsonl.gz: line 3: unexpected EOF; none of its lines is used"},
		{"a file that is no gzip", "arxiv-math", lines, "arxiv-math/train-2.jsonl.gz", line, datasets.Train, "train-2.jsonl.gz: gzip: invalid header"},
		{"a link to no lines", "arxiv-math", lines, "arxiv-math/train-2.jsonl", "->", datasets.Train, "train-2.jsonl: no such file"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			if c.text == "none" && os.Geteuid() == 0 {
				t.Skip("the superuser may read every file")
			}
			files := map[string]string{c.name: c.text}
			for name, text := range c.good {
				files[name] = text
			}
			data, cache := textFolder(t, files), filepath.Join(t.TempDir(), "cache")
			settings := results.CorpusSettings{Tokenizer: "bytes", Split: "test"}
			p := &Profile{Corpora: map[string]results.CorpusSettings{c.corpus: settings}, Seeds: []uint64{1}}
			p.Perplexity = []results.PerplexitySettings{{Corpus: c.corpus, Models: []string{"local-only"}}}
			err := p.Identify(data)
			if err == nil {
				_, err = OpenText(t.Context(), c.corpus, settings, data, cache, nil)
			}
			if err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(c.want, "; none of its lines is used")) || !strings.HasSuffix(err.Error(), "or set corpora."+c.corpus+".bad_texts to skip") {
				t.Errorf("stop: %v", err)
			}

			settings.BadTexts = "skip"
			p.Corpora[c.corpus] = settings
			if err := p.Identify(data); err != nil {
				t.Fatal(err)
			}
			for _, time := range []string{"first", "second"} { // which reads what the first has found
				text, err := OpenText(t.Context(), c.corpus, settings, data, cache, nil)
				if err != nil {
					t.Fatalf("%s: %v", time, err)
				}
				if len(text.LeftOut) != 1 || text.LeftOut[0].Split != c.split || text.LeftOut[0].Texts != 1 || !strings.Contains(text.LeftOut[0].Why[0], c.want) {
					t.Errorf("%s: %+v", time, text.LeftOut)
				}
				if n := text.Corpus.Certificate().Splits[datasets.Train].Documents; n != 2 {
					t.Errorf("%s: the certificate counts %d training texts", time, n)
				}
				for split, want := range map[datasets.Split]int{datasets.Train: 2, datasets.Test: 1} {
					if n := text.Corpus.Len(split); n != want {
						t.Errorf("%s: %d %s texts, want %d", time, n, split, want)
					}
					for i := range want {
						if _, err := text.Corpus.Document(split, i); err != nil {
							t.Errorf("%s: %v", time, err)
						}
					}
				}
			}
		})
	}
}

// TestBadTextsKept: the pass is cached, and repeated when a file has changed, when a bad text
// has become readable, or when the cache is damaged.
func TestBadTextsKept(t *testing.T) {
	data, cache := textFolder(t, map[string]string{"arxiv-math/train/a.tex": "x", "arxiv-math/train/b.tex": "\xff", "arxiv-math/test/c.tex": "x"}), t.TempDir()
	open := func() (left, kept int) {
		t.Helper()
		text, err := OpenText(t.Context(), "arxiv-math", results.CorpusSettings{Tokenizer: "bytes", Split: "test", BadTexts: "skip"}, data, cache, nil)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(cache, "arxiv-math-*-test-0-texts.json"))
		if err != nil {
			t.Fatal(err)
		}
		return len(text.LeftOut), len(files)
	}
	if left, kept := open(); left != 1 || kept != 1 {
		t.Errorf("%d left out, %d files", left, kept)
	}
	files, _ := filepath.Glob(filepath.Join(cache, "*"))
	for _, damage := range []string{"", "{}", `{"bad": {"train": [{"index": 7}]}}`, `{"bad": {"train": [{"index": -1}]}}`, "\x00"} {
		if err := os.WriteFile(files[0], []byte(damage), 0o644); err != nil {
			t.Fatal(err)
		}
		if left, kept := open(); left != 1 || kept != 1 {
			t.Errorf("%q: %d left out, %d files", damage, left, kept)
		}
	}
	// A text of the same size and time that can be read now.
	path := filepath.Join(data, "arxiv-math/train/b.tex")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("y"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if left, kept := open(); left != 0 || kept != 1 {
		t.Errorf("mended: %d left out, %d files", left, kept)
	}
	if err := os.WriteFile(path, []byte("\xff\xff"), 0o644); err != nil {
		t.Fatal(err)
	}
	if left, kept := open(); left != 1 || kept != 2 {
		t.Errorf("changed: %d left out, %d files", left, kept)
	}
}

// TestBadTextsScored: a bad text outside the scored ones does not stop the run, and skip
// scores the requested number of sound texts.
func TestBadTextsScored(t *testing.T) {
	data := textFolder(t, map[string]string{"arxiv-math/train/a.tex": "x", "arxiv-math/test/a.tex": "x", "arxiv-math/test/b.tex": "\xff", "arxiv-math/test/c.tex": "x", "arxiv-math/test/d.tex": "\xff", "arxiv-math/validation/e.tex": "\xff"})
	for _, c := range []struct {
		documents  int
		bad        string
		left, want int // -1 left: an error
	}{
		{1, "", 0, 1}, {2, "", -1, 0}, {2, "skip", 1, 2}, {0, "skip", 2, 2},
	} {
		s := results.CorpusSettings{Tokenizer: "bytes", Split: "test", Documents: c.documents, BadTexts: c.bad}
		text, err := OpenText(t.Context(), "arxiv-math", s, data, t.TempDir(), nil)
		if err != nil {
			if c.left >= 0 {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		n := 0
		for _, l := range text.LeftOut {
			n += l.Texts
		}
		samples, err := loadSamples(text, s)
		if err != nil || n != c.left || len(samples) != c.want {
			t.Errorf("%+v: %d left out, %d scored, %v", c, n, len(samples), err)
		}
	}
}

// TestBadTextsHash: leaving the key out and naming the default are the same settings.
func TestBadTextsHash(t *testing.T) {
	hash := func(profile string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "mine.yaml")
		if err := os.WriteFile(path, []byte(profile), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := LoadProfile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Cells() {
			if c.Corpus == "pg19" {
				if has := bytes.Contains(configOf(c.Settings), []byte("bad_texts")); has != strings.Contains(profile, "bad_texts: skip") {
					t.Errorf("bad_texts in the settings: %v", has)
				}
				return hashOf(c.Settings)
			}
		}
		t.Fatal("no cell reads pg19")
		return ""
	}
	absent := strings.Replace(validProfile, "    max_tokens: 1000\n", "    max_tokens: 1000\nBAD", 1)
	if absent == validProfile {
		t.Fatal("the profile has no pg19 to change")
	}
	with := func(value string) string { return strings.Replace(absent, "BAD", value, 1) }
	if hash(with("")) != hash(with("    bad_texts: stop\n")) {
		t.Error("bad_texts: stop changes the hash")
	}
	if hash(with("")) == hash(with("    bad_texts: skip\n")) {
		t.Error("bad_texts: skip does not change the hash")
	}
	for _, c := range []struct{ profile, want string }{
		{with("    bad_texts: ignore\n"), `bad_texts: got "ignore"; allowed: stop, skip`},
		{strings.Replace(validProfile, "novel: {", "novel: {bad_texts: skip, ", 1), `corpora.novel.bad_texts: got "skip"; allowed: nothing, as novel is generated`},
	} {
		path := filepath.Join(t.TempDir(), "mine.yaml")
		if err := os.WriteFile(path, []byte(c.profile), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadProfile(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestBadTextsRow: a run with stop fails before it trains, one with skip has the count
// in its row and among its warnings.
func TestBadTextsRow(t *testing.T) {
	long := strings.Repeat("one two three four ", 20)
	data := textFolder(t, map[string]string{"arxiv-math/train/a.tex": long, "arxiv-math/train/b.tex": "\xff", "arxiv-math/test/c.tex": long})
	p, err := LoadProfile("smoke")
	if err != nil {
		t.Fatal(err)
	}
	p.Name, p.Seeds, p.Workers = "bad", []uint64{1}, 1
	p.Passkey, p.Booksum, p.Cost, p.Recall = results.PasskeySettings{}, results.BooksumSettings{}, results.CostSettings{}, results.RecallSettings{}
	p.Adapt = results.AdaptSettings{}
	p.Training.Steps, p.Training.WarmupSteps, p.Training.Batch = 2, 1, 1
	p.Corpora = map[string]results.CorpusSettings{"arxiv-math": {Tokenizer: "bytes", Split: "test"}}
	p.Perplexity = []results.PerplexitySettings{{Corpus: "arxiv-math", Models: []string{"local-only"}, Length: p.Model.Segment}}
	o := Options{Profile: p, Data: data, Runs: t.TempDir()}
	var failure error
	var notes []string
	o.Observe = func(e Event) {
		if e.Kind == Failed {
			failure = e.Err
		}
		if e.Kind == Note {
			notes = append(notes, e.Text)
		}
	}
	if s, err := Run(context.Background(), o); err != nil || s.Failed != 1 || failure == nil || !strings.Contains(failure.Error(), "1 of 2 training texts of arxiv-math cannot be read: ") {
		t.Errorf("%+v, %v, %v", s, err, failure)
	}
	cell := p.Cells()[0]
	if _, err := os.Stat(filepath.Join(o.Directory(), cell.Key(), "metrics.jsonl")); err == nil {
		t.Error("it trained all the same")
	}
	settings := p.Corpora["arxiv-math"]
	settings.BadTexts = "skip"
	p.Corpora["arxiv-math"] = settings
	if s, err := Run(context.Background(), o); err != nil || s.Done != 1 {
		t.Fatalf("%+v, %v, %v", s, err, failure)
	}
	result, ok := cellFiles(filepath.Join(o.Directory(), cell.Key())).result(hashOf(p.planned(cell.Cell).Settings))
	if !ok || len(result.Data.LeftOut) != 1 || result.Data.LeftOut[0].Texts != 1 || result.Data.LeftOut[0].Of != 2 {
		t.Fatalf("%+v", result.Data)
	}
	want := fmt.Sprintf("1 of 2 training texts cannot be read and were left out, such as arxiv-math: %s: invalid UTF-8 at byte 0; convert the text to UTF-8 or fetch it again", filepath.Join(data, "arxiv-math", "train", "b.tex"))
	if len(result.Warnings) == 0 || result.Warnings[0] != want || len(notes) == 0 || notes[len(notes)-1] != "arxiv-math: "+want {
		t.Errorf("warnings %q, notes %q", result.Warnings, notes)
	}
}
