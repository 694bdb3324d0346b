//go:build long

package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cluster is a Slurm with one machine that pretends to have eight processors.
type cluster struct {
	t      *testing.T
	prefix string // where scripts/setup-slurm.sh has unpacked Slurm
	dir    string // of its state
	env    []string
	nodes  *exec.Cmd // slurmd
}

const slurmConf = `ClusterName=bench
SlurmctldHost=localhost
SlurmctldPort=%[3]d
SlurmdPort=%[4]d
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation=%[1]s/state
SlurmdSpoolDir=%[1]s/spool
SlurmctldPidFile=%[1]s/ctld.pid
SlurmdPidFile=%[1]s/d.pid
SlurmctldLogFile=%[1]s/ctld.log
SlurmdLogFile=%[1]s/d.log
PluginDir=%[2]s/usr/lib/x86_64-linux-gnu/slurm-wlm
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
KillWait=10
NodeName=localhost CPUs=8 RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP
`

func newCluster(t *testing.T) *cluster {
	t.Helper()
	prefix, err := filepath.Abs("../../bin/slurm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(prefix, "usr/sbin/slurmctld-wlm")); err != nil {
		t.Skip("no Slurm in bin/slurm: scripts/setup-slurm.sh unpacks one")
	}
	if os.Getuid() != 0 {
		t.Skip("a Slurm of its own needs root")
	}
	c := &cluster{t: t, prefix: prefix, dir: t.TempDir()}
	for _, name := range []string{"state", "spool"} {
		if err := os.Mkdir(filepath.Join(c.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	conf := filepath.Join(c.dir, "slurm.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, slurmConf, c.dir, prefix, freePort(t), freePort(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	libraries := filepath.Join(prefix, "usr/lib/x86_64-linux-gnu")
	c.env = append(os.Environ(), "SLURM_CONF="+conf, "LD_LIBRARY_PATH="+libraries+"/slurm-wlm:"+libraries,
		"PATH="+filepath.Join(prefix, "usr/bin")+":"+os.Getenv("PATH"), "INFINIBENCH_BLAS=gonum")
	controller := c.daemon("slurmctld-wlm", "-D")
	t.Cleanup(func() { stopDaemon(controller) })
	c.startNode()
	t.Cleanup(func() { stopDaemon(c.nodes) })
	for start := time.Now(); !strings.Contains(c.do("sinfo", "--noheader", "--format=%T"), "idle"); time.Sleep(200 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatalf("Slurm does not start: %s", c.logs())
		}
	}
	return c
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (c *cluster) daemon(name string, args ...string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command(filepath.Join(c.prefix, "usr/sbin", name), args...)
	cmd.Env, cmd.Dir = c.env, c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return cmd
}

func stopDaemon(cmd *exec.Cmd) {
	cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	cmd.Wait()
	timer.Stop()
}

func (c *cluster) startNode() {
	c.t.Helper()
	c.nodes = c.daemon("slurmd-wlm", "-D", "-N", "localhost", "-d", filepath.Join(c.prefix, "usr/sbin/slurmstepd-wlm"))
}

func (c *cluster) logs() string {
	var all string
	for _, name := range []string{"ctld.log", "d.log"} {
		data, _ := os.ReadFile(filepath.Join(c.dir, name))
		all += string(data[max(0, len(data)-3000):])
	}
	return all
}

// do runs a command of Slurm, which may fail, and returns what it prints.
func (c *cluster) do(name string, args ...string) string {
	cmd := exec.Command(filepath.Join(c.prefix, "usr/bin", name), args...)
	cmd.Env = c.env
	out, _ := cmd.Output()
	return strings.TrimSpace(string(out))
}

// bench runs bench on the cluster, in the directory of a victim.
func (c *cluster) bench(v *victim, args ...string) string {
	c.t.Helper()
	cmd := exec.Command(v.bench, args...)
	cmd.Dir, cmd.Env = v.work, c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("bench %q: %v\n%s", args, err, &out)
	}
	return out.String()
}

// running are the tasks of arrays that run, as JOB_TASK with the number of their own job.
func (c *cluster) running() map[string]string {
	tasks := map[string]string{}
	for line := range strings.Lines(c.do("squeue", "--noheader", "--array", "--states=R", "--format=%F|%K|%A")) {
		if f := strings.Split(strings.TrimSpace(line), "|"); f[1] != "N/A" {
			tasks[f[0]+"_"+f[1]] = f[2]
		}
	}
	return tasks
}

// wait waits until no job is left. A requeued job would be held for two minutes, so wait
// releases it.
func (c *cluster) wait(limit time.Duration, each func()) {
	c.t.Helper()
	for start := time.Now(); ; time.Sleep(300 * time.Millisecond) {
		left := c.do("squeue", "--noheader", "--array", "--format=%A|%r")
		if left == "" {
			return
		}
		for line := range strings.Lines(left) {
			if id, reason, _ := strings.Cut(strings.TrimSpace(line), "|"); reason == "BeginTime" {
				c.do("scontrol", "update", "JobId="+id, "StartTime=now")
			}
		}
		if time.Since(start) > limit {
			c.t.Fatalf("after %v there is still\n%s\n%s", limit, c.do("squeue"), c.logs())
		}
		each()
	}
}

// portable returns the files of a run that must not depend on where it ran.
func portable(v *victim) map[string]string {
	v.t.Helper()
	all := v.outcome(false)
	maps.DeleteFunc(all, func(name, _ string) bool {
		return strings.HasPrefix(name, "slurm") || strings.HasPrefix(name, "report") || name == "plan.json" // has the workers of the first process
	})
	return all
}

// TestSlurm submits the profile smoke to a real cluster in one call: the dependent job
// writes the report, and all results equal a local run's.
func TestSlurm(t *testing.T) {
	c := newCluster(t)
	local := newVictim(t, "bench", 5)
	local.profile = "smoke"
	c.bench(local, "run", "--profile", "smoke")
	v := newVictim(t, "bench", 5)
	v.profile = "smoke"
	said := c.bench(v, "submit", "--profile", "smoke", "--task", "10s")
	t.Log(said)
	status := ""
	c.wait(30*time.Minute, func() {
		if status == "" && len(c.running()) > 1 {
			if now := c.bench(v, "status", "--profile", "smoke"); strings.Contains(now, ", job slurm ") && strings.Contains(now, "processes on") {
				status = now
			}
		}
	})
	t.Log(status)
	if status == "" {
		t.Error("no status showed tasks that run")
	}
	if _, err := os.Stat(filepath.Join(v.runs(), "report/report.html")); err != nil {
		t.Errorf("no report: %v", err)
	}
	want, got := portable(local), portable(v)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s differs from a local run's", name)
		}
	}
	t.Logf("%d files compared", len(want))
	if again := c.bench(v, "submit", "--profile", "smoke"); !strings.Contains(again, " 0 queued or running, 0 to submit") {
		t.Errorf("again: %s", again)
	}
}

// TestSlurmTimeLimit: a task that reaches its time limit saves its state, requeues itself and
// resumes.
func TestSlurmTimeLimit(t *testing.T) {
	c := newCluster(t)
	v := newVictim(t, "bench", 100_000)
	v.profile = "kill.yaml"
	t.Log(c.bench(v, "submit", "--profile", "kill.yaml", "--data", "data", "--time", "3m"))
	resumed := regexp.MustCompile(`(?s) start 0 on .* exit code 75\n.* start 1 on `)
	logs := filepath.Join(v.runs(), "slurm/1/*_0.log")
	begun := false
	for start := time.Now(); ; time.Sleep(time.Second) {
		v.remember() // no saved step is lost
		files, _ := filepath.Glob(logs)
		if len(files) == 1 {
			begun = true
			text, _ := os.ReadFile(files[0])
			if resumed.Match(text) {
				break
			}
		}
		for id := range strings.FieldsSeq(c.do("squeue", "--noheader", "--states=PD", "--format=%A")) {
			c.do("scontrol", "update", "JobId="+id, "StartTime=now")
		}
		if time.Since(start) > 8*time.Minute {
			var said []byte
			for _, file := range files {
				text, _ := os.ReadFile(file)
				said = append(said, text...)
			}
			t.Fatalf("not resumed (begun: %v); %s\n%s\n%s", begun, said, c.do("squeue"), c.logs())
		}
	}
	if said := c.bench(v, "cancel", "--profile", "kill.yaml"); !strings.HasPrefix(said, "cancelled: ") {
		t.Errorf("cancel: %s", said)
	}
	c.wait(time.Minute, func() {})
}

// TestSlurmChaos injects 30 cluster events of every kind at random times: nothing is lost,
// no saved work is repeated, and the results equal an undisturbed run's.
func TestSlurmChaos(t *testing.T) {
	c := newCluster(t)
	profile := func(v *victim) {
		text := strings.Replace(strings.Replace(killProfile, "STEPS", "2000", 1), "seeds: [1]", "seeds: [1, 2, 3, 4, 5, 6]", 1)
		if err := os.WriteFile(filepath.Join(v.work, "kill.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	quiet := newVictim(t, "bench", 5)
	profile(quiet)
	c.bench(quiet, "run", "--profile", "kill.yaml", "--data", "data")
	want := portable(quiet)

	var v *victim // of the current run
	random := rand.New(rand.NewPCG(19, 1))
	pick := func() (task, id string) {
		tasks := c.running()
		if len(tasks) == 0 {
			return "", ""
		}
		names := slices.Sorted(maps.Keys(tasks))
		task = names[random.IntN(len(names))]
		return task, tasks[task]
	}
	kill := func(id string) bool { // bench itself, not the shell of its task
		out, _ := exec.Command("pgrep", "-f", "bench run .*"+regexp.QuoteMeta(v.work)).Output()
		for pid := range strings.FieldsSeq(string(out)) {
			env, _ := os.ReadFile(filepath.Join("/proc", pid, "environ"))
			if comm, _ := os.ReadFile(filepath.Join("/proc", pid, "comm")); string(comm) == "bench\n" && bytes.Contains(env, []byte("SLURM_JOB_ID="+id+"\x00")) {
				var n int
				fmt.Sscan(pid, &n)
				return syscall.Kill(n, syscall.SIGKILL) == nil
			}
		}
		return false
	}
	events := []struct {
		name string
		do   func(task, id string) bool
	}{
		{"scancel", func(task, id string) bool { c.do("scancel", id); return true }},
		{"scontrol requeue", func(task, id string) bool { c.do("scontrol", "requeue", id); return true }},
		{"bench killed", func(task, id string) bool { return kill(id) }},
		{"slurmd killed", func(task, id string) bool {
			c.nodes.Process.Kill()
			c.nodes.Wait()
			c.startNode()
			return true
		}},
		{"node drained", func(task, id string) bool {
			c.do("scontrol", "update", "NodeName=localhost", "State=DRAIN", "Reason=chaos")
			time.Sleep(2 * time.Second)
			c.do("scontrol", "update", "NodeName=localhost", "State=RESUME")
			return true
		}},
		{"end of its time", func(task, id string) bool { c.do("scancel", "--signal=USR1", "--batch", id); return true }},
		// This Slurm limits no memory: the event is what the kernel and slurmstepd do together.
		{"over its memory", func(task, id string) bool {
			logs, _ := filepath.Glob(filepath.Join(v.runs(), "slurm/*", task+".log"))
			if len(logs) == 0 || !kill(id) {
				return false
			}
			f, err := os.OpenFile(logs[0], os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return false
			}
			defer f.Close()
			fmt.Fprintf(f, "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=%s.batch.\n", id)
			return true
		}},
	}
	count, total, submissions := map[string]int{}, 0, 0
	raised := false
	next := time.Now()
	for runs := 0; total < 30; runs++ {
		if runs > 20 {
			t.Fatalf("only %d events in %d runs", total, runs)
		}
		v = newVictim(t, "bench", 5)
		profile(v)
		for {
			said := c.bench(v, "submit", "--profile", "kill.yaml", "--data", "data", "--task", "2s")
			raised = raised || strings.Contains(said, "2.0 GiB")
			if strings.Contains(said, " 0 queued or running, 0 to submit") {
				break
			}
			submissions++
			c.wait(20*time.Minute, func() {
				v.remember()
				if total >= 30 || time.Now().Before(next) {
					return
				}
				task, id := pick()
				if task == "" {
					return
				}
				if e := events[total%len(events)]; e.do(task, id) {
					count[e.name]++
					total++
				}
				next = time.Now().Add(time.Duration(random.IntN(1500)) * time.Millisecond)
			})
			v.remember()
		}
		got := portable(v)
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if got[name] != want[name] {
				t.Errorf("%s differs from a quiet run's", name)
			}
		}
		for name := range got {
			if _, found := want[name]; !found {
				t.Errorf("%s is left over", name)
			}
		}
	}
	t.Logf("%d events, %v; %d submissions", total, count, submissions)
	if len(count) < len(events) {
		t.Errorf("only %d of %d kinds of events", len(count), len(events))
	}
	if !raised {
		t.Error("no task got more memory")
	}
}
