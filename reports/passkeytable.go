package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"infinibench/experiments"
)

// tables of one retrieval, the paper's Table 3 first. The last, of every score, is too
// long for the page.
func (p *retrieval) tables(slug string) []*Table {
	tables := []*Table{p.mainTable(slug)}
	if controls := p.controlTable(slug); len(controls.Rows) > 0 {
		tables = append(tables, controls)
	}
	if p.paperHasMore() {
		tables = append(tables, paperPasskeyTable(slug))
	}
	return append(tables, p.scoresTable(slug))
}

// mainTable sets the paper's token accuracies beside ours.
func (p *retrieval) mainTable(slug string) *Table {
	columns := []string{"Model", "Training", "Whose", "Verdict", ">n"}
	for _, length := range p.lengths {
		for _, position := range keyPositions {
			columns = append(columns, ">"+lengthLabel(length)+" "+position)
		}
	}
	t := newTable("passkey-"+slug, "Passkey retrieval: token accuracy in percent (the paper's Table 3)", append(columns, "Data and scale")...)
	t.Caption = fmt.Sprintf("97 (≥93) says that 97 %% of the digits were right, and that 93 %% is the lower end of the 95 %% Wilson interval over n keys. The key stands at the start, in the middle or at the end of so many tokens: %s. Chance is %s %%. Protocol %s.",
		lengthList(p.lengths), hundred(p.task.Chance), orNone(p.protocol))
	for _, r := range p.rows {
		if paper, ok := paperPasskey[r.stage][r.model]; ok {
			t.add(append([]string{modelName(r.model), stageWords(r.stage), "paper", "", ""}, p.paperCells(paper)...)...)
		}
		if r.scored == nil && r.failed == nil && !r.notRun {
			if _, ok := paperPasskey[r.stage][r.model]; ok {
				last := t.Rows[len(t.Rows)-1]
				last[3] = string(r.verdict)
				last[len(last)-1] = "paper only"
			}
			continue
		}
		cells := []string{r.name(modelName), stageWords(r.stage), "ours", string(r.verdict), r.samples()}
		for _, length := range p.lengths {
			for _, position := range keyPositions {
				cell := ""
				if s := r.at(length, position); s != nil {
					cell = fmt.Sprintf("%s (≥%s)", hundred(s.Tokens.Value), floored(s.Tokens.Low))
				}
				cells = append(cells, cell)
			}
		}
		t.add(append(cells, r.dataAndScale())...)
		if r.failed != nil {
			t.note("%s failed: %s", modelName(r.model), r.failed.Result.Error)
		}
	}
	guess := []string{"A guess", "", "chance", "", ""}
	for range 3 * len(p.lengths) {
		guess = append(guess, hundred(p.task.Chance))
	}
	t.add(append(guess, "exact: a digit is one of ten")...)
	t.note("Digits of a key are right or wrong together more often than not, so the intervals are over keys, as if each were one trial.")
	t.note("Where no segment is written to memory between key and question, as mostly at the end, the model's own segment holds both, and the memory is not needed.")
	t.note("The paper's recipe has one question at the end of each training text. Ours asks in every segment, weighs the answers more, and lets segments of filler stand for many; the paper has no such row, and ours is held against its fine-tuned one.")
	for _, words := range p.segments() {
		t.note("%s", words)
	}
	t.note("The paper states neither its number of prompts, nor the digits of a key, nor how an answer was decoded; ours are decoded greedily.")
	return t
}

// paperCells is the paper's values under our lengths.
func (p *retrieval) paperCells(paper paperKeys) []string {
	var cells []string
	for _, length := range p.lengths {
		for k := range keyPositions {
			cell := ""
			if i := paperPasskeyLength(length); i >= 0 {
				cell = strconv.FormatFloat(paper[i][k], 'f', -1, 64)
			}
			cells = append(cells, cell)
		}
	}
	return append(cells, fmt.Sprintf("%s parameters", short(paperKeyScale.parameters)))
}

// paperHasMore reports whether the paper has a length that stands in no column of ours.
func (p *retrieval) paperHasMore() bool {
	found := map[int]bool{}
	for _, length := range p.lengths {
		found[paperPasskeyLength(length)] = true
	}
	for i := range paperPasskeyLengths {
		if !found[i] {
			return true
		}
	}
	return false
}

// paperPasskeyTable is the paper's table alone.
func paperPasskeyTable(slug string) *Table {
	columns := []string{"Model", "Training"}
	for _, length := range paperPasskeyLengths {
		for _, position := range keyPositions {
			columns = append(columns, ">"+lengthLabel(length)+" "+position)
		}
	}
	t := newTable("passkey-paper-"+slug, "The paper's Table 3, as printed", columns...)
	for _, stage := range experiments.PasskeyStages {
		for _, m := range modelNames {
			if row, ok := paperPasskey[stage][m.id]; ok {
				cells := []string{m.name, stageWords(stage)}
				for _, values := range row {
					for _, v := range values {
						cells = append(cells, strconv.FormatFloat(v, 'f', -1, 64))
					}
				}
				t.add(cells...)
			}
		}
	}
	return t
}

// segments says into what the prompts are cut.
func (p *retrieval) segments() []string {
	var all []string
	for _, r := range p.ran() {
		words := fmt.Sprintf("Segments of %s tokens, where the paper has %s.", count(int64(r.record.Result.Scale.Segment)), count(paperKeyScale.segment))
		if !slices.Contains(all, words) {
			all = append(all, words)
		}
	}
	return all
}

// samples is the number of keys of each cell.
func (r *keyRow) samples() string {
	if r.scored == nil || len(r.scored.Grid) == 0 {
		return ""
	}
	low, high := r.scored.Grid[0].Samples, r.scored.Grid[0].Samples
	for _, s := range r.scored.Grid {
		low, high = min(low, s.Samples), max(high, s.Samples)
	}
	if low == high {
		return strconv.Itoa(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

// lengthList names lengths in tokens.
func lengthList(lengths []int) string {
	var words []string
	for _, length := range lengths {
		words = append(words, count(int64(length)))
	}
	return strings.Join(words, ", ")
}

// paperKeyScale is what the paper says of the model of its Table 3.
var paperKeyScale = struct{ parameters, segment int64 }{1_000_000_000, 2048}

// dataAndScale says in the row itself how far it is from the paper's setting.
func (r *keyRow) dataAndScale() string {
	switch {
	case r.failed != nil:
		return "failed"
	case r.scored == nil:
		return "planned, not run"
	}
	return r.scaleWords(short(r.record.Result.Scale.Parameters))
}

// scaleWords sets the sizes of a row, with some number of parameters, beside the paper's.
func (r *keyRow) scaleWords(parameters string) string {
	scale := r.record.Result.Scale
	words := fmt.Sprintf("reduced scale: %s of %s parameters", parameters, short(paperKeyScale.parameters))
	s := r.record.Result.Settings.Passkey
	training, paper := s.Language, " (paper: 30K of 4K)"
	switch r.stage {
	case experiments.StagePaper:
		training, paper = s.Paper, " (paper: 400 of 5K)"
	case experiments.StageRecipe:
		training, paper = s.Recipe.Training, ""
	}
	if training.Segments > 0 {
		words += fmt.Sprintf("; %s steps of %s tokens%s", count(int64(r.scored.Steps)), count(int64(training.Segments)*int64(scale.Segment)), paper)
	}
	return words
}
