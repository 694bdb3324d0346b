package reports

import (
	"bytes"
	"io"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// everything is a made-up run of every experiment. JSON has no number that is not finite,
// so what a file can bring is NaN, by null, and numbers so large that sums overflow.
func everything() *Run {
	run := withRecall()
	for _, other := range []*Run{withPasskey(), withBooksum()} {
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

// shown is all that a report has to show, but for its figures for papers.
func shown(t *testing.T, run *Run) (*document, string) {
	t.Helper()
	d, err := newDocument(run)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, table := range d.tables() {
		for _, write := range []func(io.Writer) error{table.WriteMarkdown, table.WriteCSV, table.WriteLaTeX, table.WriteTerminal} {
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
	if err := Terminal(run, &out); err != nil {
		t.Fatal(err)
	}
	return d, out.String()
}

// spoiled is everything with every number at the paths that match set to x.
func spoiled(match func(path string) bool, x float64) *Run {
	run := everything()
	for path, values := range floats(run) {
		for _, v := range values {
			if match(path) {
				v.SetFloat(x)
			}
		}
	}
	return run
}

// Whatever is not finite, the report is made, and shows dashes and gaps in its place.
func TestNotFiniteIsNowhere(t *testing.T) {
	if paths := floats(everything()); len(paths) < 60 {
		t.Fatalf("only %d kinds of numbers in a run", len(paths))
	}
	for _, x := range []float64{math.NaN(), -math.MaxFloat64} {
		run := spoiled(func(string) bool { return true }, x)
		d, text := shown(t, run)
		if bad := notNumbers(text); bad != nil {
			t.Errorf("all %g: %q", x, bad)
		}
		for _, c := range d.charts() {
			svg, err := c.svg()
			if err != nil {
				t.Fatal(err)
			}
			if bad := notNumbers(string(svg)); bad != nil {
				t.Errorf("all %g: the figure %s has %q", x, c.ID, bad)
			}
		}
	}
}
