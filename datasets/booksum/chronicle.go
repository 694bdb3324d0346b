package booksum

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"infinibench/datasets"
)

// Fact is what one chapter of a generated book adds to the summary: who holds a trade.
type Fact struct {
	Key   string // the trade
	Value string // the name
	At    int    // index of the word in the book that first states it
}

// trades lists the trades, in the order of the chapters, with the names to choose from.
// No word appears twice, so a name identifies its trade.
var trades = parseTrades(
	"king arthur baldwin casimir david edmund frederick gustav harald",
	"merchant antonio bassanio cosimo dandolo enrico fugger giotto hakim",
	"monk ambrose bernard columba dominic eustace francis gregory hildebrand",
	"poet ariosto byron catullus dante eliot firdausi goethe horace",
	"general agricola belisarius caesar davout eugene foch gordon hannibal",
	"abbess adela brigid cecilia dorothea etheldreda frideswide gertrude hedwig",
	"astronomer argelander brahe cassini delambre eddington flamsteed galileo halley",
	"pirate avery bonny cofresi drake easton flint gow hornigold",
)

type trade struct {
	key    string
	values []string
}

func parseTrades(lines ...string) []trade {
	var all []trade
	for _, line := range lines {
		words := strings.Fields(line)
		all = append(all, trade{words[0], words[1:]})
	}
	return all
}

var (
	numbers = []string{"one", "two", "three", "four", "five", "six", "seven", "eight"}
	verbs   = []string{"spoke", "waited", "travelled", "wrote"}
	times   = []string{"spring", "summer", "autumn", "winter"}
	skies   = []string{"rained", "snowed", "thundered", "cleared"}
	places  = []string{"town", "valley", "harbour", "forest"}
	states  = []string{"quiet", "crowded", "burning", "empty"}
)

// longest is the length in words of the longest sentence. shortest is the minimum of a
// chapter: its heading, one sentence before the one that names its person, and that
// one.
const (
	longest  = 7
	shortest = 3 + 2*longest
)

// Chronicle generates books of eight chapters. Each chapter introduces one person, at a
// position drawn uniformly from the chapter; everyone introduced so far keeps returning
// until the end of the book. The summary lists them all in order: "king arthur .
// merchant dandolo ." and so on. A reader of a part of a book knows exactly the people
// first mentioned in it: see Bound.
type Chronicle struct {
	words     int // of each book
	documents int // of the test and validation splits
}

// trainDocuments is the number of distinct training books.
const trainDocuments = 1 << 20

// NewChronicle returns books of the given number of words, at least 17 for each
// chapter; documents is the size of the test and validation splits.
func NewChronicle(words, documents int) (*Chronicle, error) {
	if least := shortest * len(trades); words < least {
		return nil, fmt.Errorf("booksum: a chronicle of %d words is too short for its %d chapters; ask for %d or more", words, len(trades), least)
	}
	return &Chronicle{words, documents}, nil
}

// Name is "chronicle".
func (c *Chronicle) Name() string { return "chronicle" }

// Len is the number of books of a split.
func (c *Chronicle) Len(split datasets.Split) int {
	switch split {
	case datasets.Train:
		return trainDocuments
	case datasets.Validation, datasets.Test:
		return c.documents
	}
	return 0
}

// Coverage is complete: no generated book can be missing.
func (c *Chronicle) Coverage(split datasets.Split) Coverage {
	return Coverage{Listed: c.Len(split), Usable: c.Len(split)}
}

// Certificate states that the books are generated.
func (c *Chronicle) Certificate() datasets.Certificate {
	cert := datasets.Certificate{Name: c.Name(), StandIn: "generated text in place of BookSum", Splits: map[datasets.Split]datasets.SplitSummary{}}
	for _, split := range splits {
		cert.Splits[split] = datasets.SplitSummary{Documents: c.Len(split)}
	}
	return cert
}

// Vocabulary returns every word of the books and the summaries, and the two marks, for
// the word-level tokenizer.
func (c *Chronicle) Vocabulary() []string {
	words := []string{Ask, End, ".", "chapter", "the", "in", "it", "all", "was"}
	for _, list := range [][]string{numbers, verbs, times, skies, places, states} {
		words = append(words, list...)
	}
	for _, t := range trades {
		words = append(append(words, t.key), t.values...)
	}
	return words
}

// Document generates book i; the same i always gives the same text.
func (c *Chronicle) Document(split datasets.Split, i int) (datasets.Document, error) {
	p, err := c.Pair(split, i)
	return p.Document, err
}

// Pair generates book i and its summary.
func (c *Chronicle) Pair(split datasets.Split, i int) (Pair, error) {
	if i < 0 || i >= c.Len(split) {
		return Pair{}, pairRange(c.Name(), split, c.Len(split), i)
	}
	// Each split has its own random stream, so no book is in two.
	w := &writer{random: rand.New(rand.NewPCG(uint64(1+slices.Index(splits, split)), uint64(i)))}
	for chapter := range trades {
		w.chapter(chapter, c.words*(chapter+1)/len(trades))
	}
	var summary []string
	for _, f := range w.facts {
		summary = append(summary, f.Key, f.Value, ".")
	}
	return Pair{
		Document: datasets.Document{ID: fmt.Sprintf("%s-%s-%d", c.Name(), split, i), Text: strings.Join(w.words, " ")},
		Title:    fmt.Sprintf("Chronicle %d", i+1), Summary: strings.Join(summary, " "), Facts: w.facts,
	}, nil
}

// Bound is the best score a reader of the first words of a book can expect for its
// summary.
func (p *Pair) Bound(read int) Bound {
	known := 0
	for _, f := range p.Facts {
		if f.At < read {
			known++
		}
	}
	return NewBound(known, len(p.Facts), len(trades[0].values))
}

// writer writes one book.
type writer struct {
	random *rand.Rand
	words  []string
	facts  []Fact // stated so far
}

// chapter writes a chapter that ends at word `until`; its last sentence may be cut off.
func (w *writer) chapter(number, until int) {
	w.add("chapter", numbers[number], ".")
	from := len(w.words) + w.random.IntN(until-len(w.words)-2*longest+1)
	for len(w.words) < from {
		w.sentence()
	}
	t := trades[number]
	w.facts = append(w.facts, Fact{Key: t.key, Value: t.values[w.random.IntN(len(t.values))]})
	w.mention(number)
	for len(w.words) < until {
		w.sentence()
	}
	w.words = w.words[:until]
}

// sentence is about someone already introduced half of the time, and otherwise about
// nobody.
func (w *writer) sentence() {
	if len(w.facts) > 0 && w.random.IntN(2) == 0 {
		w.mention(w.random.IntN(len(w.facts)))
		return
	}
	if w.random.IntN(2) == 0 {
		w.add("it", w.one(skies), "all", w.one(times), ".")
	} else {
		w.add("the", w.one(places), "was", w.one(states), ".")
	}
}

// mention returns a sentence about the person of a fact, whose name follows the trade.
func (w *writer) mention(fact int) {
	f := &w.facts[fact]
	if w.random.IntN(2) == 0 {
		w.add("the")
	} else {
		w.add("in", w.one(times), "the")
	}
	w.add(f.Key, f.Value)
	if f.At == 0 {
		f.At = len(w.words) - 1
	}
	w.add(w.one(verbs), ".")
}

func (w *writer) one(words []string) string { return words[w.random.IntN(len(words))] }

func (w *writer) add(words ...string) { w.words = append(w.words, words...) }
