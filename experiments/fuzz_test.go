package experiments

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"infinibench/internal/config"
	"infinibench/internal/results"
	"infinibench/internal/seal"
)

// resealed gives each line that is an object a correct checksum, so that the fuzzer's
// changes reach the code behind the check.
func resealed(text []byte) []byte {
	var b []byte
	for line := range bytes.Lines(text) {
		body, ok := bytes.CutSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("}"))
		if ok {
			line = slices.Concat(body, []byte(`,"sum":"`+seal.Sum(body)+"\"}\n"))
		}
		b = append(b, line...)
	}
	return b
}

// FuzzSamples: from any samples.jsonl the repair leaves a readable log, and its scores are
// summed or refused.
func FuzzSamples(f *testing.F) {
	f.Add([]byte(`{"id":"a","words":1,"bytes":2,"nll":[1,2,3],"tokens":[1,1,1],"positions":[{"from":0,"to":4,"nll":1,"tokens":1}]}` + "\n"))
	f.Add([]byte("{\"id\":\"a\"}\nrubbish\n{\"id\":\"a\",\"tokens\":[1]}\n{\"id"))
	path := filepath.Join(f.TempDir(), "samples.jsonl")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, resealed(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := repairLog(path); err != nil {
			t.Fatal(err)
		}
		if damaged, err := repairLog(path); err != nil || len(damaged) > 0 {
			t.Fatalf("after the repair lines %v are damaged, %v", damaged, err)
		}
		lines, err := results.ReadLog[SampleScore](path)
		if err != nil {
			return // sealed, but no score
		}
		p, err := sum(lines, 0)
		if err == nil && (p.Intact.Tokens == 0 || len(p.Documents) != len(lines)) {
			t.Errorf("%d lines are %+v", len(lines), p)
		}
		if _, err := results.ReadLog[results.LogLine](path); err != nil {
			return
		}
	})
}

// FuzzCellFiles: for any content of a cell's directory the repair terminates, a second repair
// finds no fault, and a result is accepted only under its own settings.
func FuzzCellFiles(f *testing.F) {
	config := []byte("name: x\n")
	f.Add([]byte(`{"version":1,"config_hash":"h","status":"done"}`), []byte(`{"train_seconds":1}`), append(config, results.ConfigSeal(config)...))
	f.Add([]byte("{"), []byte("null"), []byte("name: y\n"))
	files := cellFiles(f.TempDir())
	f.Fuzz(func(t *testing.T, result, timing, settings []byte) {
		for name, data := range map[string][]byte{"result.json": resealed(result), "timing.json": resealed(timing), "config.yaml": settings} {
			if err := os.WriteFile(files.path(name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := files.repair(config); err != nil {
			t.Fatal(err)
		}
		if notes, err := files.repair(config); err != nil || len(notes) > 0 {
			t.Errorf("the second repair says %q, %v", notes, err)
		}
		if r, found := files.result("h"); found && (r.ConfigHash != "h" || r.Version != results.Version) {
			t.Errorf("found %+v", r)
		}
	})
}

// FuzzNewProfile: a name is refused, or names the profile that is written, and no other
// directory.
func FuzzNewProfile(f *testing.F) {
	for _, name := range []string{"mine", "../mine", "a/b", `a\b`, "mine\nseeds: [7]", "${1}", "null", "1", "1e3", "true", "", "-", "0x1", "2024-01-01"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		data, err := NewProfile(name, "smoke")
		if refused := !profileName.MatchString(name) || slices.Contains(ProfileNames(), name); refused != (err != nil) {
			t.Fatalf("%q: %v", name, err)
		}
		if err != nil {
			return
		}
		p := new(Profile)
		if err := config.Parse("mine.yaml", data, p); err != nil {
			t.Fatal(err)
		}
		if p.Name != name || filepath.Base(name) != name || len(p.Seeds) != 2 {
			t.Errorf("%q became %q with %d seeds", name, p.Name, len(p.Seeds))
		}
	})
}
