package reports

import (
	"encoding/json"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// withRecall is the made-up run with what a head of 8 and one of 2 gave back: made-up
// errors, each 0.01 above what is expected, where 0.04 are allowed.
func withRecall() *Run {
	run := fixture()
	for _, model := range []string{infiniDelta, infiniLin} {
		var points []results.RecallPoint
		for _, headSize := range []int{2, 8} {
			for _, keys := range []results.RecallKeys{results.NormalKeys, results.OrthogonalKeys} {
				for _, segment := range map[string][]int{infiniLin: {1}, infiniDelta: {1, 4}}[model] {
					for _, pairs := range results.RecallPairs(headSize) {
						expected := 0.02 * float64(pairs)
						points = append(points, results.RecallPoint{
							Keys: keys, HeadSize: headSize, Segment: segment, Pairs: pairs, Trials: 2,
							Error: expected + 0.01, Expected: expected, Tolerance: 0.04, Limit: expected - 0.005, Rounding: 2e-7, Identified: 0.75, Agrees: true,
						})
					}
				}
			}
		}
		run.Records = append(run.Records, Record{Key: "recall-" + model + "-32", Result: results.Result{
			Version: 1, Profile: "quick", Cell: results.Cell{Experiment: "recall", Model: model, Length: 32},
			ConfigHash: "0f3c", Status: results.StatusDone, Recall: points,
		}})
	}
	return run
}

// 10 = 4 + 6 numbers of pairs, 1 to 8 and 1 to 32, with two kinds of keys; Delta has two
// segments.
func TestRecallTable(t *testing.T) {
	all := recalls(withRecall())
	if len(all) != 2 || all[0].Model != infiniLin || !all[0].Agrees || len(all[0].Points) != 20 || len(all[1].Points) != 40 {
		t.Fatalf("%+v", all)
	}
	rows := RecallTable(all).Rows
	for at, want := range map[int]string{
		2:  "Linear|normal|2|1|4|0.090|0.080|0.040|0.075|0.750|0.250|yes",
		59: "Linear + Delta|orthogonal|8|4|32|0.650|0.640|0.040|0.635|0.750|0.031|yes",
	} {
		if got := strings.Join(rows[at], "|"); got != want {
			t.Errorf("row %d is\n%s, want\n%s", at, got, want)
		}
	}
	want := "Infini-Transformer (Linear): the memory agrees with its curve at all of 20 points; the farthest differs by 0.25 of what it may, and an answer from that in float64 by up to 2.0e-07."
	if got := all[0].Verdict(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	all[0].Points[3].Error, all[0].Points[3].Agrees = 0.24, false // 0.08 off
	wrong := NewRecall(infiniLin, all[0].Points)
	want = "Infini-Transformer (Linear): the memory does NOT agree with its curve at 1 of 20 points; the farthest differs by 2.00 of what it may, and an answer from that in float64 by up to 2.0e-07."
	if got := wrong.Verdict(); got != want || wrong.Agrees {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if got := RecallTable([]Recall{wrong}).Rows[3][11]; got != "NO" {
		t.Errorf("the wrong point is shown as %q", got)
	}
	if NewRecall(infiniLin, nil).Agrees {
		t.Error("nothing agrees")
	}
}

// The widest head has three charts: Linear, and Delta with its two segments, each with
// points and a line; what is found has lines alone, and chance.
func TestRecallCharts(t *testing.T) {
	s, err := recallOf(withRecall())
	if err != nil || len(s.Charts) != 3 || len(s.Reading) != 2 {
		t.Fatalf("%d charts, %d sentences, %v", len(s.Charts), len(s.Reading), err)
	}
	for i, series := range []int{6, 6, 4} {
		var option struct {
			XAxis []struct {
				Type     string
				Min, Max float64
			}
			Series []struct {
				Name, Type string
				Data       []struct{ Value [2]float64 }
			}
		}
		f := s.Charts[i]
		if err := json.Unmarshal([]byte(f.Option), &option); err != nil {
			t.Fatal(err)
		}
		if x := option.XAxis[0]; x.Type != "log" || x.Min != 1 || x.Max != 32 {
			t.Errorf("%s: axis %+v", f.ID, x)
		}
		if len(option.Series) != series || len(f.Legend) != series || len(f.Data.Rows) != 6 {
			t.Fatalf("%s: %d series, %d in the legend, %d rows", f.ID, len(option.Series), len(f.Legend), len(f.Data.Rows))
		}
		last := option.Series[series-1]
		want, kind, value := "Linear + Delta, 4 at once, measured", "scatter", 0.65
		if i == 2 {
			want, kind, value = "by chance", "line", 0.03125
		}
		if last.Name != want || last.Type != kind || len(last.Data) != 6 || last.Data[5].Value != [2]float64{32, value} {
			t.Errorf("%s: %+v", f.ID, last)
		}
	}
}

func TestRecallOnThePage(t *testing.T) {
	lib := &library{js: "/* library */"}
	html := string(mustPage(t, withRecall(), lib))
	for _, want := range []string{`<section id="recall"`, `<a href="#recall">`, `data-chart="chart-recall-normal"`, "agrees with its curve at all of 40 points", ">recall</th>"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if html := string(mustPage(t, fixture(), lib)); strings.Contains(html, "#recall") || strings.Contains(html, "chart-recall") {
		t.Error("a page without recall speaks of it")
	}
	tables, err := withRecall().tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table.Name == "recall" {
			return
		}
	}
	t.Error("no table of recall is written")
}

func TestRecallResults(t *testing.T) {
	for _, test := range []struct{ name, recall, problem string }{
		{"a point", `[{"pairs":1,"tolerance":1}]`, ""},
		{"none", `[]`, "no recall"},
		{"no pairs", `[{"pairs":0,"tolerance":1}]`, "recall[0]: 0 pairs"},
		{"no tolerance", `[{"pairs":1,"tolerance":1},{"pairs":1}]`, "recall[1]: 1 pairs, tolerance 0"},
	} {
		_, err := parseResult(sealed(`{"version":1,"status":"done","cell":{"experiment":"recall"},"recall":` + test.recall + `}`))
		if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
