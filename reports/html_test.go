package reports

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"infinibench/internal/results"
	"infinibench/internal/snapshot"
)

// hostileLabels are texts that a result file may hold and that no page, chart
// or terminal may act on.
var hostileLabels = []string{
	`</script><script>window.owned=1</script>`, "__f__window.owned=1__f__", "<b>bold</b>", "two\nlines", "abc\u202eright-to-left",
	"שלום", "😀 emoji", `"><img src=x onerror=window.owned=1>`, "\x1b[31mred", "{b} {@[1]} {a|rich}", "&lt;", strings.Repeat("long", 200),
	"=HYPERLINK(\"http://example.org\")", "+1+cmd|' /C calc'!A0", "-2+3+SUM(A1)", "@SUM(A1:A9)", "\t=1+1", "\r=1+1", "＝1+1",
	`\input{/etc/passwd}`, `\write18{id}`, `}\end{table}%`, "$x$ & y \\\\ # _ ^^41", "| a | b |", "[x](javascript:alert(1))", "`id`", "# heading", "1. item", "\uFFFE]]>\uFFFF",
}

// hostileRun is the fixture with those labels in every text field.
func hostileRun() *Run {
	run := fixture()
	label := func(i int) string { return hostileLabels[i%len(hostileLabels)] }
	run.Profile = label(0)
	run.Warnings = []string{label(7)}
	for i := range run.Records {
		r := &run.Records[i].Result
		if r.Cell.Model == infiniDelta {
			r.Cell.Model = label(int(r.Cell.Seed) + len(r.Cell.Corpus))
		}
		if r.Cell.Corpus == "proof" {
			r.Cell.Corpus = label(0)
		}
		r.Error, r.Protocol, r.Footprint.Formula = label(2), label(0), label(2)
		r.Data.Note, r.Data.Tokenizer, r.Data.Certificate.StandIn = label(i), label(i+1), label(i+2)
		r.Environment.CPU = label(i)
		r.Warnings = []string{label(i), label(i + 3)}
		if r.Perplexity != nil {
			r.Perplexity.Classes[0].Class = label(i)
		}
	}
	return run
}

func mustPage(t *testing.T, run *Run, lib *library) []byte {
	t.Helper()
	html, err := pageOf(run, lib)
	if err != nil {
		t.Fatal(err)
	}
	return html
}

func TestTablesGolden(t *testing.T) {
	var md bytes.Buffer
	tables, err := fixture().tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if err := table.WriteMarkdown(&md); err != nil {
			t.Fatal(err)
		}
		md.WriteString("\n")
	}
	snapshot.Check(t, "testdata/tables.md", md.Bytes())
}

var leaves = regexp.MustCompile(`(?i)(src|href)\s*=\s*["']?(https?:)?//`)

// With an embedded library the file must contain no external reference, whatever the labels
// are.
func TestPageIsSelfContained(t *testing.T) {
	lib := embedded()
	if lib == nil {
		lib = &library{js: "/* the chart library */"}
	}
	for _, run := range []*Run{fixture(), hostileRun()} {
		html := mustPage(t, run, lib)
		if found := leaves.Find(html); found != nil {
			t.Errorf("the page points outside: %q", found)
		}
	}
	// Without it exactly the library does, and the page says so.
	html := mustPage(t, fixture(), nil)
	if n := len(leaves.FindAll(html, -1)); n != 1 || !bytes.Contains(html, []byte(`<script src="`+remoteLibrary+`">`)) {
		t.Errorf("%d outside addresses without a library, want the library's alone", n)
	}
	if !bytes.Contains(html, []byte("The charts of this page need the network")) {
		t.Error("the page does not say that its charts need the network")
	}
}

func TestHostileLabelsAreInert(t *testing.T) {
	html := wantSmallAndInert(t, hostileRun())
	plain := string(mustPage(t, fixture(), &library{js: "/* library */"}))
	if got, want := strings.Count(html, "</script>"), strings.Count(html, "<script"); got != want || got < strings.Count(plain, "</script>")-2 {
		t.Errorf("%d script ends for %d scripts", got, want)
	}
	// The library's own function marker is an ordinary text here.
	if !strings.Contains(html, "__f__window.owned=1__f__") {
		t.Error("a label with __f__ was changed")
	}
	var out bytes.Buffer
	if err := printReport(hostileRun(), &out); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e") {
		t.Error("the terminal gets control characters from a result file")
	}
}

// Writing a run twice must give identical bytes and the same set of files.
func TestWriteIsDeterministic(t *testing.T) {
	dir := save(t, fixture())
	var bodies [2]map[string]string
	for i := range bodies {
		run, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out")
		paths, err := writeReport(run, out)
		if err != nil {
			t.Fatal(err)
		}
		bodies[i] = map[string]string{}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(out, path)
			bodies[i][filepath.ToSlash(name)] = string(raw)
		}
		files := 0
		err = filepath.Walk(out, func(_ string, info os.FileInfo, err error) error {
			if err == nil && !info.IsDir() {
				files++
			}
			return err
		})
		if err != nil || files != len(paths) {
			t.Errorf("%d files on disk, %d reported, %v", files, len(paths), err)
		}
	}
	for _, name := range []string{"report.html", "tables/summary.md", "tables/perplexity-novel.csv", "tables/perplexity-proof.tex", "tables/cost.csv"} {
		if bodies[0][name] == "" {
			t.Errorf("%s is missing or empty", name)
		}
	}
	for name, body := range bodies[0] {
		if body != bodies[1][name] {
			t.Errorf("%s differs between two writings", name)
		}
	}
}

// Times appear only in the section on cost, and their sum in the summary.
func TestTimesStandOnlyInCost(t *testing.T) {
	cut := regexp.MustCompile(`(?s)<section id="cost".*?</section>|<p id="total-cost">.*?</p>|<span id="total-time">.*?</span>|<div id="fair-trials">.*?</div>`)
	slow := fixture()
	for i := range slow.Records {
		if t := slow.Records[i].Timing; t != nil && t.Lengths != nil {
			t.PeakFLOPS = 123e9
			for _, p := range t.Lengths {
				if p.Training != nil {
					*p.Training = results.Cost{TokensPerSecond: 456, FLOPS: 7e9, Bytes: 89 << 20}
				}
			}
		} else if t != nil {
			slow.Records[i].Timing = &results.Timing{TrainSeconds: 987, EvalSeconds: 654, TrainTokens: 1, EvalTokens: 1, PeakRSS: 1 << 40}
		}
		for k := range slow.Records[i].Log {
			slow.Records[i].Log[k].Seconds = 321
		}
	}
	lib := &library{js: "/* library */"}
	a, b := mustPage(t, fixture(), lib), mustPage(t, slow, lib)
	if bytes.Equal(a, b) {
		t.Error("the cost table does not show the times")
	}
	if !bytes.Equal(cut.ReplaceAll(a, nil), cut.ReplaceAll(b, nil)) {
		t.Error("times change the page outside the section on cost")
	}
}

func TestWriteFailsClearly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	putFile(t, file, nil)
	if _, err := writeReport(fixture(), file); err == nil || !strings.HasPrefix(err.Error(), "reports: mkdir "+file) {
		t.Errorf("error %v", err)
	}
	if err := printReport(fixture(), failing{}); err != io.ErrClosedPipe {
		t.Errorf("Terminal to a closed pipe: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
