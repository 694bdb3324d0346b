package live

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/lease"
	"infinibench/internal/machine"
	"infinibench/internal/results"
)

func states(s *State) []string {
	var all []string
	for _, c := range s.Cells {
		all = append(all, c.State)
	}
	return all
}

func number(x float64) *float64 { return &x }

// All expected numbers are derived from halfway. local-only does 5 steps a second, so
// 500 tokens; infini-linear did 1,000, and evaluated 500.
func TestHalfway(t *testing.T) {
	s := halfway(t).watch().State()
	if s.Profile != "mine" || s.Phase != "running" || s.Total != 4 || s.Done != 1 || s.Fails != 0 || s.LeftOut != 1 || len(s.Warnings) > 0 {
		t.Errorf("%+v", s)
	}
	if want := []string{done, training, waiting, waiting}; !slices.Equal(states(s), want) {
		t.Errorf("%q, want %q", states(s), want)
	}
	// 15,000 of the first cell and 4,000 of the second, of three times 15,000 and 2,000.
	if s.Share == nil || *s.Share != 19_000./47_000 {
		t.Errorf("share %v, want 19,000 of 47,000", s.Share)
	}
	want := Row{
		Cell: "perplexity-novel-local-only-64-seed1", Experiment: "perplexity", Text: "novel", Model: "Local only (control)", Length: 64, Seed: "1", State: training,
		Share: number(4. / 15), Step: 40, Steps: 100, Loss: number(9.6), TokensPerSecond: number(500),
		Left:  number(60*0.2 + 5000./500), // 60 steps, and the evaluation at the speed of the other model
		Where: fmt.Sprintf("process %d on %s", os.Getpid(), machine.ThisProcess().Host),
	}
	near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
	if diff := cmp.Diff(want, s.Cells[1], near); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]*float64{nil, number(22), number(10 + 10), nil}, []*float64{s.Cells[0].Left, s.Cells[1].Left, s.Cells[2].Left, s.Cells[3].Left}, near); diff != "" {
		t.Errorf("seconds left of each cell: %s", diff)
	}
	// Both go on at once: 42 seconds of two workers, but one of them takes 22.
	if diff := cmp.Diff(number(22), s.Left, near); diff != "" {
		t.Error(diff)
	}
	if c := s.Cells[0]; c.Share == nil || *c.Share != 1 || c.Evaluated != 3 || c.TokensPerSecond != nil {
		t.Errorf("%+v", c)
	}
	if s.Cells[3].Seed != "" || s.Cells[3].Text != "" {
		t.Errorf("the cost has text %q and seed %q", s.Cells[3].Text, s.Cells[3].Seed)
	}
	if len(s.Charts) != 1 || s.Charts[0].Title != "perplexity, novel, 64 tokens" || len(s.Charts[0].Curves) != 2 {
		t.Fatalf("charts %+v", s.Charts)
	}
	curve := s.Charts[0].Curves[1]
	if n := len(curve.Points); n != 40 || curve.Points[0] != [2]float64{1, 9.99} || curve.Points[39] != [2]float64{40, 9.6} {
		t.Errorf("%d points: %v", n, curve.Points)
	}
}

func TestOneWorkerAfterTheOther(t *testing.T) {
	d := halfway(t)
	d.object("plan.json", 0, results.Plan{
		Cells: []results.Cell{perplexity("infini-linear", 1), perplexity("local-only", 1), perplexity("infini-linear", 2)},
		Sizes: []results.Size{size("a"), size("b"), size("c")}, Workers: 1,
	})
	if s := d.watch().State(); s.Left == nil || *s.Left < 41.9 || *s.Left > 42.1 { // 22 and 20, of one
		t.Errorf("left %v, want 42 s", s.Left)
	}
}

// Each case changes what halfway left behind.
func TestStates(t *testing.T) {
	linear, local, second := perplexity("infini-linear", 1).Key(), perplexity("local-only", 1).Key(), perplexity("infini-linear", 2).Key()
	failure := results.Result{Version: 1, Status: results.StatusFailed, Error: "disk\nfull", ConfigHash: "b"}
	tests := []struct {
		reason string
		change func(d *runDir)
		phase  string
		want   []string
	}{
		{"an evaluation has begun", func(d *runDir) { d.put(local+"/samples.jsonl", 24, nil) },
			"running", []string{done, evaluating, waiting, waiting}},
		{"nothing is logged yet", func(d *runDir) { d.config(second, 24, "c"); d.hold(second, alive(nil)) },
			"running", []string{done, training, starting, waiting}},
		{"nothing is written yet", func(d *runDir) { d.hold(second, alive(nil)) },
			"running", []string{done, training, starting, waiting}},
		{"a cell without a log", func(d *runDir) {
			d.config("cost-infini-linear-256", 24, "d")
			d.hold("cost-infini-linear-256", alive(nil))
		}, "running", []string{done, training, waiting, measuring}},
		{"failed, and another cell is made", func(d *runDir) {
			d.object(local+"/result.json", 24, failure)
			d.free(local)
			d.hold(second, alive(nil))
		}, "running", []string{done, failed, starting, waiting}},
		{"failed before, and tried again", func(d *runDir) { d.object(local+"/result.json", 22, failure) },
			"running", []string{done, training, waiting, waiting}},
		{"other settings made the result", func(d *runDir) {
			d.object(linear+"/result.json", 22, results.Result{Version: 1, Status: results.StatusDone, ConfigHash: "z"})
			d.config(linear, 1, "z")
		}, "running", []string{waiting, training, waiting, waiting}},
		{"the run was stopped", func(d *runDir) { d.free(local) },
			"stopped", []string{done, interrupted, waiting, waiting}},
		{"the run was killed", func(d *runDir) { d.hold(local, alive(killed)) },
			"stopped", []string{done, interrupted, waiting, waiting}},
		{"the texts are read", func(d *runDir) { d.free(local); d.hold("tokenizers", alive(nil)) },
			"running", []string{done, interrupted, waiting, waiting}},
		{"another machine, whose clock is nine minutes slow", func(d *runDir) {
			d.hold(local, alive(elsewhere))
			d.touch(local+"/.owner/T/beat", -9*60)
		}, "running", []string{done, training, waiting, waiting}},
		{"another machine, of which nothing has been heard for twelve minutes", func(d *runDir) {
			d.hold(local, alive(elsewhere))
			d.touch(local+"/.owner/T/beat", -12*60)
		}, "stopped", []string{done, interrupted, waiting, waiting}},
		{"an owner that cannot be read", func(d *runDir) { d.put(local+"/.owner/T/owner.json", 0, []byte("{")) },
			"running", []string{done, training, waiting, waiting}},
		{"a damaged result is none", func(d *runDir) { d.put(linear+"/result.json", 22, []byte("{}")) },
			"running", []string{interrupted, training, waiting, waiting}},
		{"a plan of before there were sizes", func(d *runDir) {
			d.object("plan.json", 0, results.Plan{Cells: []results.Cell{perplexity("infini-linear", 1), perplexity("local-only", 1)}})
		}, "running", []string{done, training}},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			d := halfway(t)
			test.change(d)
			s := d.watch().State()
			if s.Phase != test.phase || !slices.Equal(states(s), test.want) {
				t.Errorf("%s, %q, want %s, %q", s.Phase, states(s), test.phase, test.want)
			}
			if s.Phase != "running" && (s.Left != nil || s.Since != nil || s.Cells[1].Left != nil) {
				t.Errorf("nobody works, and %v is left of it", s.Left)
			}
		})
	}
}

func killed(o *lease.Owner)    { o.ID = 1 << 30 } // above the largest process id there is
func elsewhere(o *lease.Owner) { o.Host, o.Boot, o.Job = "node7", "another", "slurm 5_1" }

// The page names the process of each cell, and sums all of them up in one sentence.
func TestManyProcesses(t *testing.T) {
	d, here := halfway(t), machine.ThisProcess()
	local, second := perplexity("local-only", 1).Key(), perplexity("infini-linear", 2).Key()
	w := d.watch()
	if s, want := w.State(), fmt.Sprintf("Running, as process %d on %s.", here.ID, here.Host); s.Sentence != want || s.Since == nil || !s.Since.Equal(d.start) {
		t.Errorf("%q, since %v, want %q, since %v", s.Sentence, s.Since, want, d.start)
	}
	d.hold(second, alive(func(o *lease.Owner) { elsewhere(o); o.Began = d.start.Add(-time.Hour) }))
	d.touch(second+"/.owner/T/beat", -90)
	s := w.State()
	if want := "Running: 2 cells in 2 processes on 2 machines."; s.Sentence != want || !s.Since.Equal(d.start.Add(-time.Hour)) {
		t.Errorf("%q, since %v, want %q, since an hour before", s.Sentence, s.Since, want)
	}
	if x, want := s.Cells[2], fmt.Sprintf("process %d on node7, job slurm 5_1", here.ID); x.Where != want || x.Silent == nil || *x.Silent < 90 || *x.Silent > 100 {
		t.Errorf("%q, silent for %v, want %q, for 90 s and a little", x.Where, x.Silent, want)
	}
	d.free(second)
	d.hold(local, alive(killed))
	if s := w.State(); s.Sentence != fmt.Sprintf("Stopped: process %d on %s was killed. Its work is kept, and bench reproduce resumes from there.", 1<<30, here.Host) {
		t.Errorf("%q", s.Sentence)
	}
}

func TestEnds(t *testing.T) {
	d := newRunDir(t)
	w := d.watch()
	if s := w.State(); s.Phase != "none" || s.Sentence != "There is no run here yet; this page waits for one." {
		t.Errorf("without a directory: %+v", s)
	}
	c := perplexity("infini-linear", 1)
	d.object("plan.json", 0, results.Plan{Cells: []results.Cell{c}, Sizes: []results.Size{size("a")}})
	if s := w.State(); s.Phase != "stopped" || s.Share == nil || *s.Share != 0 { // it was not there when the watch began
		t.Errorf("with a plan: %+v", s)
	}
	d.object(c.Key()+"/result.json", 1, results.Result{Version: 1, Status: results.StatusFailed, Error: "disk\n\u202efull", ConfigHash: "a"})
	if s := w.State(); s.Phase != "ended" || s.Fails != 1 || s.Cells[0].Error != "disk full" {
		t.Errorf("with a failure: %+v", s)
	}
	d.object(c.Key()+"/result.json", 2, results.Result{Version: 1, Status: results.StatusDone, ConfigHash: "a"})
	if s := w.State(); s.Phase != "finished" || s.Done != 1 || *s.Share != 1 {
		t.Errorf("with a result: %+v", s)
	}
	if err := os.RemoveAll(d.path); err != nil {
		t.Fatal(err)
	}
	if s := w.State(); s.Phase != "none" || len(s.Cells) != 0 {
		t.Errorf("after it was deleted: %+v", s)
	}
}

// A passkey cell is trained three times, and evaluated after each.
func TestStages(t *testing.T) {
	d := newRunDir(t)
	c := results.Cell{Experiment: "passkey", Corpus: "novel", Model: "rmt", Length: 320, Seed: 1}
	d.object("plan.json", 0, results.Plan{Cells: []results.Cell{c}, Workers: 1, Sizes: []results.Size{{ConfigHash: "a", EvaluateTokens: 600, Trainings: []results.TrainingSize{
		{Log: "metrics-zero-shot.jsonl", Steps: 10, Tokens: 100}, {Log: "metrics-recipe.jsonl", Steps: 20, Tokens: 300},
	}}}})
	d.hold(c.Key(), alive(nil))
	d.config(c.Key(), 1, "a")
	d.put(c.Key()+"/metrics-zero-shot.jsonl", 2, steps(t, 1, 10, 1))
	d.put(c.Key()+"/samples-zero-shot.jsonl", 3, []byte("{}\n{}\n{"))
	w := d.watch()
	s := w.State()
	if x := s.Cells[0]; x.State != evaluating || x.Stage != "zero-shot" || x.Step != 10 || x.Steps != 10 || x.Evaluated != 2 || *x.Share != 0.1 {
		t.Errorf("%+v", x)
	}
	d.object(c.Key()+"/timing.json", 3, results.Timing{EvalTokens: 200, EvalSeconds: 100})
	d.put(c.Key()+"/metrics-recipe.jsonl", 4, steps(t, 1, 10, 3))
	s = w.State()
	x := s.Cells[0]
	if x.State != training || x.Stage != "recipe" || x.Step != 10 || x.Steps != 20 || *x.Share != 0.45 { // 100, 200 and half of 300, of 1,000
		t.Errorf("%+v", x)
	}
	if want := 10*3. + 400/2.; x.Left == nil || *x.Left != want || *s.Left != want { // 10 steps, and 400 tokens
		t.Errorf("left %v, want %v", *x.Left, want)
	}
	if len(s.Charts) != 2 || s.Charts[0].Title != "passkey, novel, 320 tokens: zero-shot" || s.Charts[1].Title != "passkey, novel, 320 tokens: recipe" {
		t.Errorf("charts %+v", s.Charts)
	}
}

// A log is read from the last offset; a torn line is not parsed yet; a log that a resumed
// run rewrote is read from the start.
func TestGrowingLog(t *testing.T) {
	d := halfway(t)
	name := perplexity("local-only", 1).Key() + "/metrics.jsonl"
	w := d.watch()
	step := func(want int) {
		t.Helper()
		s := w.State()
		if c := s.Cells[1]; c.Step != want || len(s.Warnings) > 0 {
			t.Errorf("step %d, %q, want %d", c.Step, s.Warnings, want)
		}
	}
	step(40)
	next := steps(t, 41, 42, 0.2)
	half := len(next) - 10
	d.grow(name, 24, next[:half])
	step(41)
	d.grow(name, 25, next[half:])
	step(42)
	if tail := w.logs[name]; tail.lines != 42 || tail.offset != tail.info.Size() {
		t.Errorf("%d lines, to byte %d of %d", tail.lines, tail.offset, tail.info.Size())
	}
	d.put(name, 26, steps(t, 1, 30, 0.2))
	step(30)
	if points := w.State().Charts[0].Curves[1].Points; len(points) != 30 {
		t.Errorf("%d points of 30 steps", len(points))
	}
	d.grow(name, 27, []byte("damage\n"+strings.Repeat("x", 2*maxLine)+"\n"))
	d.grow(name, 28, steps(t, 31, 31, 0.2))
	s := w.State()
	if want := []string{name + ": 2 damaged lines: left out"}; s.Cells[1].Step != 31 || !slices.Equal(s.Warnings, want) {
		t.Errorf("step %d, %q, want 31 and %q", s.Cells[1].Step, s.Warnings, want)
	}
}

// Only regular files of normal size below the directory are read.
func TestOutside(t *testing.T) {
	d := halfway(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.Mkdir(secret, 0o755); err != nil {
		t.Fatal(err)
	}
	outside := &runDir{t, secret, d.start}
	outside.config(".", 1, "c")
	outside.put("metrics.jsonl", 24, steps(t, 1, 7, 1))
	if err := os.Symlink(secret, filepath.Join(d.path, perplexity("infini-linear", 2).Key())); err != nil {
		t.Fatal(err)
	}
	local := perplexity("local-only", 1).Key()
	if err := os.Symlink(filepath.Join(secret, "metrics.jsonl"), filepath.Join(d.path, local, "metrics-more.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(d.path, local, "metrics.jsonl"), 4<<30); err != nil { // a hole, so it takes no disk
		t.Fatal(err)
	}
	s := d.watch().State()
	if c := s.Cells[2]; c.State != waiting || c.Step != 0 {
		t.Errorf("a link was followed: %+v", c)
	}
	all := strings.Join(s.Warnings, "\n")
	for _, want := range []string{"metrics-more.jsonl: not a plain file: left out", "metrics.jsonl: larger than 256 MiB, which no log should be", "seed2/config.yaml: path escapes from parent"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q lacks %q", all, want)
		}
	}
	plan := results.Plan{Sizes: []results.Size{{}, {}, {}}}
	for _, name := range []string{"../../etc", "/etc", ""} {
		plan.Cells = append(plan.Cells, results.Cell{Experiment: "cost", Model: name})
	}
	d.object("plan.json", 0, plan)
	if s := d.watch().State(); !slices.Equal(states(s), []string{waiting, waiting, waiting}) {
		t.Errorf("%+v", s.Cells)
	}
}

// The files are read once a second, for any number of clients.
func TestFreshness(t *testing.T) {
	d := halfway(t)
	w := NewWatch(d.path, "mine")
	now := d.start
	w.now = func() time.Time { return now }
	first := w.State()
	now = now.Add(freshness - 1)
	if w.State() != first {
		t.Error("looked again within a second")
	}
	now = now.Add(1)
	if w.State() == first {
		t.Error("a second later it has not looked again")
	}
	now = now.Add(-time.Hour) // a clock that was set back
	if before := w.state; w.State() == before {
		t.Error("does not look again for an hour")
	}
}

func TestCurve(t *testing.T) {
	c := curve{per: 1}
	for n := 1; n <= 2*curvePoints-1; n++ {
		c.add(n, float64(n))
	}
	if p := c.drawn(); len(p) != 199 || p[0] != [2]float64{1, 1} || p[198] != [2]float64{199, 199} {
		t.Fatalf("%d points, %v", len(p), p)
	}
	c.add(200, 200) // each two become one: the mean of 1 and 2, at 2
	if p := c.drawn(); len(p) != 100 || p[0] != [2]float64{2, 1.5} || p[99] != [2]float64{200, 199.5} {
		t.Fatalf("%d points, %v", len(p), p)
	}
	c.add(201, 7)
	if p := c.drawn(); len(p) != 101 || p[100] != [2]float64{201, 7} {
		t.Errorf("the latest step is not shown: %v", p[99:])
	}
	c.add(202, 8)
	c.add(203, largest) // no loss
	if p := c.drawn(); len(p) != 101 || p[100] != [2]float64{202, 7.5} {
		t.Errorf("%v", p[99:])
	}
	c.add(100, 3) // made again from step 100 on: what was logged of it and later is gone
	if p := c.drawn(); len(p) != 50 || p[48] != [2]float64{98, 97.5} || p[49] != [2]float64{100, 3} {
		t.Errorf("%d points, ending in %v", len(p), p[len(p)-2:])
	}
	if got := short(1234.5678); got != 1234.6 {
		t.Errorf("five digits of 1234.5678 are %v", got)
	}
}

// The speed is measured over the last hundred steps: 1 second each, after slower ones.
func TestSpeed(t *testing.T) {
	var s speed
	if n, seconds := s.over(); n != 0 || seconds != 0 {
		t.Errorf("nothing done: %d steps in %v", n, seconds)
	}
	s.add(1, 9)
	if n, seconds := s.over(); n != 1 || seconds != 9 {
		t.Errorf("%d steps in %v, want 1 in 9", n, seconds)
	}
	for n := 2; n <= 50; n++ {
		s.add(n, 9*float64(n))
	}
	for n := 51; n <= 150; n++ {
		s.add(n, 450+float64(n-50))
	}
	if n, seconds := s.over(); n != 100 || seconds != 100 {
		t.Errorf("%d steps in %v, want 100 in 100", n, seconds)
	}
}

// FuzzState: any file content yields a state that can be serialised.
func FuzzState(f *testing.F) {
	line := `{"step":3,"loss":2.5,"seconds":1.5}`
	f.Add([]byte(`{"cells":[{"experiment":"perplexity","model":"m","length":4}],"workers":2,"sizes":[{"config_hash":"a","trainings":[{"log":"metrics.jsonl","steps":9,"tokens":90}],"evaluate_tokens":5}]}`),
		[]byte(line), []byte(`{"eval_tokens":3,"eval_seconds":0.5}`), []byte(`{"status":"failed","error":"x","config_hash":"a"}`), `{"process":1,"host":"h","began":"2026-01-02T03:04:05Z","lease_seconds":1e300}`)
	f.Add([]byte(`{"cells":[{"experiment":"perplexity","model":"m","length":4}],"workers":-2,"sizes":[{"config_hash":"a","trainings":[{"log":"metrics.jsonl","steps":-9,"tokens":9000000000000000000}],"evaluate_tokens":-5}]}`),
		[]byte(`{"step":-3,"loss":1e308,"seconds":-1e308}`), []byte(`{"eval_tokens":-3,"eval_seconds":1e-320}`), []byte(`{}`), "")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, plan, log, timing, result []byte, owner string) {
		fuzzState(t, dir, plan, log, timing, result, owner)
	})
}
