package golden

import (
	"os"
	"path/filepath"
	"testing"
)

// shared finds a file of the shared folder beside the repository, or skips.
func shared(t *testing.T, name string) string {
	path := filepath.Join("..", "..", "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s beside the repository: this check needs the reference numbers", name)
	}
	return path
}

func TestReferences(t *testing.T) {
	for _, name := range []string{
		"infini_linear.json", "infini_delta.json",
		"models/transformer_xl.json", "models/transformer_xl_t5.json", "models/memorizing.json", "models/rmt.json",
	} {
		f, err := Load(shared(t, "goldens/"+name))
		if err != nil {
			t.Fatal(err)
		}
		deviations, err := Compare(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range deviations {
			if !d.Passed() {
				t.Errorf("%s: %s is off by %.2g, tolerance %.0e", name, d.Name, d.Error, d.Tolerance)
			} else {
				t.Logf("%s: %-32s %.2g", name, d.Name, d.Error)
			}
		}
	}
}
