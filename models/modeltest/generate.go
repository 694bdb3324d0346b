package modeltest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"infinibench/models"
)

// generate: decoding, in steps of any width, and scoring compute what a whole
// forward pass computes, at every position of three segments and a tail.
func generate(memory models.Memory) error {
	const documents = 2
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	r := source(1)
	ids := tokens(r, documents*length)
	hidden, state, err := forward(m, documents, 1, ids)
	if err != nil {
		return err
	}
	logits := predictions(m, hidden)

	var random []int
	for left := length; left > 0; left -= random[len(random)-1] {
		random = append(random, 1+r.IntN(min(left, 2*segment)))
	}
	for _, fed := range []struct {
		how    string
		widths []int
	}{
		{"one at a time", slices.Repeat([]int{1}, length)},
		{"in random pieces", random},
		{"in whole segments", append(slices.Repeat([]int{segment}, length/segment), tailLength)},
		{"whole", []int{length}},
	} {
		if err := decode(m, ids, fed.widths, logits, state); err != nil {
			return fmt.Errorf("fed %s: %w", fed.how, err)
		}
	}
	if err := branch(m, r); err != nil {
		return fmt.Errorf("branched off: %w", err)
	}
	return score(m, ids, hidden, logits)
}

// branch reads the common part of two documents once, and continues each from there.
func branch(m *models.Model, r *rand.Rand) error {
	const shared = segment + segment/2
	first := tokens(r, length)
	second := append(first[:shared:shared], tokens(r, length-shared)...)
	ids := slices.Concat(first, second)
	hidden, state, err := forward(m, 2, 1, ids)
	if err != nil {
		return err
	}
	one, both := m.NewDecoder(1), m.NewDecoder(2)
	if _, err := one.Feed(first[:shared]); err != nil {
		return err
	}
	if _, err := both.Feed(tokens(r, 2*(segment+1))); err != nil { // Branch overwrites this
		return err
	}
	one.Restart(m.NewState(1))
	if _, err := one.Feed(first[:shared]); err != nil {
		return err
	}
	both.Branch(one)
	got, err := both.Feed(slices.Concat(first[shared:], second[shared:]))
	if err != nil {
		return err
	}
	want := predictions(m, hidden)
	for b := range 2 {
		what := fmt.Sprintf("logits of document %d", b)
		if err := near(what, got[b*vocabulary:(b+1)*vocabulary], want[((b+1)*length-1)*vocabulary:][:vocabulary], rounding); err != nil {
			return err
		}
	}
	return nearState("memory", both.State(), state, rounding)
}

// decode feeds documents piece by piece and compares the logits after each.
func decode(m *models.Model, ids []int32, widths []int, want []float32, final *models.State) error {
	documents := len(ids) / length
	d := m.NewDecoder(documents)
	at := 0
	for _, w := range widths {
		var piece []int32
		for b := range documents {
			piece = append(piece, ids[b*length+at:b*length+at+w]...)
		}
		got, err := d.Feed(piece)
		if err != nil {
			return err
		}
		at += w
		for b := range documents {
			what := fmt.Sprintf("logits of document %d after %d tokens", b, at)
			if err := near(what, got[b*vocabulary:(b+1)*vocabulary], want[(b*length+at-1)*vocabulary:][:vocabulary], rounding); err != nil {
				return err
			}
		}
	}
	return nearState("memory after decoding", d.State(), final, rounding)
}

// score compares a Scorer's hidden layer and negative log-likelihoods.
func score(m *models.Model, ids []int32, hidden, logits []float32) error {
	documents, d := len(ids)/length, m.Config.Width()
	state := m.NewState(documents)
	for at := 0; at < length; at += segment {
		w := min(segment, length-at)
		s := m.NewScorer(documents, w)
		in, targets := make([]int32, 0, documents*w), make([]int32, 0, documents*w)
		for b := range documents {
			row := ids[b*length+at : b*length+at+w]
			in = append(in, row...)
			for _, id := range row {
				targets = append(targets, (id+3)%vocabulary)
			}
		}
		nll, err := s.Score(in, targets, state)
		if err != nil {
			return err
		}
		for b := range documents {
			from := b*length + at
			if err := near("hidden layer of a scorer", s.Hidden()[b*w*d:(b+1)*w*d], hidden[from*d:][:w*d], rounding); err != nil {
				return err
			}
			for i := range w {
				want := tokenNLL(logits[(from+i)*vocabulary:][:vocabulary], targets[b*w+i])
				if got := nll[b*w+i]; !(math.Abs(got-want) <= rounding*(1+want)) {
					return fmt.Errorf("nll of document %d after %d tokens is %g, the logits say %g", b, at+i+1, got, want)
				}
			}
		}
	}
	return nil
}

// predictions is hidden·Eᵀ.
func predictions(m *models.Model, hidden []float32) []float32 {
	d, table := m.Config.Width(), m.Head().Data()
	logits := make([]float32, 0, len(hidden)/d*vocabulary)
	for at := 0; at < len(hidden); at += d {
		for v := range vocabulary {
			var sum float64
			for j, x := range hidden[at : at+d] {
				sum += float64(x) * float64(table[v*d+j])
			}
			logits = append(logits, float32(sum))
		}
	}
	return logits
}

// tokenNLL is -log softmax(logits)[target].
func tokenNLL(logits []float32, target int32) float64 {
	var total float64
	for _, x := range logits {
		total += math.Exp(float64(x))
	}
	return math.Log(total) - float64(logits[target])
}
