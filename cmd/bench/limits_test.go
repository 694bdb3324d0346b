//go:build linux && cgo

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Under any limit a run finishes, or exits at once with one line.
// The table has exit codes. Which limits suffice depends on Go and OpenBLAS, so either
// outcome is accepted for the limits in between.
func TestLimits(t *testing.T) {
	const either = -1
	tests := []struct {
		ulimit string
		code   int
		line   string // of the refusal
	}{
		{"-v 500000", 1, "bench: the address space is limited to 488 MiB"}, // 500,000 KiB / 1,024
		{"-v 1000000", 1, "bench: the address space is limited to 976 MiB"},
		{"-v 1500000", 1, "bench: the address space is limited to 1464 MiB"},
		{"-v 2000000", either, "bench: "},
		{"-v 3000000", 0, ""},
		{"-d 100000", 1, "bench: data is limited to 97 MiB"},
		{"-n 8", 1, "too many open files"},
		{"-f 1", 1, "file too large"},
	}
	for _, test := range tests {
		t.Run(test.ulimit, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, "bench", 5)
			cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit %s && exec bench run --profile kill.yaml --data data", test.ulimit))
			var said bytes.Buffer
			cmd.Dir, cmd.Stderr = v.work, &said
			cmd.Run()
			text := strings.TrimSpace(said.String())
			if strings.HasPrefix(text, "sh:") {
				t.Skip(text)
			}
			switch code := cmd.ProcessState.ExitCode(); {
			case test.code != either && code != test.code, code != 0 && code != 1:
				t.Errorf("exit code %d, want %d; printed %q", code, test.code, text)
			case code == 1 && (!strings.Contains(text, test.line) || strings.Contains(strings.TrimPrefix(text, slowBLAS(text)), "\n")):
				t.Errorf("printed %q, want one line with %q", text, test.line)
			}
		})
	}
}

// slowBLAS is the warning on a machine whose products are slow, with its line end, or "".
func slowBLAS(text string) string {
	first, _, found := strings.Cut(text, "\n")
	if found && (strings.Contains(first, "pure Go") || strings.Contains(first, "OpenBLAS does not recognise this processor")) {
		return first + "\n"
	}
	return ""
}
