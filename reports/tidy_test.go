package reports

import (
	"bytes"
	"encoding/csv"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"infinibench/reports/table"
)

// tidy checks a CSV as pandas and a spreadsheet would want it, and returns its rows.
func tidy(t *testing.T, name string, raw []byte) [][]string {
	t.Helper()
	text, marked := bytes.CutPrefix(raw, []byte("\xEF\xBB\xBF"))
	if plain := !slices.ContainsFunc(text, func(b byte) bool { return b > 127 }); plain == marked {
		t.Errorf("%s: plain ASCII is %v, a byte-order mark is there %v", name, plain, marked)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll() // refuses rows of other lengths
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), err)
	}
	snake := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	// Formatting for people: thousands separators, the two ends of an interval, a dash.
	pretty := regexp.MustCompile(`^([-+]?\d{1,3}(,\d{3})+|[-+\d.,]+ to [-+\d.,]+|[-+\d.]+ \[.*\]|–)$`)
	for k, title := range rows[0] {
		if !snake.MatchString(title) || slices.Index(rows[0], title) != k {
			t.Errorf("%s: the header %q is not unique ASCII snake_case", name, title)
		}
		numbers, texts := 0, ""
		for _, row := range rows[1:] {
			x, err := strconv.ParseFloat(row[k], 64)
			switch {
			case row[k] == "":
			case pretty.MatchString(row[k]) || err == nil && (math.IsNaN(x) || math.IsInf(x, 0)):
				t.Errorf("%s: %s has %q", name, title, row[k])
			case err == nil:
				numbers++
			default:
				texts = row[k]
			}
		}
		if numbers > 0 && texts != "" {
			t.Errorf("%s: %s has %d numbers and %q", name, title, numbers, texts)
		}
	}
	return rows
}

// numberIn finds the numbers of a pretty cell; a hyphen inside a name is no sign.
var numberIn = regexp.MustCompile(`(^|[^\w.,-])([-+]?\d[\d,]*(?:\.\d+)?)([KMB]?)`)

// Every CSV of a report is tidy, and every number that a table shows is one of the values of its cell, rounded to the digits
// that are shown: up, down for whole numbers and the ends of intervals, or to the nearest.
func TestReportCSV(t *testing.T) {
	compared := 0
	for name, run := range map[string]*Run{"passkey": withPasskey(), "booksum": withBooksum(), "adapt": withAdapt(), "recall": withRecall(), "nothing": {Profile: "x"}} {
		tables, err := run.tables()
		if err != nil {
			t.Fatal(err)
		}
		for _, tbl := range tables {
			var body bytes.Buffer
			if err := tbl.WriteCSV(&body); err != nil {
				t.Fatal(err)
			}
			tidy(t, name+"/"+tbl.Name, body.Bytes())
			for i, row := range tbl.Rows {
				for k, shown := range row {
					var values []float64
					for _, v := range tbl.Values[i][k] {
						switch v := v.(type) {
						case float64:
							values = append(values, v)
						case int64:
							values = append(values, float64(v))
						}
					}
					if len(values) == 0 || tbl.Columns[k].Align == table.Left {
						continue
					}
					for _, found := range numberIn.FindAllStringSubmatch(regexp.MustCompile(`^(÷|perplexity)[^\d]*`).ReplaceAllString(shown, " "), -1) {
						digits := strings.ReplaceAll(found[2], ",", "")
						x, err := strconv.ParseFloat(digits, 64)
						if err != nil {
							t.Fatalf("%q: %v", digits, err)
						}
						x *= map[string]float64{"": 1, "K": 1e3, "M": 1e6, "B": 1e9}[found[3]]
						_, after, _ := strings.Cut(digits, ".")
						unit := math.Pow(10, -float64(len(after)))
						if !slices.ContainsFunc(values, func(v float64) bool {
							if shown == "< 0.001" {
								return v < x
							}
							return math.Abs(v-x) <= unit/2*(1+1e-9) || after == "" && math.Abs(v-x) < unit
						}) {
							t.Errorf("%s/%s, %s: %q shows %v, the CSV has %v", name, tbl.Name, tbl.Columns[k].Title, shown, x, values)
						}
						compared++
					}
				}
			}
		}
	}
	if compared < 500 {
		t.Errorf("only %d numbers were compared", compared)
	}
}

// A written value reads back as the same number and the same type.
func TestCSVValue(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, ""}, {int64(72385), "72385"}, {uint64(math.MaxUint64), "18446744073709551615"}, {0.1, "0.1"}, {1234567.25, "1234567.25"},
		{1e-7, "1e-07"}, {1e22, "1e+22"}, {-0.5, "-0.5"}, {true, "true"}, {"=1+2", "'=1+2"}, {"a,b", "a,b"},
	} {
		if got := table.CSVValue(c.in); got != c.want {
			t.Errorf("%v: %q, want %q", c.in, got, c.want)
		}
	}
	for _, v := range table.Shown("x", math.NaN(), math.Inf(1), math.Inf(-1), "", table.None).Values {
		if v != nil {
			t.Errorf("%v is not missing", v)
		}
	}
}

// In binary 0.07·100 is 7.000000000000001 and 0.29·100 is 28.999999999999996.
func TestHundredfold(t *testing.T) {
	for in, want := range map[float64]float64{0: 0, 0.07: 7, 0.29: 29, 1: 100, -0.07: -7, 1e-9: 1e-7, 2.0 / 3: 66.66666666666666} {
		if got := table.Hundredfold(in); got != want {
			t.Errorf("%v: %v, want %v", in, got, want)
		}
	}
	if !math.IsNaN(table.Hundredfold(math.NaN())) {
		t.Error("NaN is a number")
	}
}

// Columns that repeat for several points are a row each, without those that have no
// value; a row without any value keeps one.
func TestCSVOfRepeatedColumns(t *testing.T) {
	tbl := table.New("x", "x", "Model", ">1K", ">2K", "Why").CSV("model", "score", "score", "why")
	tbl.Repeat(1, "tokens", []any{int64(1000)}, []any{int64(2000)})
	tbl.Put(table.Text("a"), table.Plain(1), table.Plain(2.5), table.Text("both"))
	tbl.Put(table.Text("b"), table.Cell{}, table.Plain(3), table.Text("one"))
	tbl.Put(table.Text("c"), table.Cell{}, table.Cell{}, table.Text("failed"))
	var out bytes.Buffer
	if err := tbl.WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	if want := "model,tokens,score,why\na,1000,1,both\na,2000,2.5,both\nb,2000,3,one\nc,,,failed\n"; out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
