package main

import (
	"cmp"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"infinibench/reports/table"
)

const (
	fileColumns  = 100 // of an output that is no terminal
	leastColumns = 40
)

// screenOf describes where a summary is printed: the width of the terminal or COLUMNS, and
// the characters of the locale, which POSIX takes from the first of three variables.
func screenOf(out io.Writer, getenv func(string) string) table.Screen {
	s := table.Screen{Width: fileColumns}
	if n, err := strconv.Atoi(getenv("COLUMNS")); err == nil && n > 0 {
		s.Width = n
	}
	if f, ok := out.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			s.Width = n
		}
	}
	s.Width = max(s.Width, leastColumns)
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	s.ASCII = !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
	return s
}
