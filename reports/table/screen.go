package table

import (
	"bytes"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"
)

// Screen is what a text is laid out for: a terminal, or a file that is read as one.
type Screen struct {
	Width int  // columns
	ASCII bool // it shows no other characters
}

// Text cleans a text and, on a screen of ASCII, spells the signs of our own words and
// replaces every other character by "?".
func (s Screen) Text(text string) string {
	text = Clean(text)
	if !s.ASCII {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, ASCII(text))
}

// Cut shortens a text to a number of columns, at the end of a word if there is one.
func (s Screen) Cut(text string, width int) string {
	text = s.Text(text)
	if twwidth.Width(text) <= width {
		return text
	}
	if width < 8 {
		return twwidth.Truncate(text, max(width, 0))
	}
	more := s.Text("…")
	text = twwidth.Truncate(text, width-len([]rune(more)))
	if i := strings.LastIndexByte(text, ' '); i > width/2 {
		text = text[:i]
	}
	return strings.TrimRight(text, " ,;:") + more
}

// Wrap breaks a text into lines of at most so many columns, or of one word that is longer.
func (s Screen) Wrap(text string, width int) []string {
	var lines []string
	for word := range strings.FieldsSeq(s.Text(text)) {
		if n := len(lines); n > 0 && twwidth.Width(lines[n-1])+1+twwidth.Width(word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// Print prints a text, the lines after the first indented by two more.
func (s Screen) Print(out *bytes.Buffer, indent, text string) {
	for i, line := range s.Wrap(text, s.Width-len(indent)-2) {
		if i > 0 {
			line = "  " + line
		}
		out.WriteString(indent + line + "\n")
	}
}

// Columns prints rows below titles without borders, which would take a fifth of the width.
// A cell may have several lines.
func (s Screen) Columns(out *bytes.Buffer, columns []Column, rows [][]string) error {
	t := &Table{Name: "terminal", Columns: columns}
	symbols, header := tw.NewSymbols(tw.StyleLight), tw.On
	if s.ASCII {
		symbols = tw.NewSymbols(tw.StyleASCII)
	}
	titles := t.titles()
	if strings.Join(titles, "") == "" {
		titles, header = nil, tw.Off
	}
	var drawn bytes.Buffer
	if err := t.draw(&drawn, titles, rows,
		tablewriter.WithSymbols(symbols),
		tablewriter.WithPadding(tw.Padding{Left: "", Right: "  ", Overwrite: true}),
		tablewriter.WithRendition(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: header, ShowFooterLine: tw.Off}},
		})); err != nil {
		return err
	}
	for line := range strings.Lines(drawn.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return nil
}

// Width is how many columns a text takes.
func Width(text string) int { return twwidth.Width(text) }
