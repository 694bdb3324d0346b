package reports

import (
	"strings"
	"testing"

	"infinibench/internal/results"
)

// One model finds 90 % of the digits after 375 of 400 steps, the other at most 34 %; a recipe
// that does not wait has no such table.
func TestPasskeyFoundInTraining(t *testing.T) {
	run := withPasskey()
	if got := keysOf(t, run).foundTable("novel").Rows; len(got) != 0 {
		t.Errorf("a recipe that does not wait has the rows %q", got)
	}
	for i := range run.Records {
		r := &run.Records[i].Result
		if r.Cell.Experiment != "passkey" || !isInfini(r.Cell.Model) {
			continue
		}
		s := &r.Settings.Passkey
		s.Recipe.RepeatsFound = 0.9
		stage := &r.Passkey.Stages[2]
		stage.Looks = []results.PasskeyLook{{Step: 350, Share: 0.340625}, {Step: 375, Share: 0.328125}}
		if r.Cell.Model == infiniLin {
			s.Model.From = "llama-260K-0123456789abcdef"
			stage.Looks[1].Share, stage.Found = 0.921875, 375
		}
	}
	p := keysOf(t, run)
	var got []string
	for _, row := range p.foundTable("novel").Rows {
		got = append(got, strings.Join(row, "|"))
	}
	want := "Infini-Transformer (Linear)|llama-260K-0123456789abcdef|90|375|400|92|375\n" +
		"Infini-Transformer (Linear + Delta)|random weights|90|–|400|34|350"
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("rows\n%s\nwant\n%s", text, want)
	}
	tables := p.tables("novel")
	if name := tables[2].Name; name != "passkey-found-novel" {
		t.Errorf("the third table is %s", name)
	}
	text := strings.Join(p.reading(), "\n")
	for _, want := range []string{
		"In training it first gave 90 % of the digits after 375 of 400 steps; from then on segments of filler counted for many.",
		"In the 400 steps of training it never gave 90 % of the digits, so no segment of filler counted for many; the most was 34 %, after 350 steps.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	charts, err := p.charts("novel")
	if err != nil {
		t.Fatal(err)
	}
	last := charts[len(charts)-1]
	if last.ID != "chart-found-novel" || len(last.Curves) != 3 || len(last.Data.Rows) != 2 {
		t.Errorf("the last chart is %s, of %d lines and %d rows", last.ID, len(last.Curves), len(last.Data.Rows))
	}
	bad := *run.Records[len(run.Records)-2].Result.Passkey
	bad.Stages = append([]results.PasskeyStage(nil), bad.Stages...)
	bad.Stages[2].Looks = []results.PasskeyLook{{Step: 25, Share: 2}}
	if err := checkPasskey(&bad); err == nil || !strings.Contains(err.Error(), "passkey.stages[2].looks[0]") {
		t.Errorf("a share of 2: %v", err)
	}
}
