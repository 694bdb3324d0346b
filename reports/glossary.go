package reports

import (
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// glossary explains our own terms where the page uses them first.
type glossary struct{ open []term }

// term is a word of ours, in the forms that a text may use, and what it means.
type term struct {
	word    *regexp.Regexp
	meaning string
}

// newGlossary is the glossary of one page.
func newGlossary() *glossary { return &glossary{slices.Clone(terms)} }

func word(forms string) *regexp.Regexp { return regexp.MustCompile(`\b(?:` + forms + `)\b`) }

var terms = []term{
	{word("direction holds"), "the paper's ordering, beyond chance, at a scale smaller than the paper's"},
	{word("not reproduced"), "the opposite of the claim, beyond chance"},
	{word("reproduced"), "the paper's value: within our interval at the paper's scale, or exactly"},
	{word("undecided"), "chance, or too few runs, allow either answer"},
	{word("not attempted"), "nothing in this run bears on it"},
	{word("no fair trial"), "the run could not have shown the claim, true or false; the report says what a fair trial would take"},
	{word("stand-in"), "generated text in place of data that this run did not have"},
	{word("cells?"), "one experiment on one text, with one model, length and seed"},
	{word("one worker"), "the times of all cells added up, as if one had followed the other"},
	{word("control"), "the same model without a memory, which sees only its own segment"},
	{word("protocol|Protocol"), "what is scored and how: data, split, unit and rules; only numbers of one protocol are compared"},
	{word("best possible reader|best reader"), "the lowest loss that any model could reach, known because the text is generated"},
	{word("memory zeroed|zeros instead of its memory|memory read as zeros"), "every read of the memory returns zeros"},
	{word("[Mm]emory emptied|emptied memory|empty memory"), "the memory is set to zero once, before what is scored"},
	{word("shuffled"), "the model reads the memory of another document"},
	{word("ungated start"), "the gate is left out while the memory is still empty"},
	{word("gates shut|shut gates"), "every gate set to 0, so that nothing is read from the memory"},
	{word("specialised heads"), "heads that read almost only their own segment, or almost only the memory"},
	{word("our recipe"), "a longer fine-tuning than the paper describes"},
	{word("nats?"), "the unit of a loss taken with natural logarithms; 1 nat is 1.44 bits"},
}

// explain returns a text as HTML. Each term that the page has not used before gets its
// meaning: shown at the pointer and the keyboard's focus, read out by a screen reader, and
// printed in brackets.
func (g *glossary) explain(text string) template.HTML {
	type place struct {
		from, to int
		meaning  string
	}
	var found []place
	for i := 0; i < len(g.open); i++ {
		all := g.open[i].word.FindAllStringIndex(text, -1)
		k := slices.IndexFunc(all, func(at []int) bool {
			return !strings.HasSuffix(text[:at[0]], "not ") && // of which a longer term speaks
				!slices.ContainsFunc(found, func(p place) bool { return at[0] < p.to && p.from < at[1] })
		})
		if k < 0 {
			continue
		}
		found = append(found, place{all[k][0], all[k][1], g.open[i].meaning})
		g.open = slices.Delete(g.open, i, i+1)
		i--
	}
	slices.SortFunc(found, func(a, b place) int { return a.from - b.from })
	var b strings.Builder
	next := 0
	for _, p := range found {
		b.WriteString(template.HTMLEscapeString(text[next:p.from]))
		b.WriteString(`<dfn tabindex="0">` + template.HTMLEscapeString(text[p.from:p.to]) + `<span class="gloss"> (` + template.HTMLEscapeString(p.meaning) + `)</span></dfn>`)
		next = p.to
	}
	b.WriteString(template.HTMLEscapeString(text[next:]))
	return template.HTML(b.String())
}
