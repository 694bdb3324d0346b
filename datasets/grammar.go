package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
)

// A grammar writes documents whose sentences depend on facts stated long before.
// Every subject has one value for every attribute, and so has the document itself,
// drawn uniformly when first stated and kept to the end of the document. Sentences follow
// one another independently; a sentence is a path through the nodes.
type grammar struct {
	subjects []string
	values   [][]string // by attribute
	nodes    []node
	starts   []edge // first nodes of a sentence
}

type nodeKind uint8

const (
	literal     nodeKind = iota // always the same word
	subjectSlot                 // one of the subjects, uniformly
	valueSlot                   // the value of an attribute of the sentence's subject, or of none
	freeSlot                    // one of some words, uniformly
)

type node struct {
	kind      nodeKind
	words     []string // of a literal (one) or a free slot
	attribute int      // of a value slot
	next      []edge   // nil: the sentence ends here
}

type edge struct {
	to int
	p  float64
}

// sentence adds a path and the probability, relative to the others, of taking it.
// A part is a word, "SUBJECT", "VALUE:i" or "FREE:a,b,c".
func (g *grammar) sentence(weight float64, parts ...string) {
	first := len(g.nodes)
	for i, part := range parts {
		n := node{kind: literal, words: []string{part}}
		switch name, rest, _ := strings.Cut(part, ":"); {
		case part == "SUBJECT":
			n = node{kind: subjectSlot}
		case name == "VALUE":
			attribute, err := strconv.Atoi(rest)
			if err != nil {
				panic("datasets: " + part)
			}
			n = node{kind: valueSlot, attribute: attribute}
		case name == "FREE":
			n = node{kind: freeSlot, words: strings.Split(rest, ",")}
		}
		if i < len(parts)-1 {
			n.next = []edge{{first + i + 1, 1}}
		}
		g.nodes = append(g.nodes, n)
	}
	g.starts = append(g.starts, edge{first, weight})
}

// finish makes the weights of the sentences probabilities.
func (g *grammar) finish() *grammar {
	var sum float64
	for _, s := range g.starts {
		sum += s.p
	}
	for i := range g.starts {
		g.starts[i].p /= sum
	}
	return g
}

// ends says whether a sentence is over after node n, or none has begun.
func (g *grammar) ends(n int) bool { return n < 0 || g.nodes[n].next == nil }

func (g *grammar) after(n int) []edge {
	if g.ends(n) {
		return g.starts
	}
	return g.nodes[n].next
}

// vocabulary is every word the grammar can write, each once, in a fixed order.
func (g *grammar) vocabulary() []string {
	var words []string
	seen := map[string]bool{}
	add := func(list []string) {
		for _, w := range list {
			if !seen[w] {
				seen[w] = true
				words = append(words, w)
			}
		}
	}
	for _, n := range g.nodes {
		add(n.words)
	}
	add(g.subjects)
	for _, v := range g.values {
		add(v)
	}
	return words
}

// write draws a document of n words.
func (g *grammar) write(r *rand.Rand, n int) []string {
	words := make([]string, 0, n)
	facts := map[fact]int{}
	at, subject := -1, -1
	for len(words) < n {
		if g.ends(at) {
			subject = -1
		}
		at = draw(r, g.after(at))
		switch node := g.nodes[at]; node.kind {
		case subjectSlot:
			subject = r.IntN(len(g.subjects))
			words = append(words, g.subjects[subject])
		case valueSlot:
			key := fact{subject, node.attribute}
			value, known := facts[key]
			if !known {
				value = r.IntN(len(g.values[node.attribute]))
				facts[key] = value
			}
			words = append(words, g.values[node.attribute][value])
		default:
			words = append(words, node.words[r.IntN(len(node.words))])
		}
	}
	return words
}

func draw(r *rand.Rand, edges []edge) int {
	x := r.Float64()
	for _, e := range edges[:len(edges)-1] {
		if x -= e.p; x < 0 {
			return e.to
		}
	}
	return edges[len(edges)-1].to
}

type fact struct{ subject, attribute int }

// generated is a document of a grammar and scores itself.
type generated struct {
	grammar *grammar
	words   []string

	once sync.Once
	full []float64
}

// Full filters from the start of the document: nothing is uncertain but what the
// document has not said yet.
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

// Segment filters each segment from the stationary distribution: where in a
// sentence the segment begins, and of whom that sentence speaks, is unknown and
// is inferred word by word, so the bound is exact.
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

// Classes follows the document from its start, where all is certain.
func (d *generated) Classes(size int) []Class {
	f := &filter{g: d.grammar, beliefs: []belief{{at: -1, subject: -1, weight: 1}}}
	stated := map[fact]int{} // the last word that stated a fact
	classes := make([]Class, 0, len(d.words)-1)
	for i, w := range d.words {
		f.observe(w)
		class := ClassFree
		// One belief is left whenever every word can be told from the others
		// at its place, as the grammars here make sure.
		if b := f.beliefs[0]; d.grammar.nodes[b.at].kind == valueSlot {
			key := fact{b.subject, d.grammar.nodes[b.at].attribute}
			last, known := stated[key]
			switch {
			case !known:
				class = ClassNew
			case last >= (i-1)/size*size:
				class = ClassNear
			default:
				class = ClassDistant
			}
			stated[key] = i
		}
		if i > 0 {
			classes = append(classes, class)
		}
	}
	return classes
}

// filter is the exact forward algorithm over everything that is not known: the
// place in the sentence, its subject, and the facts seen so far.
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

// emit yields the beliefs that follow from b when the node of e writes the word.
func (g *grammar) emit(b belief, e edge, word string, yield func(belief)) {
	n := g.nodes[e.to]
	if g.ends(b.at) {
		b.subject = -1
	}
	b.at = e.to
	b.weight *= e.p
	switch n.kind {
	case subjectSlot:
		if i := index(g.subjects, word); i >= 0 {
			b.subject = i
			b.weight /= float64(len(g.subjects))
			yield(b)
		}
	case valueSlot:
		values := g.values[n.attribute]
		i := index(values, word)
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
		if index(n.words, word) >= 0 {
			b.weight /= float64(len(n.words))
			yield(b)
		}
	}
}

func index(words []string, word string) int {
	for i, w := range words {
		if w == word {
			return i
		}
	}
	return -1
}

// stationary is the belief of somebody who opens the document at random: each
// node as often as it is visited, each subject alike, no fact known.
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

// valueFollows says whether a value of the sentence's present subject is still to
// come; if not, who that is makes no difference.
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
