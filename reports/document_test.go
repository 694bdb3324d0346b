package reports

import (
	"io"
	"testing"

	"infinibench/reports/table"
)

func writeReport(run *Run, dir string) ([]string, error) {
	d, err := New(run)
	if err != nil {
		return nil, err
	}
	return d.Write(dir)
}

func printReport(run *Run, w io.Writer) error {
	d, err := New(run)
	if err != nil {
		return err
	}
	return d.Terminal(w, table.Screen{Width: 100})
}

func pageOf(run *Run, lib *library) ([]byte, error) {
	d, err := New(run)
	if err != nil {
		return nil, err
	}
	return d.page(lib)
}

func leadOf(t *testing.T, run *Run) []string {
	t.Helper()
	d, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	return d.Lead
}
