package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// The numbers of the paper's Table 2, by hand from its Table 1 (12 layers, 8 heads of
// 128, segments of 2,048).
func TestPaperLedger(t *testing.T) {
	l, err := PaperLedger()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]results.LedgerRow{}
	for _, r := range l.Rows {
		rows[r.Model] = r
		if r.Paper != "" && (r.Rounded != r.Paper || r.RoundedRatio != r.PaperRatio) {
			t.Errorf("%s rounds to %s and %s, the paper prints %s and %s", r.Model, r.Rounded, r.RoundedRatio, r.Paper, r.PaperRatio)
		}
		if r.Measured != nil && (*r.Measured != r.Bytes || r.OfBatch != 64*r.Bytes) {
			t.Errorf("%s: %d bytes by formula, %d live, %d in a batch of 64", r.Model, r.Bytes, *r.Measured, r.OfBatch)
		}
	}
	for model, want := range map[string]int64{
		"local-only": 0, "infini-linear": 1_585_152, "infini-delta": 1_585_152,
		"transformer-xl": 50_331_648, memorizing: 183_451_648, "rmt": 2_457_600,
		"compressive": 1024 * (2048 + 2048) * 12, "autocompressor": 1024 * 50 * 16 * 12,
	} {
		if got := rows[model]; got.Model != model || got.Entries != want {
			t.Errorf("%s carries %d, want %d", model, got.Entries, want)
		}
	}
	if got := rows["infini-delta"].Ratio; got < 115.72 || got > 115.74 { // 183,451,648 / 1,585,152 = 115.73
		t.Errorf("the Infini-Transformer carries %.3f times less, want 115.73", got)
	}
	// What was measured holds at least the weights, 12·(4·1024² + 2·1024·4096) and 32,000
	// vectors of 1024, and the live state.
	const weights = 4 * (12*(4*1024*1024+2*1024*4096) + 32_000*1024)
	for model, r := range rows {
		if r.Measured != nil && r.PeakRSS < weights+r.Bytes {
			t.Errorf("%s: a peak of %d bytes for %d of weights and %d of state", model, r.PeakRSS, weights, r.Bytes)
		}
		if r.Measured == nil && r.PeakRSS != 0 {
			t.Errorf("%s: a peak of %d bytes without a model", model, r.PeakRSS)
		}
	}
	if want := "measured once, by “bench memory --profile paper --peak” of version "; !strings.HasPrefix(l.Peaks, want) {
		t.Errorf("the peaks are %q, want %q", l.Peaks, want)
	}
	if l.Local != 2*2048*1024*12 {
		t.Errorf("keys and values of a segment: %d", l.Local)
	}
}

// The ledger of one run uses its sizes: width 64, 2 layers, caches of 16 tokens, a memory of
// 48 in one of the layers, and its table's batch, 4. AutoCompressors have 50 vectors per 2048
// tokens, 2 per segment of 64, and keep the vectors of both segments.
func TestLedgerOfRun(t *testing.T) {
	p := parseProfile(t, strings.Replace(validProfile, "- infini-linear", "- memorizing", 1))
	p.Baselines = everySetting
	c := hashed
	c.Model = memorizing
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, p.Config(c), 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := own.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	const want = 2 * 64 * (2*16 + 48)
	for _, r := range l.Rows {
		if r.Model == memorizing && (r.Entries != want || *r.Measured != 4*want || r.OfBatch != 4*4*want) {
			t.Errorf("%+v, want %d numbers", r, want)
		}
		if r.Model == "autocompressor" && (r.Entries != 64*2*2*2 || r.Formula != "d_model·p·(m+1)·l, p = 2, m = 1") {
			t.Errorf("%+v, want 512 numbers", r)
		}
	}
	if l.Local != 2*64*64*2 {
		t.Errorf("keys and values of a segment: %d", l.Local)
	}
	if l.Profile != c.Key() {
		t.Errorf("the ledger is of %s, want %s", l.Profile, c.Key())
	}
	if err := os.WriteFile(path, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(path); err == nil || err.Error() != path+" has no model; want the config.yaml of a run that trains one" {
		t.Errorf("a file of no model: %v", err)
	}
}
