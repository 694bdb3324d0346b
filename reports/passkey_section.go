package reports

import (
	"fmt"
	"math"
	"strings"

	"infinibench/datasets"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// passkeySection shows the paper's Table 3.
var passkeySection = &section{
	experiment: "passkey",
	paper:      "Table 3: passkey retrieval at 32K to 1M tokens",
	check:      func(r *results.Result) error { return checkPasskey(r.Passkey) },
	data:       addPasskeyData,
	measures:   []Measure{{Name: "passkey, share of digits", Higher: true, Difference: true, place: 3, read: readPasskey}},
	lay:        layPasskey,
}

func layPasskey(run *Run) (*content, error) {
	all := passkeyTables(run)
	out := &content{}
	var pages []passkeyPage
	for i, slug := range passkeySlugs(all) {
		p := all[i]
		s, err := p.section(slug)
		if err != nil {
			return nil, err
		}
		s.Provenance = run.provenance("passkey", p.corpus)
		pages = append(pages, s)
		out.parts = append(out.parts, pagePart{s.ID, s.Title, "passkey", s})
		out.headlines = append(out.headlines, headline{s.ID, s.Title, p.headline()})
		out.tables = append(append(append(out.tables, s.Main), s.Tables...), s.scores)
		out.charts = append(out.charts, s.Charts...)
		out.rows = append(out.rows, p.summaryRows()...)
	}
	if len(out.charts) > 0 {
		out.picture = out.charts[0]
	}
	out.claims = []claim{millionTokens(all, pages)}
	out.verdicts = countVerdicts(3, triedVerdicts(out.rows))
	out.scores = passkeyScores(all)
	return out, nil
}

// addPasskeyData adds the prompts that a result is about.
func addPasskeyData(t *table.Table, r results.Result) {
	task := r.Passkey.Task
	t.Put(table.Text(r.Cell.Corpus+", passkey"), table.Text(string(datasets.Test)), table.Whole(task.Samples), table.Cell{}, table.Cell{}, table.Text(task.Tokenizer), table.Cell{},
		table.Prose(fmt.Sprintf("the paper's prompt around keys of %s; filler: %s", plural(task.Digits, "digit"), task.Filler)))
}

// readPasskey reads the share of right digits after each training, at each length and
// place of the key. Lengths and places are never averaged: they ask for different things.
func readPasskey(r Record) map[string]value {
	if r.Result.Passkey == nil {
		return nil
	}
	all := map[string]value{}
	for _, stage := range r.Result.Passkey.Stages {
		for _, score := range stage.Grid {
			all[fmt.Sprintf("%s, %s tokens, %s", stage.Stage, table.Count(int64(score.Length)), score.Position)] = value{value: score.Tokens.Value}
		}
	}
	return all
}

// millionTokens is the claim of Table 3.
func millionTokens(tables []*passkeyTable, pages []passkeyPage) claim {
	t := claim{text: "Fine-tuned on 5K tokens, it finds a passkey in 1M tokens (Table 3)", brief: "Passkey in 1M tokens", place: 4, tally: "models above chance everywhere, by the paper's recipe",
		dial: &dial{name: "lowest share of digits where only the memory can answer", line: math.NaN(), format: func(v float64) string { return table.Hundred(v) + " %" }}}
	for _, model := range []string{infiniLin, infiniDelta} {
		at := paperPasskey[results.StagePaper][model][4]
		t.paper += fmt.Sprintf("%s: start %v %%, middle %v %%; ", shortName(model), at[0], at[1])
	}
	t.paper = strings.TrimSuffix(t.paper, "; ")
	for i, p := range tables {
		t.dial.line = p.task.Chance
		var found []evidence
		var ours, lowest []string // by our recipe
		for _, r := range p.rows {
			switch r.stage {
			case results.StagePaper:
				v := evidence{who: r.name(shortName), verdict: r.verdict, why: r.why, trial: r.trial}
				if ours := r.evidence(); ours != "" {
					v.ours = v.who + ": " + ours
				}
				v.number = r.number()
				found = append(found, v)
				if r.scored != nil && r.verdict != NoClaim {
					t.scale = fmt.Sprintf("%s of %s parameters, prompts to %s tokens", table.Short(r.record.Result.Scale.Parameters), table.Short(paperKeyScale.parameters), table.Count(int64(p.lengths[len(p.lengths)-1])))
				}
			case results.StageRecipe:
				if isInfini(r.model) && r.scored != nil {
					ours = append(ours, r.name(shortName)+" "+string(r.verdict)+", "+r.evidence())
					if low := r.number().ours; low.N > 0 {
						lowest = append(lowest, r.name(shortName)+" "+table.Hundred(low.Mean)+" %")
					}
				}
			}
		}
		t.add(found, pages[i].ID, pages[i].ID)
		if len(ours) > 0 {
			t.remark = "by our recipe: " + strings.Join(ours, "; ")
		}
		if len(lowest) > 0 {
			t.aside = "; our recipe: " + strings.Join(lowest, ", ")
		}
	}
	if t.scale == "" {
		t.scale = "failed"
	}
	return t
}
