package main

import (
	"bytes"
	"testing"

	"infinibench/reports/table"
)

// POSIX: LC_ALL comes before LC_CTYPE, and that before LANG; an empty one counts as unset, and
// without any the locale is C, which is ASCII.
func TestScreenOf(t *testing.T) {
	for _, c := range []struct {
		variables map[string]string
		want      table.Screen
	}{
		{nil, table.Screen{Width: 100, ASCII: true}},
		{map[string]string{"LANG": "de_DE.UTF-8"}, table.Screen{Width: 100}},
		{map[string]string{"LANG": "de_DE.utf8", "COLUMNS": "72"}, table.Screen{Width: 72}},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_CTYPE": "de_DE.ISO-8859-1"}, table.Screen{Width: 100, ASCII: true}},
		{map[string]string{"LANG": "C", "LC_CTYPE": "C", "LC_ALL": "C.UTF-8"}, table.Screen{Width: 100}},
		{map[string]string{"LANG": "C.UTF-8", "LC_ALL": "POSIX"}, table.Screen{Width: 100, ASCII: true}},
		{map[string]string{"LC_ALL": "", "LANG": "C.UTF-8"}, table.Screen{Width: 100}},
		{map[string]string{"LANG": "C.UTF-8", "COLUMNS": "-3"}, table.Screen{Width: 100}},
		{map[string]string{"LANG": "C.UTF-8", "COLUMNS": "2"}, table.Screen{Width: 40}},
	} {
		if got := screenOf(&bytes.Buffer{}, func(name string) string { return c.variables[name] }); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.variables, got, c.want)
		}
	}
}
