package reports

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// Three models, the bound, the oracle, the lead, and the intervals of the models.
func TestBooksumChart(t *testing.T) {
	f, err := shelfOf(t, withBooksum()).chart("chronicle")
	if err != nil {
		t.Fatal(err)
	}
	var option struct {
		Series []struct {
			Name, Type string
			Data       []struct {
				Name  string
				Value []float64
			}
		}
		YAxis []struct{ Min, Max float64 }
	}
	if err := json.Unmarshal([]byte(f.Option), &option); err != nil {
		t.Fatal(err)
	}
	if len(option.Series) != 7 || len(f.Legend) != 6 || len(f.Data.Rows) != 6*2 || option.YAxis[0].Min != 0 || option.YAxis[0].Max != 100 {
		t.Fatalf("%d series, %d in the legend, %d rows, %+v", len(option.Series), len(f.Legend), len(f.Data.Rows), option.YAxis)
	}
	if s := option.Series[3]; s.Name != "bound, any reader of so much" || fmt.Sprint(s.Data[0].Value, s.Data[1].Value) != "[50 80] [100 100]" {
		t.Errorf("%+v", s)
	}
	const want = "Infini-Transformer (Linear), 100.0 % of the book: 60.0 [58.0, 62.0], 3 books"
	if s := option.Series[6]; s.Type != "custom" || len(s.Data) != 6 || s.Data[3].Name != want || fmt.Sprint(s.Data[3].Value) != "[100 60 58 62 0]" {
		t.Errorf("%+v, want %s", s, want)
	}
}

func TestBooksumOnThePage(t *testing.T) {
	html := string(mustPage(t, withBooksum(), &library{js: "/* library */"}))
	for _, want := range []string{
		`<section id="booksum-chronicle"`, `<a href="#booksum-chronicle">`, "king arthur . monk hugo .", "1 of 2 facts stated", "✓ stated</span> king arthur</li>",
		"✗ missed</span> monk bede (not in what was read)", "Book by book that is 30.0 [30.0, 30.0] above the local-only control.",
		"From nothing read to all of the book read, overall changes by 0.0 [-4.0, 4.0], so that reading more may make no difference.",
		"Verdicts on the rows of the paper&#39;s Table 4: 2 direction holds, 2 no fair trial.", `<a href="#booksum-chronicle">Summaries get better`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	const noFacts = "Books of people have no list of facts"
	if strings.Contains(html, noFacts) {
		t.Error("generated books are said to have no facts")
	}
	people := withBooksum()
	for _, r := range people.Records {
		if b := r.Result.Booksum; b != nil {
			for i := range b.Lengths {
				b.Lengths[i].Bound = nil
			}
			for _, book := range b.Books {
				for i := range book.Readings {
					book.Readings[i].Facts = nil
				}
			}
		}
	}
	if html := string(mustPage(t, people, &library{js: "/* library */"})); strings.Count(html, noFacts) != 1 {
		t.Error("the reader of books of people does not say why it shows no facts")
	}
	if strings.Contains(html, "Table 4: summaries of BookSum") {
		t.Error("the summaries are said not to be attempted")
	}
	if html := string(mustPage(t, fixture(), &library{js: "/* library */"})); strings.Contains(html, `id="booksum`) {
		t.Error("a page without summaries speaks of them")
	}
}

// Summaries of any length and content leave the page small and inert.
func TestBooksumPageIsBounded(t *testing.T) {
	run := withBooksum()
	long := strings.Repeat(strings.Join(hostileLabels, " "), 100)
	for i := range run.Records {
		b := run.Records[i].Result.Booksum
		if b == nil {
			continue
		}
		b.Problems = nil
		for n := range 1000 {
			b.Problems = append(b.Problems, hostileLabels[n%len(hostileLabels)])
		}
		for k := range 500 {
			book := b.Books[k%3]
			book.ID, book.Title, book.Summary = fmt.Sprint(k), hostileLabels[k%len(hostileLabels)], long
			book.Readings = append([]results.BooksumReading(nil), book.Readings...)
			for r := range book.Readings {
				book.Readings[r].Outputs = []string{long}
				for range 1000 {
					book.Readings[r].Facts = append(book.Readings[r].Facts, results.BooksumFact{Key: hostileLabels[k%len(hostileLabels)]})
				}
			}
			b.Books = append([]results.BooksumBook{book}, b.Books...)
		}
	}
	wantSmallAndInert(t, run)
}

func TestBooksumTerminal(t *testing.T) {
	words := strings.Join(strings.Fields(printed(t, withBooksum())), " ")
	for _, want := range []string{" 60.0 [58.0, 62.0] Linear + Delta ", "ROUGE: of 3 whole books, times 100;"} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in\n%s", want, words)
		}
	}
}
