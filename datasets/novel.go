package datasets

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator is a corpus that a grammar writes; no file is read.
type generator struct {
	name    string
	grammar *grammar
	standIn string
	words   int           // of each document
	sizes   map[Split]int // documents
}

// trainDocuments is how many different documents the training split has; a run
// of any length here sees none twice.
const trainDocuments = 1 << 20

func (c *generator) Name() string        { return c.name }
func (c *generator) Len(split Split) int { return c.sizes[split] }

// Vocabulary is every word of the corpus, for its word-level tokenizer.
func (c *generator) Vocabulary() []string { return c.grammar.vocabulary() }

// Document writes document i anew; the same i gives the same text for ever.
func (c *generator) Document(split Split, i int) (Document, error) {
	if i < 0 || i >= c.sizes[split] {
		return Document{}, fmt.Errorf("datasets: %s %s has no document %d", c.name, split, i)
	}
	// The splits are streams of their own, so no document is in two.
	stream := map[Split]uint64{Train: 1, Validation: 2, Test: 3}[split]
	words := c.grammar.write(rand.New(rand.NewPCG(stream, uint64(i))), c.words)
	return Document{
		ID: fmt.Sprintf("%s-%s-%d", c.name, split, i), Text: strings.Join(words, " "),
		Ideal: &generated{grammar: c.grammar, words: words},
	}, nil
}

func (c *generator) Certificate() Certificate {
	cert := Certificate{Name: c.name, StandIn: c.standIn, Splits: map[Split]SplitSummary{}}
	for split, n := range c.sizes {
		cert.Splits[split] = SplitSummary{Documents: n}
	}
	return cert
}

// Generated is a corpus with a vocabulary of its own.
type Generated interface {
	Corpus
	Vocabulary() []string
}

// NewNovel is the embedded stand-in for PG19: a village where every trade is
// followed by one person, whose name the book fixes at first mention and keeps. Most
// return about every hundred words, a few only after thousands.
// words is the length of each document, documents the size of the test and
// validation splits.
func NewNovel(words, documents int) Generated {
	g := &grammar{}
	for i, line := range []string{
		"captain ahab bligh cook drake ellis flint grant hobbs",
		"doctor abel brand crane dorn eliot foss gale hart",
		"baker adler bauer conrad diehl ebert fink gerber hoff",
		"widow agnes berta clara dora edith freda greta hilda",
		"painter aldo bruno carlo dino enzo fabio gino heno",
		"priest anselm bede cyril denis egbert felix gregor hilary",
		"pilot amber blaze comet dash eagle falcon gull hawk",
		"miller abbot barley corn daven elder flour grist husk",
		"sailor anker bosun coral deck easton finn gaff helm",
		"teacher acton byron carrol dewey emery franz godwin hume",
		"hunter archer bolt chase dart elkins fox graves hound",
		"singer aria bell cadence duet elegy forte gloria hymn",
		"judge aston blake chan dunn ewing frost gavel holt",
		"gardener aster briar clover daisy elm fern gorse hazel",
		"smith anvil brass copper dross ember forge gild hammer",
		"thief ash bones crow dodge evans fagin ghost hook",

		// The last four are met once in two thousand words.
		"hermit abbas basil cosmas dunstan ephraim fabian giles hugh",
		"queen alix berengar constance diane eleanor franca guinevere helena",
		"wizard astor balin cador drystan elphin faust galdor hesper",
		"stranger amos boaz cain dathan enos festus gideon haman",
	} {
		fields := strings.Fields(line)
		value := fmt.Sprintf("VALUE:%d", i)
		g.values = append(g.values, fields[1:])
		often := 1.0
		if i >= 16 {
			often = 1. / 30
		}
		g.sentence(2*often, "the", fields[0], value, "FREE:sang,slept,laughed,waited", ".")
		g.sentence(often, "at", "FREE:dawn,noon,dusk,night", "the", fields[0], value, "went", "home", ".")
	}
	g.sentence(6, "it", "FREE:rained,snowed,thundered,cleared", "all", "FREE:morning,evening,week,day", ".")
	return &generator{
		name: "novel", grammar: g.finish(), words: words,
		standIn: "generated text in place of PG19",
		sizes:   map[Split]int{Train: trainDocuments, Validation: documents, Test: documents},
	}
}
