package reports

import (
	"bytes"
	"strings"

	"infinibench/reports/table"
)

// printTo prints the rows and a description of them.
func (a *adaptTable) printTo(out *bytes.Buffer) error {
	if len(a.rows) == 0 {
		return nil
	}
	t := table.New("terminal-adapt", "", "Model", ">Ours [95%]", ">Emptied", ">Shut", ">÷ control [95%]", ">Forgotten")
	cell := func(i Interval) string {
		if i.N == 0 {
			return table.None
		}
		return i.mean()
	}
	for _, r := range a.rows {
		over := table.None
		if r.over.N > 0 {
			over = r.over.String()
		}
		t.Add(r.label(), r.ours.String(), cell(r.emptied), cell(r.shut), over, adaptNumber(r.rise).Text)
	}
	table.PrintWrapped(out, "", "Token perplexity: "+a.title()+"; lower is better")
	out.WriteString("\n")
	if err := t.PrintPlain(out); err != nil {
		return err
	}
	table.PrintWrapped(out, "  ", a.baseWords())
	table.PrintWrapped(out, "  ", "emptied, shut: with an empty memory, with every gate shut; forgotten: nats more for a token that the base wrote")
	var verdicts []string
	for _, r := range a.judged() {
		verdicts = append(verdicts, shortName(r.model)+" "+string(r.verdict))
	}
	if len(verdicts) > 0 {
		table.PrintWrapped(out, "  ", "better than the control trained alike: "+strings.Join(verdicts, "; "))
	}
	out.WriteString("\n")
	return nil
}
