package results

import (
	"fmt"
	"infinibench/internal/seal"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sealed gives each line that is an object a correct checksum.
func sealed(text string) []byte {
	var all []byte
	for line := range strings.Lines(text) {
		if body, ok := strings.CutSuffix(line, "}\n"); ok {
			line = body + `,"sum":"` + seal.Sum([]byte(body)) + "\"}\n"
		}
		all = append(all, line...)
	}
	return all
}

func TestParseTrainingLog(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		steps    []int
		bad      []int
	}{
		{"empty", "", nil, nil},
		{"torn last line", "{\"step\":1}\n{\"step\":2", []int{1}, nil},
		{"only a torn line", "{\"step\"", nil, nil},
		{"damage in the middle", "{\"step\":1}\nx\n\n{\"step\":2}\n", []int{1, 2}, []int{2, 3}},
		{"steps logged again after a resume", "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"step\":2}\n", []int{1, 2}, nil},
	} {
		lines, damaged := ParseTrainingLog(sealed(tc.in))
		var steps []int
		for _, l := range lines {
			steps = append(steps, l.Step)
		}
		if diff := cmp.Diff(tc.steps, steps); diff != "" {
			t.Errorf("%s: steps %s", tc.name, diff)
		}
		var bad []int
		for _, d := range damaged {
			bad = append(bad, d.Number)
		}
		if diff := cmp.Diff(tc.bad, bad); diff != "" {
			t.Errorf("%s: bad lines %s", tc.name, diff)
		}
	}
}

// However damaged, a log never panics and its steps rise.
func FuzzParseTrainingLog(f *testing.F) {
	f.Add([]byte("{\"step\":1,\"loss\":2.5}\n{\"step\":2"))
	f.Add([]byte("null\n[]\n{\"step\":-1}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		lines, _ := ParseTrainingLog(sealed(string(raw)))
		for i := 1; i < len(lines); i++ {
			if lines[i].Step <= lines[i-1].Step {
				t.Fatalf("step %d follows step %d", lines[i].Step, lines[i-1].Step)
			}
		}
	})
}

// The error names the file, the line and what to do; a missing file has no lines.
func TestReadLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	if lines, err := ReadLog[LogLine](path); err != nil || lines != nil {
		t.Errorf("missing: %+v, %v", lines, err)
	}
	if err := os.WriteFile(path, append(sealed("{\"step\":1}\n"), "{}\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	want := "results: " + path + ":2: damaged: it does not end with its checksum; delete the file: a training log then starts late, samples are scored again"
	if _, err := ReadLog[LogLine](path); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestParseResult(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`{"version":1,"status":"failed","error":"disk full"}`, ""},
		{`{"version":1,"status":"done"}`, ""},
		{`{"version":2,"status":"done"}`, "version 2: this program reads version 1"},
		{`{"version":1,"status":"half"}`, `status "half": want "done" or "failed"`},
		{`{"version":1,"status":"done","cell":7}`, `column 37: "cell": got a number, want an object`},
		{"{", "damaged: it does not end with its checksum"},
	} {
		_, err := ParseResult(sealed(tc.in + "\n"))
		if got := fmt.Sprint(err); err == nil && tc.want != "" || err != nil && got != tc.want {
			t.Errorf("%s: error %v, want %q", tc.in, err, tc.want)
		}
	}
}
