package slurm

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Cells of 20 minutes are packed three to a task; a cell of five hours gets its own task, and
// a cell of 10 GiB its own array.
func TestPack(t *testing.T) {
	cells := []Cell{
		{Name: "a", Seconds: 1200, Bytes: 500 << 20}, {Name: "big", Seconds: 60, Bytes: 10 << 30}, {Name: "b", Seconds: 1200, Bytes: 600 << 20},
		{Name: "long", Seconds: 18000, Bytes: 1}, {Name: "c", Seconds: 1200}, {Name: "d", Seconds: 1200}, {Name: "e", Seconds: 1200}, {Name: "f", Seconds: 1200},
	}
	got := Pack(cells, Limits{Task: time.Hour, CPUs: 2, Workers: 1})
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	var tasks []string
	for _, task := range got[0].Tasks {
		tasks = append(tasks, strings.Join(task.Cells, " "))
	}
	if want := []string{"a b", "long", "c d e", "f"}; !slices.Equal(tasks, want) {
		t.Errorf("tasks %q, want %q", tasks, want)
	}
	// Twice five hours and ten minutes more; the least of the classes.
	if want := (Ask{CPUs: 2, MiB: 1024, Limit: 10*3600 + 600, Workers: 1}); got[0].Ask != want {
		t.Errorf("the first asks for %+v, want %+v", got[0].Ask, want)
	}
	// 13 GiB with head-room; a minute, rounded up from twelve to twenty.
	if want := (Ask{CPUs: 2, MiB: 16 << 10, Limit: 1200, Workers: 1}); got[1].Ask != want || List(got[1]) != "big\n" {
		t.Errorf("the second asks for %+v, want %+v; %q", got[1].Ask, want, List(got[1]))
	}

	// Explicit limits override the estimate; two concurrent cells take twice the memory.
	fixed := Pack(cells[:1], Limits{Task: time.Hour, Time: 3 * time.Hour, MiB: 5000, CPUs: 8, Workers: 2})
	if want := (Ask{CPUs: 8, MiB: 5000, Limit: 3 * 3600, Workers: 2}); fixed[0].Ask != want {
		t.Errorf("asks for %+v, want %+v", fixed[0].Ask, want)
	}
	if two := Pack(cells[:1], Limits{Task: time.Hour, CPUs: 4, Workers: 2}); two[0].MiB != 2048 {
		t.Errorf("two cells at a time ask for %d MiB, want 2048", two[0].MiB)
	}

	// No array is larger than a cluster takes by default.
	many := make([]Cell, 2500)
	for i := range many {
		many[i].Seconds = 3600
	}
	sizes := []int{}
	for _, a := range Pack(many, Limits{Task: time.Hour, CPUs: 1, Workers: 1}) {
		sizes = append(sizes, len(a.Tasks))
	}
	if !slices.Equal(sizes, []int{1000, 1000, 500}) {
		t.Errorf("arrays of %v tasks", sizes)
	}
}

func TestRaise(t *testing.T) {
	last := Ask{MiB: 3072, Limit: 7200, Workers: 1}
	for _, test := range []struct {
		want    Want
		mib     int64
		seconds int64
	}{
		{Want{}, 3072, 0},
		{Want{Memory: true}, 6144, 0},
		{Want{Time: true}, 3072, 14400},
	} {
		c := Cell{Name: "a", Seconds: 1, Bytes: 1}
		c.Raise(test.want, Task{}, last)
		ask := Pack([]Cell{c}, Limits{Task: time.Hour, CPUs: 1, Workers: 1})[0].Ask
		if ask.MiB != test.mib || ask.Limit != max(1200, test.seconds) {
			t.Errorf("%+v: asks for %+v, want %d MiB and %d s", test.want, ask, test.mib, max(1200, test.seconds))
		}
	}
}

func TestMemoryClass(t *testing.T) {
	for mib, want := range map[float64]int64{1: 1024, 1024: 1024, 1025: 1536, 1537: 2048, 2049: 3072, 3100: 4096, 20000: 24576} {
		if got := memoryClass(mib); got != want {
			t.Errorf("%g MiB: %d, want %d", mib, got, want)
		}
	}
}

// By the manual of sbatch: days-hours:minutes:seconds.
func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "00:01:00", 90 * time.Minute: "01:30:00", 24 * time.Hour: "1-00:00:00", 50*time.Hour + 5*time.Minute: "2-02:05:00",
	} {
		got := clock(d)
		if got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
		if back, err := ParseTime(got); err != nil || back != max(d, time.Minute) {
			t.Errorf("%s: %v, %v", got, back, err)
		}
	}
	for _, text := range []string{"", "5", "10:00", "-1h", "1-2", "99999h"} {
		if d, err := ParseTime(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
	for text, want := range map[string]int64{"900M": 900, "6G": 6144, "6GiB": 6144, "1T": 1 << 20} {
		if got, err := ParseMemory(text); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "6", "6K", "-6G", "6.5G"} {
		if got, err := ParseMemory(text); err == nil {
			t.Errorf("%q is %d MiB", text, got)
		}
	}
}

func TestOptions(t *testing.T) {
	got, err := Options([]string{"--nice=5", "-w", "node 1", "--comment=a b"})
	if want := []string{"--nice=5", `-w "node 1"`, `"--comment=a b"`}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, bad := range [][]string{{"node1"}, {"--a\n#SBATCH --b"}, {`--a="b"`}} {
		if got, err := Options(bad); err == nil {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

// The scripts are valid shell for any paths, and pass the exact arguments to bench.
func TestScriptsAreShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash: ", err)
	}
	folder := filepath.Join(t.TempDir(), `it's $HOME; 100%`)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	bench := filepath.Join(folder, "bench")
	if err := os.WriteFile(bench, []byte("#!/bin/sh\nfor a; do echo \"<$a>\"; done\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := Script{Name: "bench-x", Folder: folder, Bench: bench, Common: []string{"--runs", folder}, Data: []string{"--data", "a b"}, Options: []string{"--qos=low"}}
	a := Array{Tasks: []Task{{Cells: []string{"one"}}, {Cells: []string{"two", "three"}}}, Ask: Ask{CPUs: 1, MiB: 1024, Limit: 60, Workers: 1}}
	if err := os.WriteFile(filepath.Join(folder, "tasks-1.txt"), []byte(List(a)), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash)
	cmd.Stdin = strings.NewReader(s.Cells(a, 1))
	cmd.Env = append(os.Environ(), "SLURM_ARRAY_TASK_ID=1")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 3 || !strings.Contains(string(out), "<run>\n<--runs>\n<"+folder+">\n<--data>\n<a b>\n<--workers>\n<1>\n<--cells>\n<two,three>\n") {
		t.Errorf("%v: %s", err, out)
	}
	cmd = exec.Command(bash)
	cmd.Stdin = strings.NewReader(s.Report())
	if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), "<report>\n<--runs>\n<"+folder+">\n") {
		t.Errorf("the report: %s", out)
	}
	if want := `#SBATCH --output="` + strings.Replace(folder, "%", "%%", 1) + `/%A_%a.log"`; !strings.Contains(s.Cells(a, 1), want) {
		t.Errorf("the script lacks %s", want)
	}
}

// The words of slurmstepd (src/slurmd/slurmstepd, src/plugins/task/cgroup) and of Go.
func TestWanted(t *testing.T) {
	s := &Submission{Folder: t.TempDir()}
	for _, test := range []struct {
		log, state string
		want       Want
	}{
		{"", "", Want{}},
		{"", "FAILED", Want{}},
		{"", "TIMEOUT", Want{Time: true}},
		{"", "OUT_OF_MEMORY", Want{Memory: true}},
		{"x start 0 on a: b\nslurmstepd: error: Detected 1 oom_kill event in StepId=3.batch.", "", Want{Memory: true}},
		{"x start 0 on a: b\nslurmstepd: error: Step 3.0 exceeded memory limit (900 > 800), being killed", "", Want{Memory: true}},
		{"x start 0 on a: b\nfatal error: runtime: out of memory", "", Want{Memory: true}},
		{"x start 0 on a: b\nslurmstepd: error: *** JOB 3 ON n CANCELLED AT 2026-11-29T10:00:00 DUE TO TIME LIMIT ***", "", Want{Time: true}},
		{"x start 0 on a: b\nslurmstepd: error: *** JOB 3 ON n CANCELLED AT 2026-11-29T10:00:00 DUE TO PREEMPTION ***", "", Want{}},
		{"x start 0 on a: b\nout of memory\nx start 1 on a: b\nexit code 1", "", Want{}}, // of an earlier start
	} {
		path := filepath.Join(s.Folder, "3_0.log")
		os.Remove(path)
		if test.log != "" {
			if err := os.WriteFile(path, []byte(test.log), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.Wanted("3_0", test.state); got != test.want {
			t.Errorf("%q, %q: %+v, want %+v", test.log, test.state, got, test.want)
		}
	}
}

// A submission that was killed before its first job leaves a folder without a record, and
// the tenth comes after the ninth.
func TestSubmissions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "slurm")
	if all, err := Submissions(dir); len(all) != 0 || err != nil {
		t.Errorf("nothing was submitted: %v, %v", all, err)
	}
	for n := range 10 {
		folder, err := NewFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if n == 4 {
			continue
		}
		s := &Submission{Folder: folder, Jobs: []Job{{ID: string(rune('a' + n)), Array: Array{Tasks: []Task{{Cells: []string{"x"}}}, Ask: Ask{MiB: 7}}}}}
		if err := s.Save(); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Submissions(dir)
	if err != nil || len(all) != 9 || all[0].Jobs[0].ID != "a" || all[8].Jobs[0].ID != "j" || all[8].Jobs[0].MiB != 7 || filepath.Base(all[8].Folder) != "10" {
		t.Errorf("%+v, %v", all, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "1", recordFile), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Submissions(dir); err == nil || !strings.Contains(err.Error(), "its jobs are unknown") {
		t.Errorf("a damaged record: %v", err)
	}
}
