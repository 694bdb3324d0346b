package datasets

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFingerprint(t *testing.T) {
	seen := map[string]string{}
	distinct := func(what string, c Corpus, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		f, err := Fingerprint(c)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Fingerprint(c)
		if len(f) != 16 || f != again {
			t.Errorf("%s: %q, then %q", what, f, again)
		}
		if other, ok := seen[f]; ok {
			t.Errorf("%s has the fingerprint of %s", what, other)
		}
		seen[f] = what
	}
	distinct("novel", NewNovel(64, 1), nil)
	distinct("longer novel", NewNovel(65, 1), nil)
	distinct("proof", NewProof(64, 1), nil)
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, split := range []string{"train", "validation", "test"} {
		write(split+"/a.tex", "x = y")
	}
	c, err := OpenArxivMath(dir)
	distinct("folder", c, err)
	write("test/a.tex", "x = y + z")
	c, err = OpenArxivMath(dir)
	distinct("folder with a longer file", c, err)
	write("train/b.tex", "z")
	c, err = OpenArxivMath(dir)
	distinct("folder with one file more", c, err)
}
