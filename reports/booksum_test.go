package reports

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
)

// even returns scores that are all equal.
func even(x float64) rouge.Scores {
	return rouge.Scores{Rouge1: rouge.Score{F: x}, Rouge2: rouge.Score{F: x}, RougeL: rouge.Score{F: x}, Overall: x}
}

func around(x float64) rouge.Interval {
	return rouge.Interval{Low: even(x - 0.02), Mid: even(x), High: even(x + 0.02)}
}

// madeUpBooks is a made-up cell of three books, read to a half and as a whole. Overall is
// base, and gain more when all is read; the books differ by 0.01.
func madeUpBooks(model string, seed uint64, base, gain float64) Record {
	cell := results.Cell{Experiment: "booksum", Corpus: "chronicle", Model: model, Length: 1024, Seed: seed}
	b := &results.Booksum{
		Slope: results.BooksumMean{Value: 2 * gain, Low: 2*gain - 0.04, High: 2*gain + 0.04, Books: 3}, LeadWords: 24,
		Coverage: []results.BooksumCoverage{{Split: "train", Listed: 314, Usable: 310, Official: 314, SHA256: strings.Repeat("0123456789abcdef", 4)}, {Split: "test", Listed: 3, Usable: 3}},
		Problems: []string{"train-7: no summary"},
	}
	for i, length := range []int{512, 1024} {
		x := base + gain*float64(i)
		b.Lengths = append(b.Lengths, results.BooksumLength{
			Tokens: length, Share: float64(length) / 1024, Books: 3, Rouge: around(x), Lead: around(0.05), Oracle: around(0.5),
			Bound:     &booksum.Bound{Rouge1: 0.9 + 0.1*float64(i), Rouge2: 0.7 + 0.3*float64(i), RougeL: 0.9 + 0.1*float64(i), Overall: 0.8 + 0.2*float64(i)},
			FactsRead: float64(length) / 1024, FactsHit: x, FactsKept: x, Words: 24, Unfinished: 2,
		})
	}
	for k := range 3 {
		book := results.BooksumBook{ID: fmt.Sprintf("test-%d", k), Title: fmt.Sprintf("Chronicle %d", k), Tokens: 1024, Summary: "king arthur . monk bede ."}
		for i, l := range b.Lengths {
			book.Readings = append(book.Readings, results.BooksumReading{
				ID: book.ID, Length: l.Tokens, Read: l.Tokens, Share: l.Share, Outputs: []string{"king arthur . monk hugo ."},
				Mean:  even(base + gain*float64(i) + 0.01*float64(k-1)),
				Facts: []results.BooksumFact{{Key: "king", Value: "arthur", Read: true, Hits: 1, First: true}, {Key: "monk", Value: "bede"}},
			})
		}
		b.Books = append(b.Books, book)
	}
	return Record{Key: cell.Key(), Result: results.Result{
		Version: 1, Profile: "quick", Cell: cell, ConfigHash: "0f3d", Status: results.StatusDone, Protocol: "chronicle/test/word-109/v1",
		Scale: results.Scale{Parameters: 56_000, Layers: 2, DModel: 64, Heads: 2, Segment: 64, Steps: 400},
		Data: results.DataNote{
			Certificate: datasets.Certificate{Name: "chronicle", StandIn: "generated text in place of BookSum"}, Split: datasets.Test, Documents: 3,
			Tokenizer: "word-109", WordRule: "whitespace words", Note: "generated text in place of BookSum, 3 test books",
		},
		Booksum: b, Environment: results.Environment{Version: "v0.1.0", Go: "go1.26.0", OS: "linux/amd64", CPU: "A processor", BLAS: "OpenBLAS 0.3.21", Threads: 2},
	}}
}

// withBooksum is the made-up run with three models that summarise, and one that failed.
func withBooksum() *Run {
	run := fixture()
	run.Records = append(run.Records, madeUpBooks(infiniDelta, 1, 0.4, 0.3), madeUpBooks(infiniLin, 1, 0.4, 0.2), madeUpBooks(localOnly, 1, 0.3, 0))
	failed := madeUpBooks("memorizing", 1, 0, 0)
	failed.Result.Status, failed.Result.Booksum, failed.Result.Error = results.StatusFailed, nil, "out of memory"
	run.Records = append(run.Records, failed)
	return run
}

func shelfOf(t *testing.T, run *Run) *booksumTable {
	t.Helper()
	all := booksumTables(run)
	if len(all) != 1 {
		t.Fatalf("%d shelves, want 1", len(all))
	}
	return all[0]
}

// Linear is 0.6 with all read, the control 0.3; each book differs by the same, so the
// interval of the difference has no width.
func TestBooksumTable(t *testing.T) {
	tables := shelfOf(t, withBooksum()).tables("chronicle")
	var names, got []string
	for _, table := range tables {
		names = append(names, table.Name)
		for _, row := range table.Rows {
			got = append(got, strings.Join(row, "|"))
		}
	}
	if got := strings.Join(names, " "); got != "booksum-chronicle booksum-slope-chronicle booksum-lengths-chronicle booksum-coverage-chronicle" {
		t.Fatalf("tables %s", got)
	}
	text := strings.Join(got, "\n")
	const data = "stand-in: generated text in place of BookSum, 3 test books; reduced scale: 56.0K of 8.0B parameters; 4 pairs left out"
	for _, want := range []string{
		"PRIMERA + Unlimiformer|paper|–|37.9|8.2|16.3|17.2|–|–|–|–|–|paper only, for reference",
		"Infini-Transformer (Linear)|paper|–|37.9|8.7|17.6|18.0|–|–|–|–|500K|8B parameters",
		"Infini-Transformer (Linear)|ours|no fair trial|60.0|60.0|60.0|60.0|58.0 to 62.0|+30.0|30.0 to 30.0|3|1,024|" + strings.NewReplacer("56.0K", "56K", "8.0B", "8B").Replace(data),
		"Memorizing Transformer|ours|no claim|–|–|–|–|–|–|–|–|–|failed",
		"Lead, first 24 words|no model|–|5.0|5.0|5.0|5.0|3.0 to 7.0|–|–|3|1,024|as long as a training summary, on average; stand-in: generated text in place of BookSum, 3 test books",
		"Oracle, greedy|no model|–|50.0|50.0|50.0|50.0|48.0 to 52.0|–|–|3|1,024|sentences of the book, chosen one by one with the reference in hand; others may reach more; stand-in: generated text in place of BookSum, 3 test books",
		"Bound|exact|bound|100.0|100.0|100.0|100.0|–|–|–|–|1,024|the most that any reader of so much can expect, from the generator; stand-in: generated text in place of BookSum, 3 test books",
		"Infini-Transformer (Linear + Delta)|direction holds|+60.0|56.0 to 64.0|3|40.0|70.0|the slope of overall over the share read is 60.0 [56.0, 64.0]: above 0 with its whole interval, not at the paper's scale|stand-in, reduced scale",
		"Local only (control)|no claim|+0.0|-4.0 to 4.0|3|30.0|30.0|the control; the paper has none|stand-in, reduced scale",
		"Infini-Transformer (Linear)|512|50.0|40.0|40.0|40.0|40.0|38.0 to 42.0|80.0|5.0|50.0|50.0|40.0|40.0|24.00|2|stand-in, reduced scale",
		"train|314|310|98.7|314|0123456789abcdef…", // 310/314
		"test|3|3|100.0|–|–",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("not once %s in\n%s", want, text)
		}
	}
	for _, note := range tables[0].Notes {
		if strings.Contains(note, "seeds would") {
			t.Errorf("one seed: %s", note)
		}
	}
	if n := tables[3].Notes; len(n) != 2 || n[0] != "left out: train-7: no summary" {
		t.Errorf("notes %q", n)
	}
}

// Two seeds: each book is the mean of both, 0.5 and 0.8, so that the slope over half of
// the book is 0.6. The control has only seed 1, 0.3, which is compared with the model's seed
// 1, 0.6; the model's seed 2 is named but not counted.
func TestBooksumSeeds(t *testing.T) {
	run := &Run{Records: []Record{madeUpBooks(infiniLin, 2, 0.6, 0.4), madeUpBooks(infiniLin, 1, 0.4, 0.2), madeUpBooks(localOnly, 1, 0.3, 0)}}
	shelf := shelfOf(t, run)
	if notes := strings.Join(shelf.mainTable("x").Notes, "\n"); !strings.Contains(notes, "The intervals say what other books would change. What other seeds would is in none") {
		t.Errorf("two seeds, and the notes do not say what the intervals are over: %s", notes)
	}
	r := shelf.row(infiniLin)
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"overall", r.whole().rouge.Mid.Overall, 0.8}, {"slope", r.slope.Value, 0.6}, {"minus local only", r.overLocal.Value, 0.3},
		{"facts", r.whole().hit, 0.8}, {"unfinished", r.whole().unfinished, 4},
	} {
		if math.Abs(c.got-c.want) > 0.011 { // the middle of a bootstrap of books 0.01 apart
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
	if e := r.overLocal; e.Books != 3 || math.Abs(e.Value-0.3) > 1e-9 || math.Abs(e.Low-0.3) > 1e-9 {
		t.Errorf("%+v", e)
	}
	const left = "Infini-Transformer (Linear) minus Local only is over 3 books of 3 and 3 and 1 seed (1); left out: 1 seed (2) of Infini-Transformer (Linear)."
	if notes := shelf.mainTable("x").Notes; !slices.Contains(notes, left) {
		t.Errorf("notes %q", notes)
	}
}

// A trial that lacks something decides nothing, whatever the estimate. Made-up models reach 60
// or 70 % of the best possible summary; 70 are enough.
func TestBooksumVerdicts(t *testing.T) {
	for _, c := range []struct {
		name  string
		of    bookEstimate
		lacks string
		want  Verdict
	}{
		{"above", bookEstimate{0.2, 0.1, 0.3, 9}, "", DirectionHolds}, {"around", bookEstimate{0.2, -0.1, 0.3, 9}, "", Undecided},
		{"above, without power", bookEstimate{0.2, 0.1, 0.3, 9}, "all", NoFairTrial},
		{"below", bookEstimate{-0.2, -0.3, -0.1, 9}, "", NotReproduced}, {"below, without power", bookEstimate{-0.2, -0.3, -0.1, 9}, "all", NoFairTrial},
		{"around, without power", bookEstimate{0.2, -0.1, 0.3, 9}, "all", NoFairTrial},
	} {
		if got, why := above(c.of, "it", Trial{Lacks: c.lacks}); got != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got, why, c.want)
		}
	}
	if got := new(bookRow).couldShow(bookEstimate{0.2, 0.2, 0.2, 1}); got.Lacks != "n too small: 1 book" || got.Takes != "at least 2" {
		t.Errorf("one book: %+v", got)
	}
	for base, want := range map[float64]Verdict{0.4: NoFairTrial, 0.5: DirectionHolds} {
		if r := shelfOf(t, &Run{Records: []Record{madeUpBooks(infiniLin, 1, base, 0.2)}}).row(infiniLin); r.trend != want {
			t.Errorf("overall %v: %s (%s), want %s", base+0.2, r.trend, r.trendWhy, want)
		}
	}
	alone := shelfOf(t, &Run{Records: []Record{madeUpBooks(infiniLin, 1, 0.5, 0.2)}})
	if r := alone.row(infiniLin); r.verdict != NoFairTrial || r.why != "no local-only control that read the same books to compare with; it would take the model local-only" {
		t.Errorf("without a control: %s (%s)", r.verdict, r.why)
	}
	claims := alone.summaryRows()
	if last := claims[len(claims)-1]; last.verdict != NotAttempted || last.text != "The paper's Table 4: Linear + Delta" {
		t.Errorf("%+v", last)
	}
	// The paper's Linear has 18.0: that a small model on stand-in books has it too says nothing.
	if r := shelfOf(t, &Run{Records: []Record{madeUpBooks(infiniLin, 1, 0.18, 0)}}).row(infiniLin); r.verdict == Reproduced || r.trend == Reproduced {
		t.Errorf("the paper's value: %s, %s", r.verdict, r.trend)
	}
}

// The paper's values, against the notes on it; its overall is the geometric mean.
func TestPaperBooksum(t *testing.T) {
	for _, p := range paperBooksum {
		if mean := math.Cbrt(p.rouge[0] * p.rouge[1] * p.rouge[2]); math.Abs(mean-p.rouge[3]) > 0.05 {
			t.Errorf("%s: overall %v, the geometric mean is %.2f", p.name, p.rouge[3], mean)
		}
	}
	raw, err := os.ReadFile("../../shared/design/paper.md")
	if err != nil {
		t.Skip("no ../shared/design/paper.md to compare with")
	}
	text := strings.ReplaceAll(string(raw), "*", "")
	for _, p := range paperBooksum {
		name := strings.NewReplacer("-Transformer", "", " + Delta", "+Delta").Replace(p.name)
		line := fmt.Sprintf("| %s | %.1f | %.1f | %.1f | %.1f |", name, p.rouge[0], p.rouge[1], p.rouge[2], p.rouge[3])
		if !regexp.MustCompile(regexp.QuoteMeta(line)).MatchString(text) {
			t.Errorf("no line %s", line)
		}
	}
}

func TestBooksumResults(t *testing.T) {
	for _, c := range []struct{ name, booksum, problem string }{
		{"a length", `{"lengths":[{"tokens":8,"share":1}]}`, ""},
		{"none", `{}`, "there is no booksum"},
		{"lengths that fall", `{"lengths":[{"tokens":8},{"tokens":8}]}`, "booksum.lengths[1], 8 tokens"},
		{"a score above 1", `{"lengths":[{"tokens":8,"rouge":{"mid":{"overall":55}}}]}`, "booksum.lengths[0]"},
		{"a book's score", `{"lengths":[{"tokens":8}],"books":[{"id":"a","readings":[{"length":8,"mean":{"overall":-1}}]}]}`, `book "a" at 8 tokens`},
		{"a slope", `{"lengths":[{"tokens":8}],"slope":{"value":1e300}}`, "booksum.slope"},
	} {
		_, err := parseResult(sealed(`{"version":1,"status":"done","cell":{"experiment":"booksum"},"booksum":` + c.booksum + `}`))
		if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
