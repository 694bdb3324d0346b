package table

import (
	"bytes"
	"encoding/csv"
	"infinibench/internal/snapshot"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sampleTable() *Table {
	table := New("sample", "A sample", "Model", ">Perplexity", "Note").CSV("model", "perplexity", "note")
	table.Caption = "Two rows."
	table.Add("Infini_Transformer", "9.650", "50 % of σ(q) & more | less")
	table.Add("[hostile] </script>", "-1.5", "=HYPERLINK(\"http://example.org\")")
	table.Add("short")
	table.Note("A note with %d %%.", 1)
	table.Note("A note with %d %%.", 1)
	return table
}

func TestTableWriters(t *testing.T) {
	for _, tc := range []struct {
		file  string
		write func(*Table, io.Writer) error
	}{
		{"sample.txt", (*Table).WriteTerminal},
		{"sample.md", (*Table).WriteMarkdown},
		{"sample.csv", (*Table).WriteCSV},
		{"sample.tex", (*Table).WriteLaTeX},
	} {
		var got bytes.Buffer
		if err := tc.write(sampleTable(), &got); err != nil {
			t.Fatal(err)
		}
		snapshot.Check(t, filepath.Join("testdata", tc.file), got.Bytes())
	}
}

// The list of dangerous first characters is OWASP's "CSV injection".
func TestCSVCell(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"=1+2", "'=1+2"},
		{"+cmd", "'+cmd"},
		{"-cmd", "'-cmd"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\tx", "'\tx"},
		{"\rx", "'\rx"},
		{"-1.5", "-1.5"},
		{"+2e3", "+2e3"},
		{"-", "'-"},
		{"–", "–"},
		{"a=b", "a=b"},
		{"", ""},
	} {
		if got := csvCell(tc.in); got != tc.want {
			t.Errorf("csvCell(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

// A CSV file must read back as the cells that went in, quotes and all.
func TestCSVReadsBack(t *testing.T) {
	table := New("x", "x", "a", "b").CSV("a", "b")
	table.Add(`say "hi", then`, "naïve 😀")
	var out bytes.Buffer
	if err := table.WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	plain, marked := strings.CutPrefix(out.String(), "\uFEFF")
	if !marked {
		t.Error("no byte-order mark before text that is not ASCII")
	}
	got, err := csv.NewReader(strings.NewReader(plain)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"a", "b"}, {`say "hi", then`, "naïve 😀"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The escapes come from the LaTeX Companion's list of special characters.
func TestLatexText(t *testing.T) {
	for in, want := range map[string]string{
		`50% & $x_1^2$ #{~}\`: `50\% \& \$x\_1\textasciicircum{}2\$ \#\{\textasciitilde{}\}\textbackslash{}`,
		"d_key·(d_value+1)":   `d\_key$\cdot$(d\_value+1)`,
		"≈ 184M":              `$\approx$ 184M`,
	} {
		if got := LaTeX(in); got != want {
			t.Errorf("LaTeX(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"line breaks", "a\nb\r\n\tc", "a b c"},
		{"terminal escape", "\x1b[31mred\x1b[0m", "[31mred [0m"},
		{"right-to-left override", "abc\u202edef\u2066x", "abcdefx"},
		{"right-to-left script stays", "שלום", "שלום"},
		{"emoji stays", "😀", "😀"},
		{"broken UTF-8", "a\xffb", "a\uFFFDb"},
		{"line separator", "a\u2028b", "a b"},
		{"too long", strings.Repeat("é", 400), strings.Repeat("é", 299) + "…"},
	} {
		if got := Clean(tc.in); got != tc.want {
			t.Errorf("%s: clean(%q) = %q, want %q", tc.name, tc.in, got, tc.want)
		}
	}
}

func TestFigure(t *testing.T) {
	for in, want := range map[float64]string{
		9.65: "9.650", 11.876: "11.88", 0.97: "0.9700", 168: "168.0", 12345.6: "12346", 0.00012345: "0.000123", 0: "0.000", -2.4e-15: "0.000", -0.5: "-0.5000",
	} {
		if got := Sig4(in); got != want {
			t.Errorf("sig4(%v) = %q, want %q", in, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[int64]string{
		9_999: "9,999", 21_892: "21.9K", 109_316: "109K", 1_585_152: "1.6M", 2_000_000: "2M", 183_894_016: "184M", 65_536_000_000: "65.5B",
	} {
		if got := Short(in); got != want {
			t.Errorf("short(%d) = %q, want %q", in, got, want)
		}
	}
}
