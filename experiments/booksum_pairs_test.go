package experiments

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/datasets"
	"infinibench/internal/results"
	"infinibench/internal/seal"
)

// TestBadPairs: as the profile says, unusable pairs stop the cell with a list, or are left
// out, noted and counted.
func TestBadPairs(t *testing.T) {
	data := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(data, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	line := func(id int, summary string) string {
		write(fmt.Sprintf("texts/%d.txt", id), strings.Repeat(fmt.Sprintf("Book %d goes on. ", id), 40))
		return fmt.Sprintf(`{"book_id": %d, "title": "T%d", "book_path": "texts/%d.txt", "summary": %q, "book_words": 160}`+"\n", id, id, id, summary)
	}
	manifest := func(split datasets.Split, lines ...string) {
		write("booksum/books_"+string(split)+".jsonl", strings.Join(lines, ""))
	}
	manifest(datasets.Train, line(1, "Book one."), line(2, ""), line(3, "Book three."))
	manifest(datasets.Validation)
	manifest(datasets.Test, line(4, "Book four goes on."), line(1, "Again."), line(5, "Five."), strings.Replace(line(6, "Six."), ": 160", ": 320", 1))
	p := summaries(t)
	p.Corpora["booksum"] = results.CorpusSettings{Tokenizer: "bytes", Split: "test"}
	delete(p.Corpora, "chronicle")
	p.Booksum.Corpus, p.Booksum.Models = "booksum", []string{"local-only"}
	p.Booksum.Pretraining.Steps, p.Booksum.Finetuning.Steps = 1, 1
	if problems := p.Validate(); len(problems) > 0 {
		t.Fatal(problems)
	}
	var failure error
	var notes []string
	o := Options{Profile: p, Data: data, Runs: t.TempDir(), Observe: func(e Event) {
		switch e.Kind {
		case Failed:
			failure = e.Err
		case Note:
			notes = append(notes, e.Text)
		}
	}}
	if summary, err := Run(context.Background(), o); err != nil || summary.Failed != 1 {
		t.Fatal(summary, err)
	}
	for _, want := range []string{
		"3 pairs of booksum cannot be used", "books_train.jsonl:2: book 2: summary missing",
		"books_test.jsonl:2: book 1: already listed in books_train.jsonl:1",
		"books_test.jsonl:4: book 6: texts/6.txt has 160 of 320 words, a coverage of 50.0 %", "set booksum.bad_pairs to skip",
	} {
		if !strings.Contains(failure.Error(), want) {
			t.Errorf("%v does not say %q", failure, want)
		}
	}

	p.Booksum.BadPairs, failure, notes = "skip", nil, nil
	if summary, err := Run(context.Background(), o); err != nil || summary.Done != 1 {
		t.Fatal(summary, err, failure)
	}
	if got := strings.Join(notes, "\n"); !strings.Contains(got, "booksum: 2 of 3 train pairs can be used") || !strings.Contains(got, "booksum: 2 of 4 test pairs can be used") {
		t.Errorf("noted %q", got)
	}
	c := p.Cells()[0]
	result, found := cellFiles(filepath.Join(o.Directory(), c.Key())).result(hashOf(c.Settings))
	if !found || result.Booksum == nil {
		t.Fatal("no result")
	}
	b := result.Booksum
	if len(b.Problems) != 3 || len(b.Books) != 2 || b.Books[0].ID != "4" || b.Books[1].Summary != "Five." || len(result.Warnings) != 1 {
		t.Errorf("%d books, problems %q, warnings %q", len(b.Books), b.Problems, result.Warnings)
	}
	// The hash is of each usable pair's name, lengths and texts.
	hash := func(pairs ...string) string {
		sum := sha256.New()
		for i := 0; i < len(pairs); i += 2 {
			text := strings.Repeat("Book "+pairs[i]+" goes on. ", 40)
			fmt.Fprintf(sum, "%s\n640\n%d\n%s%s", pairs[i], len(pairs[i+1]), text, pairs[i+1])
		}
		return fmt.Sprintf("%x", sum.Sum(nil))
	}
	want := []results.BooksumCoverage{{Split: "train", Listed: 3, Usable: 2, Official: 314, SHA256: hash("1", "Book one.", "3", "Book three.")}, {Split: "test", Listed: 4, Usable: 2, Official: 46, SHA256: hash("4", "Book four goes on.", "5", "Five.")}}
	if len(b.Coverage) != 2 || b.Coverage[0] != want[0] || b.Coverage[1] != want[1] {
		t.Errorf("coverage %+v, want %+v", b.Coverage, want)
	}
	var timing results.Timing
	if data, err := os.ReadFile(filepath.Join(o.Directory(), c.Key(), "timing.json")); err != nil {
		t.Error(err)
	} else if err := seal.Unmarshal(data, &timing); err != nil {
		t.Error(err)
	}
	// A step of two stretches of 128, and one of two rows of a book of 128, the mark and 26
	// of a summary, whatever of them counts.
	if timing.TrainTokens != 2*128+2*(128+1+26) || timing.TrainTokens != result.Scale.TrainTokens {
		t.Errorf("trained on %d tokens, the scale says %d", timing.TrainTokens, result.Scale.TrainTokens)
	}
	// 40 times four words in 640 bytes: longer than every length.
	if l := b.Lengths[2]; l.Bound != nil || l.Books != 2 || l.Share != 256./640 {
		t.Errorf("%+v", l)
	}
}

// TestBooksumProfiles: settings that contradict each other are named.
func TestBooksumProfiles(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Profile)
		want   string
	}{
		{"good", func(*Profile) {}, ""},
		{"no such block", func(p *Profile) { p.Booksum = results.BooksumSettings{} }, ""},
		{"no summaries", func(p *Profile) { p.Booksum.Corpus = "novel" }, `booksum.corpus: got "novel"; allowed: chronicle, booksum, as other books have no summaries`},
		{"not there", func(p *Profile) { p.Booksum.Corpus = "booksum" }, `booksum.corpus: got "booksum", which corpora does not hold`},
		{"no models", func(p *Profile) { p.Booksum.Models = nil }, "booksum.models: missing"},
		{"unknown model", func(p *Profile) { p.Booksum.Models = []string{"gru"} }, `booksum.models[0]: got "gru"; allowed: local-only`},
		{"twice", func(p *Profile) { p.Booksum.Models = []string{"local-only", "local-only"} }, "booksum.models[1]: local-only is listed twice"},
		{"short books", func(p *Profile) {
			p.Corpora["chronicle"] = results.CorpusSettings{Tokenizer: "word", Split: "test", Documents: 3, DocumentTokens: 128}
			p.Booksum.Lengths = []int{128}
		}, "corpora.chronicle.document_tokens: booksum: a chronicle of 128 words is too short"},
		{"half a segment", func(p *Profile) { p.Booksum.Lengths = []int{64, 80} }, "booksum.lengths[1]: got 80; allowed: a multiple of model.segment, 32"},
		{"falling", func(p *Profile) { p.Booksum.Lengths = []int{128, 64} }, "booksum.lengths[1]: got 64; allowed: more than the length before, 128"},
		{"beyond the book", func(p *Profile) { p.Booksum.Lengths = []int{512} }, "booksum.lengths[0]: got 512; allowed: at most document_tokens of chronicle, 256"},
		{"long stretches", func(p *Profile) { p.Booksum.Pretraining.Length = 512 }, "booksum.pretraining.length: got 512; allowed: at most document_tokens"},
		{"odd stretches", func(p *Profile) { p.Booksum.Finetuning.Length = 100 }, "booksum.finetuning.length: got 100; allowed: a multiple of model.segment"},
		{"one greedy summary", func(p *Profile) { p.Booksum.Temperature, p.Booksum.Decodes = 0, 1 }, ""},
		{"greedy summaries", func(p *Profile) { p.Booksum.Temperature = 0 }, "booksum.decodes: got 2; allowed: 1, as at temperature 0 all summaries of a book are the same"},
		{"warm-up", func(p *Profile) { p.Booksum.Finetuning.WarmupSteps = 5 }, "booksum.finetuning.warmup_steps: got 5; allowed: at most its steps, 4"},
	} {
		p := summaries(t)
		p.Perplexity[0].Models = []string{"local-only"}
		c.change(p)
		problems := p.Validate()
		if c.want == "" {
			if len(problems) > 0 {
				t.Errorf("%s: %v", c.name, problems)
			}
			continue
		}
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Key+": "+problems[0].Text, c.want) {
			t.Errorf("%s: %v, want %s", c.name, problems, c.want)
		}
	}
}
