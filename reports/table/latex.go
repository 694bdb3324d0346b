package table

import (
	"fmt"
	"io"
	"strings"
)

// WriteLaTeX writes a floating table with booktabs rules; the document needs
// \usepackage{booktabs}.
func (t *Table) WriteLaTeX(w io.Writer) error {
	var b strings.Builder
	caption := t.Title
	if t.Caption != "" {
		caption += ". " + t.Caption
	}
	align := make([]byte, len(t.Columns))
	for i, c := range t.Columns {
		align[i] = "lr"[c.Align]
	}
	fmt.Fprintf(&b, "\\begin{table}\n\\centering\\small\n\\caption{%s}\n\\label{tab:%s}\n\\begin{tabular}{%s}\n\\toprule\n",
		LaTeX(caption), t.Name, align)
	b.WriteString(latexRow(t.titles()))
	b.WriteString("\\midrule\n")
	for _, row := range t.Rows {
		b.WriteString(latexRow(row))
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "\\par\\footnotesize %s\n", LaTeX(n))
	}
	b.WriteString("\\end{table}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// latexRow joins cells. The braces around the first keep a "[" at its start
// from being read as the optional argument of the \\ before it.
func latexRow(cells []string) string {
	escaped := make([]string, len(cells))
	for i, c := range cells {
		escaped[i] = LaTeX(c)
	}
	escaped[0] = "{" + escaped[0] + "}"
	return strings.Join(escaped, " & ") + ` \\` + "\n"
}

// latexEscaper escapes LaTeX's own characters and writes as commands the signs
// our tables use that no standard font encoding has.
var latexEscaper = strings.NewReplacer(
	`\`, `\textbackslash{}`, `{`, `\{`, `}`, `\}`, `$`, `\$`, `&`, `\&`, `#`, `\#`,
	`_`, `\_`, `%`, `\%`, `^`, `\textasciicircum{}`, `~`, `\textasciitilde{}`,
	`<`, `\textless{}`, `>`, `\textgreater{}`, `|`, `\textbar{}`, `"`, `\char34{}`,
	`–`, `--`, `…`, `\ldots{}`, `≈`, `$\approx$`, `÷`, `$\div$`, `×`, `$\times$`, `·`, `$\cdot$`,
	`σ`, `$\sigma$`, `β`, `$\beta$`, `−`, `$-$`, `≤`, `$\le$`, `≥`, `$\ge$`, `√`, `$\surd$`, `†`, `$\dagger$`,
)

// LaTeX makes s a text that LaTeX prints and does nothing else with. Letters that
// its standard fonts lack would stop it; they are named by their number.
func LaTeX(s string) string {
	var b strings.Builder
	for _, r := range latexEscaper.Replace(s) {
		if r <= '\u017f' || strings.ContainsRune("‘’“”—•", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "[%U]", r)
		}
	}
	return b.String()
}
