package experiments

import (
	"os"
	"strings"
	"testing"

	"infinibench/internal/kernel"
)

// The precision is part of a cell's settings, and saying the default changes no hash.
func TestPrecisionOfCells(t *testing.T) {
	plain := parseProfile(t, validProfile)
	for text, want := range map[string]string{"float32": "", "bf16": "bf16"} {
		p := parseProfile(t, strings.Replace(validProfile, "threads:", "precision: "+text+"\nthreads:", 1))
		p.normalise()
		for i, c := range p.Cells() {
			if c.Settings.Precision != want {
				t.Errorf("%s: the cell's precision is %q, want %q", text, c.Settings.Precision, want)
			}
			if same := hashOf(c.Settings) == hashOf(plain.Cells()[i].Settings); same != (want == "") {
				t.Errorf("%s: the hash is that without the key: %t", text, same)
			}
		}
		own := parseConfigOf(t, p)
		if own.Precision != want {
			t.Errorf("%s: a run's config.yaml makes it %q, want %q", text, own.Precision, want)
		}
	}
}

// parseConfigOf is the profile that is read from the config.yaml of one of a profile's cells.
func parseConfigOf(t *testing.T, p *Profile) *Profile {
	t.Helper()
	path := t.TempDir() + "/config.yaml"
	if err := os.WriteFile(path, p.Config(hashed), 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// Without oneDNN a run in bf16 stops before it begins.
func TestPrecisionWithoutLibrary(t *testing.T) {
	if kernel.SetPrecision(kernel.BF16) == nil {
		kernel.SetPrecision(kernel.Float32)
		t.Skip("oneDNN is here")
	}
	p, err := LoadProfile("smoke") // whose texts are generated
	if err != nil {
		t.Fatal(err)
	}
	p.Precision = kernel.BF16
	o := Options{Profile: p, Runs: t.TempDir()}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "precision of profile "+p.Name+": bf16 products need oneDNN") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(o.Runs); len(left) > 0 {
		t.Errorf("%d files were left", len(left))
	}
}
