package kernel

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// relativeError fails where two frequencies differ by more than 2e-8 of their size, the
// precision of the reference's nine digits.
func relativeError(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d frequencies, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= 2e-8*w) {
			t.Errorf("%s: frequency %d is %.12g, want %.12g", what, i, got[i], w)
		}
	}
}

// TestFrequencies takes rope_type llama3 by hand: in 400π tokens the four pairs turn 200,
// 20, 2 and 0.2 times. With limits of 1 and 4 the first two are kept, the third lies a
// third of the way from 1 to 4, and the last is divided by the factor.
func TestFrequencies(t *testing.T) {
	relativeError(t, "no scaling", Frequencies(8, 10000, RopeScaling{}), []float64{1, 0.1, 0.01, 0.001})
	s := RopeScaling{Factor: 8, LowFrequency: 1, HighFrequency: 4, OriginalContext: 1257}
	third := (1257*0.01/(2*math.Pi) - 1) / 3
	relativeError(t, "llama3", Frequencies(8, 10000, s), []float64{1, 0.1, 0.01 * ((1-third)/8 + third), 0.001 / 8})
}

// The reference is ../shared/goldens/models/rope_frequencies.json, of the authors' formula
// in float64.
func TestFrequenciesOfPretrainedModels(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "goldens", "models", "rope_frequencies.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("no %s beside the repository: this check needs the reference numbers", filepath.Join("shared", "goldens", "models", "rope_frequencies.json"))
	}
	var reference struct {
		Cases []struct {
			About   string  `json:"about"`
			D       int     `json:"head_dim"`
			Base    float64 `json:"rope_theta"`
			Scaling struct {
				Factor          float64 `json:"factor"`
				LowFrequency    float64 `json:"low_freq_factor"`
				HighFrequency   float64 `json:"high_freq_factor"`
				OriginalContext int     `json:"original_max_position_embeddings"`
			} `json:"rope_scaling"`
			Frequencies []float64 `json:"frequencies"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(data, &reference); err != nil {
		t.Fatal(err)
	}
	for _, c := range reference.Cases {
		relativeError(t, c.About, Frequencies(c.D, c.Base, RopeScaling(c.Scaling)), c.Frequencies)
	}
	if len(reference.Cases) == 0 {
		t.Error("no cases")
	}
}
