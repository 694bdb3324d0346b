package slurm

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"
)

// Script is what the scripts of one submission have in common. All paths are absolute.
type Script struct {
	Name    string   // of the jobs
	Folder  string   // of this submission, for its scripts, lists and logs
	Bench   string   // the program
	Common  []string // arguments of every call: --profile, --runs
	Data    []string // arguments of runs only: --data
	Options []string // further options of sbatch, as lines of the script
}

//go:embed cells.sbatch
var cellsText string

//go:embed report.sbatch
var reportText string

var functions = template.FuncMap{"quote": quote, "clock": clock, "cells": countCells, "pattern": pattern, "last": func(a Array) int { return len(a.Tasks) - 1 }}

var (
	cellsTemplate  = template.Must(template.New("cells").Funcs(functions).Parse(cellsText))
	reportTemplate = template.Must(template.New("report").Funcs(functions).Parse(reportText))
)

// Cells is the script of the n-th array, which counts from 1.
func (s Script) Cells(a Array, n int) string {
	return s.render(cellsTemplate, struct {
		Script
		Array
		N int
	}{s, a, n})
}

// Report is the script of the job that writes the report after all arrays.
func (s Script) Report() string { return s.render(reportTemplate, s) }

func (s Script) render(t *template.Template, data any) string {
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		panic(err) // the templates are part of the program
	}
	return b.String()
}

// List is the file of an array's tasks: a line with the cells of each.
func List(a Array) string {
	var b strings.Builder
	for _, t := range a.Tasks {
		fmt.Fprintln(&b, strings.Join(t.Cells, ","))
	}
	return b.String()
}

func countCells(a Array) int {
	n := 0
	for _, t := range a.Tasks {
		n += len(t.Cells)
	}
	return n
}

// quote is a word of a shell.
func quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// pattern is a path as sbatch takes it in a line of a script, where % begins a placeholder.
func pattern(path string) string { return strings.ReplaceAll(path, "%", "%%") }

// clock is a time as Slurm writes it, rounded up to a minute: 1-02:30:00.
func clock(d time.Duration) string {
	minutes := int64((d + time.Minute - 1) / time.Minute)
	text := fmt.Sprintf("%02d:%02d:00", minutes/60%24, minutes%60)
	if days := minutes / (24 * 60); days > 0 {
		text = fmt.Sprintf("%d-%s", days, text)
	}
	return text
}

// Options turns arguments for sbatch into lines of its script. A value that follows its
// option, as in -w node1, is put on the same line.
func Options(args []string) ([]string, error) {
	var lines []string
	for _, a := range args {
		if strings.ContainsAny(a, "\n\r\x00\"") {
			return nil, fmt.Errorf("the option %q for sbatch has a character that no line of a script can hold", a)
		}
		if strings.ContainsAny(a, " \t#") {
			a = `"` + a + `"`
		}
		switch {
		case strings.HasPrefix(strings.TrimPrefix(a, `"`), "-"):
			lines = append(lines, a)
		case len(lines) == 0:
			return nil, fmt.Errorf("%q is no option of sbatch: those after -- begin with -", a)
		default:
			lines[len(lines)-1] += " " + a
		}
	}
	return lines, nil
}
