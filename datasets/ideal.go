package datasets

import (
	"fmt"
	"math"
	"slices"
	"sync"
)

// generated is a document written by a grammar, which can score itself.
type generated struct {
	grammar *grammar
	words   []string

	once sync.Once
	full []float64
}

// Full filters from the start of the document: only what the document has not yet
// stated is uncertain.
func (d *generated) Full() []float64 {
	d.once.Do(func() {
		f := &filter{g: d.grammar, beliefs: []belief{{at: -1, subject: -1, weight: 1}}}
		for i, w := range d.words {
			if p := f.observe(w); i > 0 {
				d.full = append(d.full, p)
			}
		}
	})
	return d.full
}

// Segment filters each segment from the stationary distribution: where in a sentence
// the segment begins, and who the sentence is about, is unknown and inferred word by
// word, so the bound is exact.
func (d *generated) Segment(size int) []float64 {
	out := make([]float64, 0, len(d.words)-1)
	for lo := 0; lo < len(d.words)-1; lo += size {
		f := d.grammar.stationary()
		f.observe(d.words[lo])
		for i := lo + 1; i <= min(lo+size, len(d.words)-1); i++ {
			out = append(out, f.observe(d.words[i]))
		}
	}
	return out
}

// Classes follows the document from its start, where everything is certain.
func (d *generated) Classes(size int) []Class {
	classes := make([]Class, 0, len(d.words)-1)
	for i, last := range d.stated() {
		class := ClassDistant
		switch {
		case i == 0:
			continue
		case last == free:
			class = ClassFree
		case last == unstated:
			class = ClassNew
		case last >= (i-1)/size*size:
			class = ClassNear
		}
		classes = append(classes, class)
	}
	return classes
}

// Ages is counted from the segment of the word before, in which a word is predicted.
func (d *generated) Ages(size int) []int {
	ages := make([]int, 0, len(d.words)-1)
	for i, last := range d.stated() {
		switch {
		case i == 0:
		case last < 0:
			ages = append(ages, -1)
		default:
			ages = append(ages, max((i-1)/size-last/size, 0))
		}
	}
	return ages
}

const (
	free     = -2 // no fact determines the word
	unstated = -1 // the word states a fact for the first time
)

// stated returns, for each word, the index of the last word before it that stated the same
// fact.
func (d *generated) stated() []int {
	f := &filter{g: d.grammar, beliefs: []belief{{at: -1, subject: -1, weight: 1}}}
	latest := map[fact]int{} // the last word that stated a fact
	all := make([]int, len(d.words))
	for i, w := range d.words {
		f.observe(w)
		all[i] = free
		// One belief is left whenever every word differs from the others
		// possible at its place, which these grammars ensure.
		if b := f.beliefs[0]; d.grammar.nodes[b.at].kind == valueSlot {
			key := fact{b.subject, d.grammar.nodes[b.at].attribute}
			all[i] = unstated
			if last, known := latest[key]; known {
				all[i] = last
			}
			latest[key] = i
		}
	}
	return all
}

// filter is the exact forward algorithm over everything that is unknown: the place in
// the sentence, its subject, and the facts seen so far.
type filter struct {
	g       *grammar
	beliefs []belief
}

type belief struct {
	at      int // node that wrote the last word; -1 before the first sentence
	subject int // -1: none yet
	facts   *facts
	weight  float64
}

// facts is a list, newest first, shared between beliefs that agree on its tail.
type facts struct {
	key   fact
	value int
	older *facts
}

func (f *facts) lookup(key fact) (int, bool) {
	for ; f != nil; f = f.older {
		if f.key == key {
			return f.value, true
		}
	}
	return 0, false
}

// observe returns the log-probability of the next word and learns from it.
func (f *filter) observe(word string) float64 {
	var next []belief
	var total float64
	for _, b := range f.beliefs {
		for _, e := range f.g.after(b.at) {
			f.g.emit(b, e, word, func(nb belief) {
				total += nb.weight
				next = append(next, nb)
			})
		}
	}
	if total == 0 {
		panic(fmt.Sprintf("datasets: the grammar cannot write %q here", word))
	}
	for i := range next {
		next[i].weight /= total
	}
	f.beliefs = next
	return math.Log(total)
}

// emit yields the beliefs that follow from b if the node of e writes the word.
func (g *grammar) emit(b belief, e edge, word string, yield func(belief)) {
	n := g.nodes[e.to]
	if g.ends(b.at) {
		b.subject = -1
	}
	b.at = e.to
	b.weight *= e.p
	switch n.kind {
	case subjectSlot:
		if i := slices.Index(g.subjects, word); i >= 0 {
			b.subject = i
			b.weight /= float64(len(g.subjects))
			yield(b)
		}
	case valueSlot:
		values := g.values[n.attribute]
		i := slices.Index(values, word)
		if i < 0 {
			return
		}
		key := fact{b.subject, n.attribute}
		if known, ok := b.facts.lookup(key); ok {
			if known == i {
				yield(b)
			}
			return
		}
		b.facts = &facts{key, i, b.facts}
		b.weight /= float64(len(values))
		yield(b)
	default:
		if slices.Contains(n.words, word) {
			b.weight /= float64(len(n.words))
			yield(b)
		}
	}
}

// stationary returns the belief of a reader who opens the document at random: each node
// weighted by how often it is visited, all subjects equally likely, no fact known.
func (g *grammar) stationary() *filter {
	f := &filter{g: g}
	// Every sentence is one path, so a node is visited as often as its sentence
	// is begun.
	var total float64
	for _, s := range g.starts {
		spoken := false // the sentence has named its subject
		for at := s.to; ; at = g.nodes[at].next[0].to {
			total += s.p
			spoken = spoken || g.nodes[at].kind == subjectSlot
			if spoken && g.valueFollows(at) {
				for subject := range g.subjects {
					f.beliefs = append(f.beliefs, belief{at: at, subject: subject, weight: s.p / float64(len(g.subjects))})
				}
			} else {
				f.beliefs = append(f.beliefs, belief{at: at, subject: -1, weight: s.p})
			}
			if g.ends(at) {
				break
			}
		}
	}
	for i := range f.beliefs {
		f.beliefs[i].weight /= total
	}
	return f
}

// valueFollows reports whether a value of the current subject is still to come in the
// sentence. If not, the identity of the subject makes no difference.
func (g *grammar) valueFollows(at int) bool {
	for !g.ends(at) {
		at = g.nodes[at].next[0].to
		switch g.nodes[at].kind {
		case valueSlot:
			return true
		case subjectSlot:
			return false
		}
	}
	return false
}
