package reports

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// terminalLengths is how many lengths the terminal has room for: the paper's number.
const terminalLengths = 5

// printTo prints a line for each row that ran, start, middle and end as the paper has
// them, and under them what they are.
func (p *passkeyTable) printTo(out *bytes.Buffer) error {
	lengths := p.lengths
	if len(lengths) > terminalLengths {
		lengths = lengths[len(lengths)-terminalLengths:]
	}
	columns := []string{"Training", "Model", ">n"}
	for _, length := range lengths {
		columns = append(columns, ">"+lengthLabel(length))
	}
	t := table.New("terminal-passkey", "", columns...)
	for _, r := range p.ran() {
		cells := []string{r.stage, r.name(shortName), r.samples()}
		for _, length := range lengths {
			var values []string
			for _, position := range keyPositions {
				value := table.None
				if s := r.at(length, position); s != nil {
					value = table.Hundred(s.Tokens.Value)
				}
				values = append(values, value)
			}
			cells = append(cells, strings.Join(values, "/"))
		}
		t.Add(cells...)
		paper, ok := paperPasskey[r.stage][r.model]
		matched := false
		cells = []string{"", "in the paper", ""}
		for _, length := range lengths {
			cell := ""
			if i := paperPasskeyLength(length); i >= 0 {
				cell, matched = fmt.Sprintf("%v/%v/%v", paper[i][0], paper[i][1], paper[i][2]), true
			}
			cells = append(cells, cell)
		}
		if ok && matched {
			t.Add(cells...)
		}
	}
	table.PrintWrapped(out, "", "Passkey retrieval: digits right, percent, the key at start/middle/end; chance "+table.Hundred(p.task.Chance))
	out.WriteString("\n")
	if len(t.Rows) > 0 {
		if err := t.PrintPlain(out); err != nil {
			return err
		}
	}
	for _, r := range p.ran() {
		across, _ := r.carried()
		if worst := lowest(across); worst != nil && isInfini(r.model) && r.stage != results.StageZeroShot {
			table.PrintWrapped(out, "  ", r.name(shortName)+", "+stageWords(r.stage)+": "+string(r.verdict)+", lowest cell from memory "+cellWords(worst))
		}
	}
	if rest := len(p.lengths) - len(lengths); rest > 0 {
		table.PrintWrapped(out, "  ", strconv.Itoa(rest)+" shorter lengths stand in the report alone")
	}
	for _, text := range slices.Concat(p.scales(), p.segments()) {
		table.PrintWrapped(out, "  ", text)
	}
	out.WriteString("\n")
	return nil
}

// scales says for each training what its rows are, in one line.
func (p *passkeyTable) scales() []string {
	var all []string
	for _, stage := range results.PasskeyStages {
		var low, high int64
		var one *keyRow
		for _, r := range p.ran() {
			if r.stage != stage {
				continue
			}
			n := r.record.Result.Scale.Parameters
			if one == nil {
				one, low, high = r, n, n
			}
			low, high = min(low, n), max(high, n)
		}
		if one == nil {
			continue
		}
		words := one.dataAndScale()
		if other := table.Short(high); other != table.Short(low) {
			words = one.scaleWords(table.Short(low) + " to " + other)
		}
		all = append(all, stageWords(stage)+": "+words)
	}
	return all
}
