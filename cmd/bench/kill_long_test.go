//go:build long

package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestKillAtEveryChange kills a run at each of its changes of files, one run for
// each, and goes on.
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

// TestKillsOfSmoke kills the profile smoke, at changes of files and, as it is
// built for users, at random moments.
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
	// The program under test here is that of the tests, with its own version in the results.
	want, _ = leftAlone(t, smoke("faulty"))
	v := smoke("faulty")
	v.killAtChanges(4)
	v.same(want, true)
	t.Logf("%d kills at a change of a file", v.kills)
}
