package table

import (
	"bytes"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwarp"
	"github.com/olekukonko/tablewriter/tw"
)

// TerminalWidth is the longest line of a terminal, in characters; only a
// single longer word breaks it.
const TerminalWidth = 100

// PrintPlain draws the table without borders, which would take a fifth of the
// width.
func (t *Table) PrintPlain(out *bytes.Buffer) error {
	var drawn bytes.Buffer
	if err := t.draw(&drawn, t.titles(), t.Rows,
		tablewriter.WithRowAutoWrap(tw.WrapNormal),
		tablewriter.WithHeaderAutoWrap(tw.WrapNormal),
		tablewriter.WithRowMaxWidth(50),
		tablewriter.WithHeaderMaxWidth(14), // else titles, not numbers, decide the width
		tablewriter.WithRendition(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off}},
		})); err != nil {
		return err
	}
	for line := range strings.Lines(drawn.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return nil
}

// PrintWrapped prints one text in lines of at most TerminalWidth, all but the
// first indented two further.
func PrintWrapped(out *bytes.Buffer, indent, text string) {
	lines, _ := twwarp.WrapString(text, TerminalWidth-len(indent)-2)
	for i, line := range lines {
		if i > 0 {
			line = "  " + line
		}
		out.WriteString(indent + line + "\n")
	}
}
