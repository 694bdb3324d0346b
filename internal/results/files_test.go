package results

import (
	"os"
	"path/filepath"
	"testing"
)

// Lines may change places, as samples scored again do; nothing else may change.
func TestDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "samples.jsonl")
	of := func(text string) string {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		digest, err := Digest(path)
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	missing, err := Digest(path)
	if empty := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; err != nil || missing != empty || of("") != empty { // SHA-256 of nothing
		t.Errorf("a missing file has %s, %v, want %s", missing, err, empty)
	}
	whole := of("a\nb\n")
	if of("b\na\n") != whole {
		t.Error("the order of the lines counts")
	}
	for _, other := range []string{"a\n", "a\nb\nb\n", "a\nc\n", "a\nb", "ab\n\n"} {
		if of(other) == whole {
			t.Errorf("%q has the digest of two other lines", other)
		}
	}
	if changed, err := ChangedSamples(filepath.Dir(path), Result{Samples: map[string]string{"samples.jsonl": whole}}); err != nil || len(changed) != 1 {
		t.Errorf("changed %q, %v", changed, err)
	}
}

// The hash that config.yaml states is the hash of the lines above it.
func TestConfigHash(t *testing.T) {
	// printf 'name: x\n' | sha256sum
	const want = "a2a79ea37edb1963efaae29281523ab441a8a99df048d204f22f3f413e325afc"
	if got := ParseConfigHash(SealedConfig([]byte("name: x\n"))); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}
