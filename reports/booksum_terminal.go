package reports

import (
	"bytes"
	"fmt"
	"strings"

	"infinibench/reports/table"
)

// printTo prints the paper's rows, our rows and a description of them.
func (b *booksumTable) printTo(out *bytes.Buffer) error {
	t := table.New("terminal-booksum", "", "Model", ">R-1", ">R-2", ">R-L", ">Overall [95%]", ">− local only [95%]")
	for _, p := range paperBooksum {
		name := p.name
		if p.model != "" {
			name = shortName(p.model)
		}
		cells := []string{name + ", paper"}
		for _, v := range p.rouge {
			cells = append(cells, fmt.Sprintf("%.1f", v))
		}
		t.Add(cells...)
	}
	var settings, slopes, verdicts []string
	for _, r := range b.ran() {
		in := r.whole().rouge
		t.Add(shortName(r.model), points(in.Mid.Rouge1.F), points(in.Mid.Rouge2.F), points(in.Mid.RougeL.F),
			fmt.Sprintf("%s [%s, %s]", points(in.Mid.Overall), points(in.Low.Overall), points(in.High.Overall)), r.overLocal.String())
		slopes = append(slopes, shortName(r.model)+" "+r.slope.String())
		if r.verdict != NoClaim {
			verdicts = append(verdicts, fmt.Sprintf("%s %s", shortName(r.model), r.verdict))
		}
		if words := r.dataAndScale(); len(settings) == 0 || settings[len(settings)-1] != words {
			settings = append(settings, words)
		}
	}
	if ran := b.ran(); len(ran) > 0 {
		p := ran[0].whole()
		t.Add("Lead", points(p.lead.Mid.Rouge1.F), points(p.lead.Mid.Rouge2.F), points(p.lead.Mid.RougeL.F), points(p.lead.Mid.Overall))
		t.Add("Oracle, greedy", points(p.oracle.Mid.Rouge1.F), points(p.oracle.Mid.Rouge2.F), points(p.oracle.Mid.RougeL.F), points(p.oracle.Mid.Overall))
		if x := p.bound; x != nil {
			t.Add("Bound", points(x.Rouge1), points(x.Rouge2), points(x.RougeL), points(x.Overall))
		}
		settings = append(settings, "without a model: "+dataWords(ran[0].records[0].Result))
	}
	table.PrintWrapped(out, "", b.title()+": ROUGE times 100 with the longest input; higher is better")
	out.WriteString("\n")
	if err := t.PrintPlain(out); err != nil {
		return err
	}
	for _, words := range settings {
		table.PrintWrapped(out, "  ", words)
	}
	for _, r := range b.ran() {
		if words := r.apart(b.row(localOnly)); words != "" {
			table.PrintWrapped(out, "  ", words)
		}
	}
	if len(slopes) > 0 {
		table.PrintWrapped(out, "  ", "− local only is the mean of the differences over books, not the difference of two means")
		table.PrintWrapped(out, "  ", "slope, how much overall grows from nothing read to all of the book read: "+strings.Join(slopes, "; "))
	}
	if len(verdicts) > 0 {
		table.PrintWrapped(out, "  ", "better than a model without memory: "+strings.Join(verdicts, "; "))
	}
	out.WriteString("\n")
	return nil
}
