package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// FactCounts are the numbers of facts that NewFacts offers; each is a corpus of its own,
// "facts-8" to "facts-64".
var FactCounts = []int{8, 16, 32, 64}

// FactsName is the name of the corpus with n facts.
func FactsName(n int) string { return fmt.Sprintf("facts-%d", n) }

// NewFacts returns a generated corpus that shows what a memory is good for: n facts, each
// with one of eight values for a document, which are mentioned again at rates that span a
// factor of 64. Each document deals the rates anew, so that no fact is rarer than another in
// training: the loss on a fact against its age shows how long a model remembers, and not how
// often it has met the fact's words. What age and rarity still share is that a rare fact has
// been stated less often in its document. words and documents are as in NewNovel.
//
// Nine of ten sentences, of six words on average, state a fact: with 8 facts, the most frequent
// every 2.5 sentences and the rarest every 158; with 64, every 17 and every 1,100. The ideal
// readers know the rates.
func NewFacts(n, words, documents int) Generated {
	return &generator{
		name: FactsName(n), grammar: factsGrammar(n, make([]int, n)), words: words, // any rates: it gives the vocabulary
		dealt:   func(r *rand.Rand) *grammar { return factsGrammar(n, r.Perm(n)) },
		standIn: fmt.Sprintf("generated text with %d facts", n),
		sizes:   map[Split]int{Train: trainDocuments, Validation: documents, Test: documents},
	}
}

// factsGrammar writes of n facts, the i-th of them with the ranks[i]-th highest rate, from 0.
func factsGrammar(n int, ranks []int) *grammar {
	g := &grammar{}
	total := 0.0
	for i := range n {
		role := fmt.Sprintf("office%d", i+1)
		var names []string
		for letter := range 8 {
			names = append(names, fmt.Sprintf("name%d%c", i+1, 'a'+letter))
		}
		g.values = append(g.values, names)
		often := math.Exp2(-6 * float64(ranks[i]) / float64(n-1))
		total += often
		value := fmt.Sprintf("VALUE:%d", i)
		g.sentence(often/2, "the", role, value, "FREE:sang,slept,laughed,waited", ".")
		g.sentence(often/2, "at", "FREE:dawn,noon,dusk,night", "the", role, value, "left", ".")
	}
	g.sentence(total/9, "it", "FREE:rained,snowed,thundered,cleared", "all", "FREE:morning,evening,week,day", ".")
	return g.finish()
}
