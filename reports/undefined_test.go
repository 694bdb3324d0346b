package reports

import (
	"bytes"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"infinibench/reports/table"
)

// everyExperiment is a synthetic run of every experiment. JSON has no non-finite numbers, so
// a file can contribute only NaN, through null, and numbers so large that sums overflow.
func everyExperiment() *Run {
	run := withRecall()
	for _, other := range []*Run{withPasskey(), withBooksum(), withAdapt()} {
		run.Records = append(run.Records, other.Records[len(fixture().Records):]...)
	}
	for i := range run.Records {
		run.Records[i].Result.Error = strings.ReplaceAll(run.Records[i].Result.Error, "NaN", "bad")
	}
	return run
}

// floats are the numbers of a run by their path without indices, such as
// "Result.Perplexity.Documents[].NLL".
func floats(run *Run) map[string][]reflect.Value {
	all := map[string][]reflect.Value{}
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Float64:
			if v.CanSet() {
				all[path] = append(all[path], v)
			}
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem(), path)
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), path+"[]")
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
		}
	}
	for i := range run.Records {
		walk(reflect.ValueOf(&run.Records[i]), "")
	}
	return all
}

var notNumber = regexp.MustCompile(`NaN|\b[Ii]nf\b|Infinity|∞`)

// notNumbers are the first places of a text that show a number that is not finite.
func notNumbers(text string) (found []string) {
	for _, at := range notNumber.FindAllStringIndex(text, 3) {
		found = append(found, text[max(0, at[0]-30):min(len(text), at[1]+30)])
	}
	return found
}

// everythingShown is all that a report has to show, but for its figures for papers.
func everythingShown(t *testing.T, run *Run) (*Document, string) {
	t.Helper()
	d, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, tbl := range d.tables() {
		for _, write := range []func(io.Writer) error{tbl.WriteMarkdown, tbl.WriteCSV, tbl.WriteLaTeX, tbl.WriteTerminal} {
			if err := write(&out); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range d.charts() {
		out.WriteString(string(c.Option))
		if err := c.Data.WriteMarkdown(&out); err != nil {
			t.Fatal(err)
		}
	}
	if err := printReport(run, &out); err != nil {
		t.Fatal(err)
	}
	return d, out.String()
}

// spoiled is everything with every number at the paths that match set to x.
func spoiled(match func(path string) bool, x float64) *Run {
	run := everyExperiment()
	for path, values := range floats(run) {
		for _, v := range values {
			if match(path) {
				v.SetFloat(x)
			}
		}
	}
	return run
}

// The report is written with any non-finite number, and shows dashes and gaps instead.
func TestNotFiniteIsNowhere(t *testing.T) {
	if paths := floats(everyExperiment()); len(paths) < 60 {
		t.Fatalf("only %d kinds of numbers in a run", len(paths))
	}
	for _, x := range []float64{math.NaN(), -math.MaxFloat64} {
		run := spoiled(func(string) bool { return true }, x)
		d, text := everythingShown(t, run)
		if bad := notNumbers(text); bad != nil {
			t.Errorf("all %g: %q", x, bad)
		}
		for _, c := range d.charts() {
			svg, err := c.SVG()
			if err != nil {
				t.Fatal(err)
			}
			if bad := notNumbers(string(svg)); bad != nil {
				t.Errorf("all %g: the figure %s has %q", x, c.ID, bad)
			}
		}
	}
}

// A null in a result file is a dash in the table, with the reason below it and among the
// warnings of its cell; all other values stay.
func TestNullIsADashWithAReason(t *testing.T) {
	run := fixture()
	const why = "over 709 nats per word: the perplexity, e to that power, is too large for a float64"
	for i := range run.Records {
		if p := run.Records[i].Result.Perplexity; p != nil && run.Records[i].Result.Cell.Corpus == "novel" {
			p.Intact.WordPPL, p.Intact.Undefined = math.NaN(), map[string]string{"word_perplexity": why}
			p.Documents[2].NLL = math.NaN() // without a reason of its own
			run.Records[i].Log[3].GradNorm, run.Records[i].Timing.EvalSeconds = math.Inf(1), math.NaN()
		}
	}
	got, err := Load(save(t, run))
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, r := range got.Records {
		if r.Result.Perplexity == nil || r.Result.Cell.Corpus != "novel" {
			continue
		}
		cells++
		want := []string{"no word_perplexity (intact): " + why, "not a finite number: perplexity.documents[2].nll"}
		if !slices.Equal(r.Result.Warnings, want) {
			t.Errorf("%s: %q, want %q", r.Key, r.Result.Warnings, want)
		}
		for _, want := range []string{r.Key + "/metrics.jsonl: not a finite number: [3].grad_norm", r.Key + "/timing.json: not a finite number: eval_seconds"} {
			if !slices.Contains(got.Warnings, want) {
				t.Errorf("no %q in %q", want, got.Warnings)
			}
		}
	}
	if cells != 9 || len(got.Warnings) != 2*cells {
		t.Errorf("%d cells of one corpus, %d warnings", cells, len(got.Warnings))
	}
	tables, err := got.tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, tbl := range tables {
		if tbl.Name != "ablation-novel" {
			continue
		}
		for _, row := range tbl.Rows {
			if row[6] != table.None || row[1] == table.None || row[7] == table.None || row[8] == table.None { // word perplexity alone
				t.Errorf("%q", row)
			}
		}
		if !slices.Contains(tbl.Notes, "No word perplexity: "+why+".") {
			t.Errorf("no reason in %q", tbl.Notes)
		}
	}
}
