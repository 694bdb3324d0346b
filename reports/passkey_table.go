package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// tables of one corpus and protocol, the paper's Table 3 first. The last, of every score, is too
// long for the page.
func (p *passkeyTable) tables(slug string) []*table.Table {
	tables := []*table.Table{p.mainTable(slug)}
	if controls := p.controlTable(slug); len(controls.Rows) > 0 {
		tables = append(tables, controls)
	}
	if found := p.foundTable(slug); len(found.Rows) > 0 {
		tables = append(tables, found)
	}
	if p.paperHasMore() {
		tables = append(tables, paperPasskeyTable(slug))
	}
	return append(tables, p.scoresTable(slug))
}

// mainTable sets the paper's token accuracies beside ours.
func (p *passkeyTable) mainTable(slug string) *table.Table {
	columns := []string{"Model", "Training", "Whose", "Verdict", ">n"}
	for _, length := range p.lengths {
		for _, position := range keyPositions {
			columns = append(columns, ">"+lengthLabel(length)+" "+position)
		}
	}
	t := table.New("passkey-"+slug, "Passkey retrieval: token accuracy in percent (the paper's Table 3)", append(columns, "Data and scale")...)
	fields := []string{"model", "training", "whose", "verdict", ""}
	for range 3 * len(p.lengths) {
		fields = append(fields, "digits_right_percent digits_right_percent_low digits_right_percent_high n")
	}
	t.CSV(append(fields, "data_and_scale")...)
	t.Repeat(5, "tokens position", keyPoints(p.lengths)...)
	t.Caption = fmt.Sprintf("97 (≥93) says that 97 %% of the digits were right, and that 93 %% is the lower end of the 95 %% Wilson interval over n keys. The key is at the start, in the middle or at the end of so many tokens: %s. Chance is %s %%. Protocol %s.",
		lengthList(p.lengths), table.Hundred(p.task.Chance), orNone(p.protocol))
	for _, r := range p.rows {
		if paper, ok := paperPasskey[r.stage][r.model]; ok {
			verdict, scale := table.Cell{}, table.Prose(fmt.Sprintf("%s parameters", table.Short(paperKeyScale.parameters)))
			if r.scored == nil && r.failed == nil && !r.notRun {
				verdict, scale = table.Text(string(r.verdict)), table.Text("paper only")
			}
			cells := append([]table.Cell{table.Text(modelName(r.model)), table.Text(stageWords(r.stage)), table.Text("paper"), verdict, {}}, p.paperCells(paper)...)
			t.Put(append(cells, scale)...)
		}
		if r.scored == nil && r.failed == nil && !r.notRun {
			continue
		}
		cells := []table.Cell{table.Text(r.name(modelName)), table.Text(stageWords(r.stage)), table.Text("ours"), table.Text(string(r.verdict)), {Text: r.samples()}}
		for _, length := range p.lengths {
			for _, position := range keyPositions {
				var cell table.Cell
				if s := r.at(length, position); s != nil {
					cell = table.Shown(fmt.Sprintf("%s (≥%s)", table.Hundred(s.Tokens.Value), table.Floored(s.Tokens.Low)), shareValues(&s.Tokens, s.Samples)...)
				}
				cells = append(cells, cell)
			}
		}
		t.Put(append(cells, table.Prose(r.dataAndScale()))...)
		if r.failed != nil {
			t.Note("%s failed: %s", modelName(r.model), r.failed.Result.Error)
		}
	}
	guess := []table.Cell{table.Text("A guess"), {}, table.Text("chance"), {}, {}}
	for range 3 * len(p.lengths) {
		guess = append(guess, table.Shown(table.Hundred(p.task.Chance), table.Hundredfold(p.task.Chance), nil, nil, nil))
	}
	t.Put(append(guess, table.Text("exact: a digit is one of ten"))...)
	t.Note("Digits of a key are right or wrong together more often than not, so the intervals are over keys, as if each were one trial.")
	t.Note("Where no segment is written to memory between key and question, as mostly at the end, the model's own segment holds both, and the memory is not needed.")
	t.Note("The paper's recipe has one question at the end of each training text. Ours asks in every segment, weighs the answers more, and lets segments of filler stand for many; the paper has no such row, and ours is held against its fine-tuned one.")
	for _, words := range p.segments() {
		t.Note("%s", words)
	}
	t.Note("The paper states neither its number of prompts, nor the digits of a key, nor how an answer was decoded; ours are decoded greedily.")
	return t
}

// paperCells is the paper's values under our lengths.
func (p *passkeyTable) paperCells(paper paperKeys) []table.Cell {
	var cells []table.Cell
	for _, length := range p.lengths {
		for k := range keyPositions {
			var cell table.Cell
			if i := paperPasskeyLength(length); i >= 0 {
				cell = table.Shown(strconv.FormatFloat(paper[i][k], 'f', -1, 64), paper[i][k], nil, nil, nil)
			}
			cells = append(cells, cell)
		}
	}
	return cells
}

// keyPoints are the lengths and places of the columns of a grid.
func keyPoints(lengths []int) [][]any {
	var all [][]any
	for _, length := range lengths {
		for _, position := range keyPositions {
			all = append(all, []any{int64(length), position})
		}
	}
	return all
}

// shareValues is a share in percent, the ends of its interval, and over how many keys.
func shareValues(s *results.Share, n int) []any {
	return []any{table.Hundredfold(s.Value), table.Hundredfold(s.Low), table.Hundredfold(s.High), int64(n)}
}

// paperHasMore reports whether the paper has a length that no column of ours has.
func (p *passkeyTable) paperHasMore() bool {
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
func paperPasskeyTable(slug string) *table.Table {
	columns := []string{"Model", "Training"}
	for _, length := range paperPasskeyLengths {
		for _, position := range keyPositions {
			columns = append(columns, ">"+lengthLabel(length)+" "+position)
		}
	}
	t := table.New("passkey-paper-"+slug, "The paper's Table 3, as printed", columns...)
	fields := []string{"model", "training"}
	for range len(columns) - len(fields) {
		fields = append(fields, "digits_right_percent")
	}
	t.CSV(fields...)
	t.Repeat(2, "tokens position", keyPoints(paperPasskeyLengths[:])...)
	for _, stage := range results.PasskeyStages {
		for _, m := range modelNames {
			if row, ok := paperPasskey[stage][m.id]; ok {
				cells := []table.Cell{table.Text(m.name), table.Text(stageWords(stage))}
				for _, values := range row {
					for _, v := range values {
						cells = append(cells, table.Shown(strconv.FormatFloat(v, 'f', -1, 64), v))
					}
				}
				t.Put(cells...)
			}
		}
	}
	return t
}

// segments says into what the prompts are cut.
func (p *passkeyTable) segments() []string {
	var all []string
	for _, r := range p.ran() {
		words := fmt.Sprintf("Segments of %s tokens, where the paper has %s.", table.Count(int64(r.record.Result.Scale.Segment)), table.Count(paperKeyScale.segment))
		if !slices.Contains(all, words) {
			all = append(all, words)
		}
	}
	return all
}

// samples is the number of keys of each cell.
func (r *keyRow) samples() string {
	switch low, high := r.sampleRange(); {
	case high == 0:
		return ""
	case low == high:
		return strconv.Itoa(low)
	default:
		return fmt.Sprintf("%d to %d", low, high)
	}
}

// sampleRange is the smallest and the largest number of keys of a cell, zeros of none.
func (r *keyRow) sampleRange() (low, high int) {
	if r.scored == nil {
		return 0, 0
	}
	for i, s := range r.scored.Grid {
		if i == 0 {
			low = s.Samples
		}
		low, high = min(low, s.Samples), max(high, s.Samples)
	}
	return low, high
}

// lengthList names lengths in tokens.
func lengthList(lengths []int) string {
	var words []string
	for _, length := range lengths {
		words = append(words, table.Count(int64(length)))
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
	return r.scaleWords(table.Short(r.record.Result.Scale.Parameters))
}

// scaleWords sets the sizes of a row, with some number of parameters, beside the paper's.
func (r *keyRow) scaleWords(parameters string) string {
	scale := r.record.Result.Scale
	words := fmt.Sprintf("reduced scale: %s of %s parameters", parameters, table.Short(paperKeyScale.parameters))
	s := r.record.Result.Settings.Passkey
	training, paper := s.Language, " (paper: 30K of 4K)"
	switch r.stage {
	case results.StagePaper:
		training, paper = s.Paper, " (paper: 400 of 5K)"
	case results.StageRecipe:
		training, paper = s.Recipe.Training, ""
	}
	if training.Segments > 0 {
		words += fmt.Sprintf("; %s steps of %s tokens%s", table.Count(int64(r.scored.Steps)), table.Count(int64(training.Segments)*int64(scale.Segment)), paper)
	}
	return words
}
