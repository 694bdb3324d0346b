package reports

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"infinibench/reports/table"
)

// inert checks that a table of hostile texts is, in every format, a table of the same
// shape in which nothing acts.
func inert(t *testing.T, tbl *table.Table) {
	t.Helper()
	var body bytes.Buffer
	if len(tbl.Header()) > 0 { // not all are written as CSV
		if err := tbl.WriteCSV(&body); err != nil {
			t.Fatal(err)
		}
	}
	inertCSV(t, tbl, strings.TrimPrefix(body.String(), table.ByteOrderMark))
	body.Reset()
	if err := tbl.WriteLaTeX(&body); err != nil {
		t.Fatal(err)
	}
	inertLaTeX(t, tbl, body.String())
	body.Reset()
	if err := tbl.WriteMarkdown(&body); err != nil {
		t.Fatal(err)
	}
	inertMarkdown(t, tbl, body.String())
}

func inertCSV(t *testing.T, tbl *table.Table, text string) {
	t.Helper()
	want := 0
	if len(tbl.Header()) > 0 {
		want = 1
		for i := range tbl.Rows {
			want += len(tbl.Records(i))
		}
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != want || strings.Count(text, "\n") != len(rows) {
		t.Errorf("CSV of %d rows, want %d: %v", len(rows), want, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			first, _ := utf8.DecodeRuneInString(cell)
			_, notNumber := strconv.ParseFloat(cell, 64)
			if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && notNumber != nil {
				t.Errorf("a spreadsheet runs %q", cell)
			}
		}
	}
}

// texCommands matches all commands that a table may use; any other backslash would come from
// a label.
var texCommands = regexp.MustCompile(`\\(begin|end)\{(table|tabular)\}|\\(centering|small|caption|label|toprule|midrule|bottomrule|par|footnotesize)\b|` +
	`\\(textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|ldots|char34)\{\}|\$\\(approx|div|times|cdot|sigma|beta|le|ge|surd|gamma|epsilon|Sigma|infty|rightarrow|dagger)\$|\$-\$|\\[{}$&#_%]|\\\\`)

func inertLaTeX(t *testing.T, tbl *table.Table, text string) {
	t.Helper()
	plain := texCommands.ReplaceAllString(text, "")
	if i := strings.IndexAny(plain, `\$#^~%"<>|`); i >= 0 {
		t.Errorf("LaTeX acts on %q", plain[i:min(len(plain), i+40)])
	}
	if strings.Count(plain, "{") != strings.Count(plain, "}") {
		t.Errorf("braces do not match in %q", plain)
	}
	// Labels add no column separator: there is exactly one between adjacent cells of a row.
	if want := (1 + len(tbl.Rows)) * (len(tbl.Columns) - 1); strings.Count(plain, "&") != want {
		t.Errorf("%d column separators, want %d", strings.Count(plain, "&"), want)
	}
	for _, r := range plain {
		if r > 'ſ' && !strings.ContainsRune("‘’“”—•", r) {
			t.Errorf("LaTeX has no letter %q", r)
		}
	}
}

var (
	mdEscape = regexp.MustCompile("\\\\[\\\\|*_`\\[\\]~$#+=.)-]|&(lt|gt|amp);")
	mdBlock  = regexp.MustCompile(`^(- )?(#|[-+=]|[0-9]+[.)])`)
)

func inertMarkdown(t *testing.T, tbl *table.Table, text string) {
	t.Helper()
	rows := 0
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		plain := mdEscape.ReplaceAllString(line, "")
		heading, note := i == 0, i >= len(lines)-len(tbl.Notes)
		switch {
		case strings.HasPrefix(plain, "|") && strings.Count(plain, "|") == 1+len(tbl.Columns):
			rows++
			plain = strings.ReplaceAll(plain, "|", "")
		case heading && strings.HasPrefix(plain, "### "):
			plain = plain[4:]
		case mdBlock.MatchString(line) && !(note && strings.HasPrefix(line, "- ") && !mdBlock.MatchString(line[2:])):
			t.Errorf("line %q begins a block", line)
		}
		if strings.ContainsAny(plain, "<>`*[]|$&\\") {
			t.Errorf("Markdown acts on %q", line)
		}
	}
	if want := 2 + len(tbl.Rows); rows != want { // titles, and the rule below them
		t.Errorf("%d table lines in\n%s, want %d", rows, text, want)
	}
}

// wantSmallAndInert checks that the page of a run is small and that no text of it acts on a
// reader's program, nor on a program that reads a table. It returns the page.
func wantSmallAndInert(t *testing.T, run *Run) string {
	t.Helper()
	html := string(mustPage(t, run, &library{js: "/* library */"}))
	if room := 3<<20 - 1_040_000; len(html) > room { // beside the chart library
		t.Errorf("the page has %d bytes, want at most %d", len(html), room)
	}
	for _, banned := range []string{"<b>", "<script>window", "<img", "\u202e", "\x1b"} {
		if strings.Contains(html, banned) {
			t.Errorf("the page contains %q", banned)
		}
	}
	tables, err := run.tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, tbl := range tables {
		inert(t, tbl)
	}
	return html
}

func TestHostileTablesAreInert(t *testing.T) {
	tables, err := hostileRun().tables()
	if err != nil {
		t.Fatal(err)
	}
	all := table.New("all", hostileLabels[0], hostileLabels[0], ">"+hostileLabels[1]).CSV("label", "again")
	for _, label := range hostileLabels {
		all.Add(label, label)
		all.Note("%s", label)
	}
	for _, tbl := range append(tables, all) {
		inert(t, tbl)
		if len(tbl.Name) > 200 { // systems stop at 255
			t.Errorf("the name %q is too long for a file", tbl.Name)
		}
	}
}

// Every sign of our own tables has its LaTeX.
func TestLaTeXHasOurSigns(t *testing.T) {
	tables, err := fixture().tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, tbl := range tables {
		var tex bytes.Buffer
		if err := tbl.WriteLaTeX(&tex); err != nil {
			t.Fatal(err)
		}
		if i := strings.Index(tex.String(), "[U+"); i >= 0 {
			t.Errorf("%s: %s", tbl.Name, tex.String()[max(0, i-20):i+10])
		}
	}
}

func FuzzTable(f *testing.F) {
	for _, label := range hostileLabels {
		f.Add(label)
	}
	f.Fuzz(func(t *testing.T, label string) {
		tbl := table.New("x", label, label, ">n").CSV("label", "n")
		tbl.Add(label, "-1.5")
		tbl.Note("%s", label)
		inert(t, tbl)
	})
}

// Files that cannot be result files, by type or by size, are not read.
func TestLoadRefusesHugeFiles(t *testing.T) {
	run := fixture()
	dir := save(t, run)
	path := filepath.Join(dir, run.Records[0].Key, "metrics.jsonl")
	if err := os.Truncate(path, 4<<30); err != nil { // a hole, so it takes no disk
		t.Fatal(err)
	}
	got, err := Load(dir)
	if want := run.Records[0].Key + "/metrics.jsonl: larger than 256 MiB, which no result file should be"; err != nil || len(got.Warnings) != 1 || got.Warnings[0] != want {
		t.Errorf("warnings %q, %v, want %s", got.Warnings, err, want)
	}
}

// FuzzRun: any directory of results is either loaded or refused, and a loaded one yields an
// inert page and inert tables.
func FuzzRun(f *testing.F) {
	const result = `{"version":1,"status":"done","cell":{"experiment":"perplexity","corpus":"novel","model":"infini-delta","length":4,"seed":1},"protocol":"a\n# b\u202e","perplexity":{"intact":{"token_perplexity":3}}}`
	f.Add([]byte(result), []byte("{\"step\":1,\"loss\":2}\n"), []byte(`{"train_seconds":1,"train_tokens":2}`), []byte(`{"cells":[{"experiment":"cost","model":"x","length":2}]}`))
	f.Add([]byte(`{"version":1,"status":"done","cell":{"experiment":"cost","model":"infini-delta","length":4}}`), []byte(nil), []byte(`{"lengths":[{"tokens":4,"evaluation":{"tokens_per_second":1e308}},{"tokens":-1}]}`), []byte("null"))
	f.Add([]byte(`{"version":1,"status":"done","cell":{"experiment":"passkey","corpus":"novel","model":"infini-linear"},"passkey":{"stages":[{"stage":"recipe","grid":[{"length":320,"position":"start","writes":6,"samples":1,"tokens":{"value":1}}],"writes":[{"length":80,"position":"start","writes":3,"samples":1,"tokens":{"value":1}}],"examples":[{"answer":{"length":320,"key":"9017","output":[{"text":"a"}],"right":[true,false]}}]}]}}`), []byte(nil), []byte("{}"), []byte(`{"cells":[{"experiment":"passkey","corpus":"x"}]}`))
	f.Add([]byte(`{"version":1,"status":"done","cell":{"experiment":"booksum","corpus":"chronicle","model":"infini-linear"},"booksum":{"lengths":[{"tokens":8,"share":1,"books":1,"bound":{"overall":1}}],"slope":{"value":1,"books":1},"books":[{"id":"a","summary":"b","readings":[{"length":8,"share":1,"outputs":["<b>"],"facts":[{"key":"k"}]}]}],"problems":["x"]}}`), []byte(nil), []byte("{}"), []byte(`{"cells":[{"experiment":"booksum","corpus":"x"}]}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, result, log, timing, plan []byte) {
		for name, data := range map[string][]byte{"cell/result.json": result, "cell/metrics.jsonl": log, "cell/timing.json": timing, "plan.json": plan} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, sealed(string(data)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		run, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pageOf(run, nil); err != nil {
			t.Fatal(err)
		}
		tables, err := run.tables()
		if err != nil {
			t.Fatal(err)
		}
		for _, tbl := range tables {
			inert(t, tbl)
		}
	})
}
