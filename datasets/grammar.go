package datasets

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// A grammar generates documents whose sentences depend on facts stated long before.
// Every subject, and the document itself, has one value for every attribute, drawn
// uniformly when first stated and kept to the end. Sentences are independent of one
// another; each is a path through the nodes.
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

// finish normalises the weights of the sentences to probabilities.
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

// ends reports whether a sentence is over after node n, or none has begun.
func (g *grammar) ends(n int) bool { return n < 0 || g.nodes[n].next == nil }

func (g *grammar) after(n int) []edge {
	if g.ends(n) {
		return g.starts
	}
	return g.nodes[n].next
}

// vocabulary returns every word that the grammar can write, each once, in a fixed
// order.
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
