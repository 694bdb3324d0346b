package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// The viewer of samples is bounded, so that the page stays small whatever was run.
const (
	maxSamples    = 72
	maxTokens     = 64 // of each part of a sample
	maxTokenRunes = 24
	maxGates      = 256
)

// passkeyPage is one table of passkeys on the page.
type passkeyPage struct {
	ID, Title, Protocol string
	Reading             []string
	Main                *table.Table
	Charts              []*chart.Chart
	Tables              []*table.Table
	Samples             []keySamples
	SamplesNote         string
	Provenance          provenance
	scores              *table.Table // of every score: too long for the page
}

// keySamples holds the samples of one model after one training.
type keySamples struct {
	Title, Gates string
	Samples      []keySample
}

// keySample is one prompt with its answer, token by token. In each text, spaces separate
// the tokens.
type keySample struct {
	Title, Hash           string
	Before, Needle, After string
	Asked                 string
	First, Cut            bool // Before starts the text; text lies between After and Asked
	Output                []keyOutput
}

// keyOutput is one token of an answer beside the right one.
type keyOutput struct {
	Want, Got   string
	Right       bool
	Probability string // that the model gave the right one
	Zeroed      string // "right" or "wrong" with the memory emptied, "" when there is none
}

// section is what the page shows of a table of passkeys.
func (p *passkeyTable) section(slug string) (passkeyPage, error) {
	charts, err := p.charts(slug)
	if err != nil {
		return passkeyPage{}, err
	}
	tables := p.tables(slug)
	s := passkeyPage{
		ID: "passkey-" + slug, Title: p.title(), Protocol: orNone(p.protocol), Reading: p.reading(),
		Main: tables[0], Charts: charts, Tables: tables[1 : len(tables)-1], scores: tables[len(tables)-1],
	}
	s.Samples, s.SamplesNote = p.samples()
	return s, nil
}

// samples picks what the viewer shows: the longest prompts of every model and training
// first, of the paper's models and of our recipe before others.
func (p *passkeyTable) samples() ([]keySamples, string) {
	rows := p.ran()
	order := slices.Clone(rows)
	slices.SortStableFunc(order, func(a, b *keyRow) int {
		first := func(r *keyRow) int {
			if isInfini(r.model) {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(first(a), first(b)),
			cmp.Compare(slices.Index(results.PasskeyStages, b.stage), slices.Index(results.PasskeyStages, a.stage)))
	})
	picked := map[*keyRow][]keySample{}
	all, shown := 0, 0
	for _, r := range rows {
		all += len(r.scored.Examples)
	}
	for _, length := range slices.Backward(p.lengths) {
		for _, r := range order {
			for i := range r.scored.Examples {
				if e := &r.scored.Examples[i]; e.Answer.Length == length && shown < maxSamples {
					picked[r] = append(picked[r], newKeySample(e))
					shown++
				}
			}
		}
	}
	var groups []keySamples
	for _, r := range rows {
		if len(picked[r]) > 0 {
			groups = append(groups, keySamples{r.name(modelName) + ", " + stageWords(r.stage), gateWords(r.scored.Gates), picked[r]})
		}
	}
	note := fmt.Sprintf("%d of %s, the longest prompts first: of each cell of the grid the first that was not answered in full, or else its first. All answers stand in samples-*.jsonl beside each result.",
		shown, plural(all, "kept sample"))
	return groups, note
}

// newKeySample makes a sample fit to be shown.
func newKeySample(e *results.PasskeyExample) keySample {
	a := &e.Answer
	place := "in the middle"
	if a.Position != "middle" {
		place = "at the " + table.Clean(a.Position)
	}
	right := 0
	for _, ok := range a.Right {
		if ok {
			right++
		}
	}
	hash := table.Clean(a.Hash)
	s := keySample{
		Title: fmt.Sprintf("%s tokens, key %s %s, memory written %s times since: %d of %s right", table.Count(int64(a.Length)), a.Key, place,
			table.Count(int64(a.Writes)), right, plural(len(a.Right), "digit")),
		Hash:   strings.ToValidUTF8(hash[:min(len(hash), 16)], ""),
		Before: tokensText(last(e.Before, maxTokens)), Needle: tokensText(e.Needle), After: tokensText(e.After), Asked: tokensText(last(e.Asked, maxTokens)),
		First: a.Needle.First <= min(len(e.Before), maxTokens),
		Cut:   a.Needle.Last+1+len(e.After) < a.Length-len(e.Asked)-len(a.Output),
	}
	key := a.Key.String()
	for i, t := range a.Output[:min(len(a.Output), len(key))] {
		o := keyOutput{Want: key[i : i+1], Got: tokenText(t), Right: i < len(a.Right) && a.Right[i], Probability: table.None}
		if i < len(a.Probability) {
			o.Probability = table.Share(a.Probability[i])
		}
		if i < len(a.Zeroed) {
			o.Zeroed = map[bool]string{true: "right", false: "wrong"}[a.Zeroed[i]]
		}
		s.Output = append(s.Output, o)
	}
	return s
}

// last is the last n of some tokens.
func last(tokens []results.PasskeyToken, n int) []results.PasskeyToken {
	return tokens[max(0, len(tokens)-n):]
}

// tokensText is the texts of tokens with a space between them.
func tokensText(tokens []results.PasskeyToken) string {
	var words []string
	for _, t := range tokens[:min(len(tokens), maxTokens)] {
		words = append(words, tokenText(t))
	}
	return strings.Join(words, " ")
}

// visibleSpace shows the spaces inside a token, which would else look like those between.
var visibleSpace = strings.NewReplacer(" ", "␣", "\n", "↵", "\t", "⇥")

// tokenText is a token's text; one without any is shown by its number.
func tokenText(t results.PasskeyToken) string {
	text := []rune(table.Clean(visibleSpace.Replace(t.Text)))
	if len(text) > maxTokenRunes {
		text = append(text[:maxTokenRunes-1], '…')
	}
	if len(text) == 0 {
		return fmt.Sprintf("#%d", t.ID)
	}
	return string(text)
}

// gateWords writes sigmoid(β) of each head, layer by layer; "" of a model without gates.
func gateWords(gates [][]float64) string {
	var layers []string
	shown := 0
	for l, heads := range gates {
		var words []string
		for _, g := range heads {
			if shown++; shown > maxGates {
				return strings.Join(layers, "; ") + "; …"
			}
			words = append(words, table.Decimals(g, 2))
		}
		layers = append(layers, fmt.Sprintf("layer %d: %s", l+1, strings.Join(words, " ")))
	}
	return strings.Join(layers, "; ")
}
