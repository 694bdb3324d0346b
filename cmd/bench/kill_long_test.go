//go:build long

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestKillAtEveryChange kills a run at each of its file changes, one run per change, and
// resumes it.
func TestKillAtEveryChange(t *testing.T) {
	want, _ := leftAlone(t, newVictim(t, "faulty", 5))
	for n := 1; ; n++ {
		v := newVictim(t, "faulty", 5)
		if v.outlives(v.start(fmt.Sprintf("KILL=%d", n))) {
			t.Logf("%d kills, one at each change of a file", n-1)
			break
		}
		if !v.outlives(v.start()) {
			t.Fatal("killed")
		}
		v.same(want, n%50 == 1)
		if t.Failed() {
			t.Fatalf("killed at change %d", n)
		}
	}
}

// TestKillsOfSmoke kills the profile smoke at file changes and, in the binary built for
// users, at random moments.
func TestKillsOfSmoke(t *testing.T) {
	bench := filepath.Join(t.TempDir(), "bench")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bench, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	smoke := func(bench string) *victim {
		v := newVictim(t, bench, 5)
		v.profile = "smoke"
		return v
	}
	want, took := leftAlone(t, smoke(bench))
	kills, r := 0, rand.New(rand.NewPCG(3, 4))
	for kills < 100 {
		v := smoke(bench)
		v.killAtRandom(r, took/4)
		v.same(want, true)
		if kills += v.kills; t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d kills at random moments of %v", kills, took)
	// The program under test is the test binary, which records its own version.
	want, _ = leftAlone(t, smoke("faulty"))
	v := smoke("faulty")
	v.killAtChanges(4)
	v.same(want, true)
	t.Logf("%d kills at a change of a file", v.kills)
}

// millionProfile asks a very small model for passkeys in a million tokens; it spends
// nearly all of its time reading.
const millionProfile = `
name: million
about: a reading long enough to be killed in
workers: 1
threads: 1
save_every: 2
seeds: [1]
model: {layers: 1, heads: 1, head_size: 4, ffn: 8, segment: 40, gate_init: 0, init_std: 0.3, memory_epsilon: 1e-6}
training: {batch: 2, optimizer: adamw, learning_rate: 1e-2, gate_learning_rate: 1e-2, steps: 3, warmup_steps: 1, final_learning_rate: 0.1, weight_decay: 0, clip_norm: 1, checkpoint_interval: 0}
corpora:
  novel: {tokenizer: word, split: test, documents: 3, document_tokens: 200}
passkey:
  models: [infini-delta]
  corpus: novel
  model: {layers: 1, heads: 1, head_size: 4, ffn: 8, segment: 40, gate_init: 0, init_std: 0.3, memory_epsilon: 1e-6}
  language: {steps: 3, batch: 2, segments: 4, learning_rate: 1e-2, gate_learning_rate: 1e-2}
  paper: {steps: 3, batch: 2, segments: 4, learning_rate: 1e-2, gate_learning_rate: 1e-2}
  recipe:
    training: {steps: 3, batch: 2, segments: 4, learning_rate: 1e-2, gate_learning_rate: 1e-2}
    answer_weight: 20
    repeats_from: 1
    repeats_ramp: 1
    repeats: 100
  lengths: [1048600]
  samples: 2
  other_samples: 1
  batch: 2
evaluation: {batch: 2, position_bucket: 40}
`

// TestKillsInAMillion kills an evaluation of passkeys in the middle of prompts of a
// million tokens.
func TestKillsInAMillion(t *testing.T) {
	bench := filepath.Join(t.TempDir(), "bench")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bench, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	million := func() *victim {
		v := newVictim(t, bench, 5)
		v.profile = "million.yaml"
		if err := os.WriteFile(filepath.Join(v.work, v.profile), []byte(millionProfile), 0o644); err != nil {
			t.Fatal(err)
		}
		return v
	}
	want, took := leftAlone(t, million())
	v := million()
	v.killAtRandom(rand.New(rand.NewPCG(5, 6)), took/2)
	v.same(want, true)
	t.Logf("%d kills while %v of reading went on", v.kills, took)
	if v.kills < 3 {
		t.Error("too few kills to prove anything")
	}
}
