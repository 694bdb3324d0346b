package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// village is small enough to enumerate: two subjects with one attribute of two values
// each, one fact without a subject, and words shared between places, so that a reader
// who starts in the middle must guess.
func village() *grammar {
	g := &grammar{subjects: []string{"a", "b"}, values: [][]string{{"x", "y"}, {"x", "z"}}}
	g.sentence(2, "SUBJECT", "is", "VALUE:0", ".")
	g.sentence(1, "it", "is", "VALUE:1", ".")
	g.sentence(1, "it", "FREE:a,rains", ".")
	return g.finish()
}

// world is one way the facts of the village can be.
type world map[fact]int

func worlds() []world {
	var all []world
	for i := range 8 {
		all = append(all, world{{0, 0}: i & 1, {1, 0}: i >> 1 & 1, {-1, 1}: i >> 2 & 1})
	}
	return all
}

// likelihood is the probability of the words in a world, summed over all paths by brute
// force, without a filter. It starts after node `at`, with the given subject.
func (g *grammar) likelihood(w world, at, subject int, words []string) float64 {
	if len(words) == 0 {
		return 1
	}
	var p float64
	for _, e := range g.after(at) {
		n := g.nodes[e.to]
		switch n.kind {
		case subjectSlot:
			for s, name := range g.subjects {
				if name == words[0] {
					p += e.p / float64(len(g.subjects)) * g.likelihood(w, e.to, s, words[1:])
				}
			}
		case valueSlot:
			key := fact{subject, n.attribute}
			if n.attribute == 1 {
				key.subject = -1
			}
			if g.values[n.attribute][w[key]] == words[0] {
				p += e.p * g.likelihood(w, e.to, subject, words[1:])
			}
		default:
			if slices.Contains(n.words, words[0]) {
				p += e.p / float64(len(n.words)) * g.likelihood(w, e.to, subject, words[1:])
			}
		}
	}
	return p
}

// TestIdealAgainstEnumeration checks both bounds word by word against
// P(words up to i) / P(words up to i-1), each summed over all worlds and, for a
// segment, over all ways to be in the middle of a sentence.
func TestIdealAgainstEnumeration(t *testing.T) {
	g := village()
	// Node by node: how often it is visited, by hand from the weights 2:1:1 and
	// the lengths 4, 4 and 3: 2·4 + 4 + 3 = 15.
	visits := []float64{2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1}
	fromStart := func(words []string) (p float64) {
		for _, w := range worlds() {
			p += g.likelihood(w, -1, -1, words)
		}
		return p
	}
	fromAnywhere := func(words []string) (p float64) {
		for _, w := range worlds() {
			for at, v := range visits {
				for s := range g.subjects {
					p += v / 15 / 2 * g.likelihood(w, at, s, words)
				}
			}
		}
		return p
	}
	for seed := range uint64(4) {
		d := &generated{grammar: g, words: g.write(rand.New(rand.NewPCG(seed, 0)), 24)}
		for i, got := range d.Full() {
			want := math.Log(fromStart(d.words[:i+2]) / fromStart(d.words[:i+1]))
			if math.Abs(got-want) > 1e-9 {
				t.Fatalf("full, seed %d, word %d of %q: %.12f, by enumeration %.12f", seed, i+1, d.words, got, want)
			}
		}
		const size = 7
		for i, got := range d.Segment(size) {
			seen := d.words[i/size*size : i+1]
			want := math.Log(fromAnywhere(append(slices.Clone(seen), d.words[i+1])) / fromAnywhere(seen))
			if math.Abs(got-want) > 1e-9 {
				t.Fatalf("segment, seed %d, word %d of %q: %.12f, by enumeration %.12f", seed, i+1, d.words, got, want)
			}
		}
	}
}

func TestClasses(t *testing.T) {
	g := &grammar{values: [][]string{{"x", "y"}}}
	g.sentence(1, "so", "VALUE:0")
	d := &generated{grammar: g.finish(), words: strings.Fields("so x so x so x so x")}
	// Segments of 4: the value at 1 is new; 3 and 5 are predicted from words 2 and
	// 4, whose segments begin at 0 and 4, so 3 has seen the fact in its segment and
	// 5 has not; 7 sees the one at 5.
	want := []Class{ClassNew, ClassFree, ClassNear, ClassFree, ClassDistant, ClassFree, ClassNear}
	if got := d.Classes(4); !slices.Equal(got, want) {
		t.Errorf("classes %v, want %v", got, want)
	}
	if got, want := d.Ages(4), []int{-1, -1, 0, -1, 1, -1, 0}; !slices.Equal(got, want) {
		t.Errorf("ages %v, want %v", got, want)
	}
	if got, want := d.Ages(1), []int{-1, -1, 1, -1, 1, -1, 1}; !slices.Equal(got, want) {
		t.Errorf("ages in segments of one word %v, want %v", got, want)
	}
	// By hand: after "so" the value is one of two at first, then known for ever, or
	// in each segment one of two again.
	half := math.Log(0.5)
	if got, want := d.Full(), []float64{half, 0, 0, 0, 0, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("full %v, want %v", got, want)
	}
	if got, want := d.Segment(4), []float64{half, 0, 0, 0, half, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("segment %v, want %v", got, want)
	}
}

func TestGenerators(t *testing.T) {
	for _, c := range []Generated{NewNovel(2048, 3), NewProof(2048, 3), NewFacts(64, 2048, 3)} {
		vocabulary := c.Vocabulary()
		if unique := slices.Compact(slices.Sorted(slices.Values(vocabulary))); len(unique) != len(vocabulary) {
			t.Errorf("%s: %d words, %d of them different", c.Name(), len(vocabulary), len(unique))
		}
		texts := map[string]bool{}
		for _, split := range []Split{Train, Validation, Test} {
			for i := range 3 {
				d, err := c.Document(split, i)
				if err != nil {
					t.Fatal(err)
				}
				again, _ := c.Document(split, i)
				if again.Text != d.Text {
					t.Errorf("%s is not the same twice", d.ID)
				}
				if texts[d.Text] {
					t.Errorf("%s has the text of another document", d.ID)
				}
				texts[d.Text] = true
				fields := strings.Fields(d.Text)
				if len(fields) != 2048 || strings.Join(fields, " ") != d.Text {
					t.Errorf("%s: %d words, want 2048 joined by single spaces", d.ID, len(fields))
				}
				for _, w := range fields {
					if !slices.Contains(vocabulary, w) {
						t.Fatalf("%s: %q is not in the vocabulary", d.ID, w)
					}
				}
				checkIdeals(t, c.Name(), d.Ideal)
			}
		}
		if _, err := c.Document(Test, 3); err == nil {
			t.Errorf("%s: no error for a document past the end", c.Name())
		}
	}
}

// TestFactsDealRates: no fact is rarer than another over the documents, and within a document the
// rates are far apart. A document of 2,048 words has about 290 sentences, so a fact is stated
// 36 times or less than once. The mean over 200 documents varies by 8 % from fact to fact.
func TestFactsDealRates(t *testing.T) {
	const n, documents = 8, 200
	c := NewFacts(n, 2048, documents)
	over := make([]float64, n)
	for i := range documents {
		d, err := c.Document(Train, i)
		if err != nil {
			t.Fatal(err)
		}
		counts := make([]float64, n)
		for _, w := range strings.Fields(d.Text) {
			var fact int
			if _, err := fmt.Sscanf(w, "office%d", &fact); err == nil {
				counts[fact-1]++
				over[fact-1]++
			}
		}
		if most, least := slices.Max(counts), slices.Min(counts); least*10 > most {
			t.Errorf("document %d states its facts %v times", i, counts)
		}
	}
	if most, least := slices.Max(over), slices.Min(over); most > 1.5*least {
		t.Errorf("over all documents the facts are stated %v times", over)
	}
}

// checkIdeals: knowing more never makes a fact less certain, the full reader is certain
// of a fact stated before, and memory is worth something.
func checkIdeals(t *testing.T, name string, x Ideal) {
	full, segment, classes := x.Full(), x.Segment(64), x.Classes(64)
	var gain float64
	for i, c := range classes {
		gain += full[i] - segment[i]
		if c == ClassDistant && (full[i] < -1e-9 || segment[i] > math.Log(0.2)) {
			t.Errorf("%s: word %d, stated long before: log-probability %.3f in full and %.3f in its segment", name, i+1, full[i], segment[i])
		}
	}
	if gain /= float64(len(classes)); gain < 0.1 {
		t.Errorf("%s: the earlier segments are worth %.3f nats a word, too little to measure a memory by", name, gain)
	}
}

// TestRandomStream pins the text, because every result on it would change with it.
func TestRandomStream(t *testing.T) {
	for _, c := range []struct {
		corpus Generated
		want   string
	}{
		{NewNovel(12, 1), "the thief dodge slept . the priest gregor waited . the gardener"},
		{NewProof(12, 1), "the bundle B_4 is closed . the measure m_8 is open ."},
	} {
		d, err := c.corpus.Document(Test, 0)
		if err != nil {
			t.Fatal(err)
		}
		if d.Text != c.want {
			t.Errorf("%s begins %q, pinned %q", c.corpus.Name(), d.Text, c.want)
		}
	}
}
