package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
	"infinibench/internal/slurm"
)

// submitFlags are the user's requests to the cluster.
type submitFlags struct {
	runFlags
	task, time, mem                    string
	cpus                               int
	partition, account, qos, constrain string
	dryRun                             bool
}

func submitCommand(env *environment) *cobra.Command {
	var flags submitFlags
	cmd := &cobra.Command{
		Use:   "submit [-- SBATCH OPTION...]",
		Short: "Run a profile on a Slurm cluster: one job array, and a job that writes the report",
		Long: `submit runs the cells of a profile that are not done on a Slurm cluster. It estimates their
time and memory on this machine, groups short cells into tasks, writes scripts for sbatch to
the folder slurm of the run, and submits job arrays and a job that writes the report after
them. Whatever follows -- goes into the scripts as it is.

A task that comes to the end of its time saves its state and is queued again; so is one that
was preempted, or whose node failed. Called again, submit submits only what is neither done
nor queued, with twice the memory or time for cells that ended for want of it. "bench status"
shows the progress and "bench cancel" cancels what was submitted.

--time and --task take 90m, 4h, 04:00:00 or 1-12:00:00.`,
		Example: `  bench submit --profile small --data ../data --dry-run
  bench submit --profile small --data ../data --partition cpu --account mylab
  bench submit --profile smoke --task 5m -- --nice=100 --exclude=node7`,
		Args: func(cmd *cobra.Command, args []string) error {
			if n := cmd.ArgsLenAtDash(); n > 0 || n < 0 && len(args) > 0 {
				return fmt.Errorf("unexpected argument %q; options for sbatch follow --", args[0])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return submit(env, flags, args) },
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&flags.task, "task", "1h", "group short cells into tasks of this estimated time")
	cmd.Flags().StringVar(&flags.time, "time", "", "time limit of a task (default: twice the estimate)")
	cmd.Flags().StringVar(&flags.mem, "mem", "", "memory of a task, such as 6G (default: the estimate and a third more)")
	cmd.Flags().IntVar(&flags.cpus, "cpus", 0, "CPUs of a task (default: the profile's threads; twice as many run two cells at a time)")
	cmd.Flags().StringVar(&flags.partition, "partition", "", "passed to sbatch")
	cmd.Flags().StringVar(&flags.account, "account", "", "passed to sbatch")
	cmd.Flags().StringVar(&flags.qos, "qos", "", "passed to sbatch")
	cmd.Flags().StringVar(&flags.constrain, "constraint", "", "passed to sbatch")
	cmd.Flags().BoolVar(&flags.dryRun, "dry-run", false, "print the scripts and submit nothing")
	return cmd
}

// limits returns the user's limits.
func (f submitFlags) limits(threads int) (l slurm.Limits, err error) {
	if l.Task, err = slurm.ParseTime(f.task); err != nil {
		return l, fmt.Errorf("--task: %w", err)
	}
	if f.time != "" {
		if l.Time, err = slurm.ParseTime(f.time); err != nil {
			return l, fmt.Errorf("--time: %w", err)
		}
		l.Task = min(l.Task, l.Time/2)
	}
	if f.mem != "" {
		if l.MiB, err = slurm.ParseMemory(f.mem); err != nil {
			return l, fmt.Errorf("--mem: %w", err)
		}
	}
	if l.CPUs = f.cpus; f.cpus == 0 {
		l.CPUs = threads
	}
	if l.CPUs < threads {
		return l, fmt.Errorf("--cpus %d: a cell of this profile has %d threads", f.cpus, threads)
	}
	l.Workers = l.CPUs / threads
	return l, nil
}

// options are the lines for sbatch.
func (f submitFlags) lines(args []string) ([]string, error) {
	var all []string
	for _, o := range []struct{ name, value string }{
		{"partition", f.partition}, {"account", f.account}, {"qos", f.qos}, {"constraint", f.constrain},
	} {
		if o.value != "" {
			all = append(all, "--"+o.name+"="+o.value)
		}
	}
	return slurm.Options(append(all, args...))
}

func submit(env *environment, flags submitFlags, args []string) error {
	options, err := flags.options()
	if err != nil {
		return err
	}
	options.Workers = 1 // an estimate assumes one cell at a time
	limits, err := flags.limits(options.Profile.Threads)
	if err != nil {
		return usageError{err}
	}
	lines, err := flags.lines(args)
	if err != nil {
		return usageError{err}
	}
	script, err := flags.script(options, lines)
	if err != nil {
		return err
	}
	warnSlowBLAS(env)
	place := filepath.Dir(script.Folder)
	if !flags.dryRun {
		held, err := lease.Take(env.ctx, place, func(h *lease.Held) { fmt.Fprintf(env.stderr, "bench: waiting: %v\n", h) })
		if err != nil {
			return err
		}
		defer held.Release()
	}
	plan, err := experiments.Plan(env.ctx, options)
	if err != nil {
		return err
	}
	before, err := submittedBefore(env, place)
	if err != nil && !flags.dryRun {
		return err
	}
	if err != nil {
		fmt.Fprintf(env.stderr, "bench: %v; nothing counts as queued\n", err)
	}
	left := before.left(plan)
	arrays := slurm.Pack(left, limits)
	sayTotals(env.stderr, options.Profile.Name, plan, left, arrays)
	switch {
	case len(arrays) == 0:
		return nil
	case flags.dryRun:
		for i, a := range arrays {
			fmt.Fprintln(env.stdout, script.Cells(a, i+1))
		}
		fmt.Fprint(env.stdout, script.Report())
		return nil
	}
	if script.Folder, err = slurm.NewFolder(place); err != nil {
		return err
	}
	return send(env, script, arrays, before.waiting)
}

// script uses absolute paths only.
func (f submitFlags) script(o experiments.Options, lines []string) (s slurm.Script, err error) {
	s = slurm.Script{Name: "bench-" + o.Profile.Name, Options: lines}
	if s.Bench, err = os.Executable(); err != nil {
		return s, err
	}
	runs, err := filepath.Abs(f.runs)
	if err != nil {
		return s, err
	}
	profile := f.profile
	if experiments.IsProfileFile(profile) {
		if profile, err = filepath.Abs(profile); err != nil {
			return s, err
		}
	}
	s.Folder = filepath.Join(runs, o.Profile.Name, "slurm", "N") // the number is not known yet
	if strings.ContainsAny(s.Folder+s.Bench, "\"\n") {
		return s, fmt.Errorf("the path %q has a character that no script for sbatch can hold", s.Folder)
	}
	s.Common = []string{"--profile", profile, "--runs", runs}
	for _, of := range []struct{ option, path string }{{"--data", f.data}, {"--model", f.model}} {
		if of.path == "" {
			continue
		}
		path, err := filepath.Abs(of.path)
		if err != nil {
			return s, err
		}
		s.Data = append(s.Data, of.option, path)
	}
	return s, nil
}

// send writes the scripts and submits them. It records each submission at once, so that a
// failure loses none.
func send(env *environment, script slurm.Script, arrays []slurm.Array, waiting []string) error {
	s := &slurm.Submission{Folder: script.Folder, Submitted: time.Now().Truncate(time.Second)}
	client, err := slurm.NewClient()
	if err != nil {
		return err
	}
	after := waiting
	for i, a := range arrays {
		path := filepath.Join(script.Folder, fmt.Sprintf("cells-%d.sbatch", i+1))
		if err := atomicfile.Write(filepath.Join(script.Folder, fmt.Sprintf("tasks-%d.txt", i+1)), []byte(slurm.List(a))); err != nil {
			return err
		}
		if err := atomicfile.Write(path, []byte(script.Cells(a, i+1))); err != nil {
			return err
		}
		id, err := client.Submit(env.ctx, path, nil)
		if err != nil {
			if len(s.Jobs) > 0 {
				err = fmt.Errorf("%w; of %d arrays %d were submitted: call bench submit again for the others, or bench cancel", err, len(arrays), len(s.Jobs))
			}
			return err
		}
		s.Jobs, after = append(s.Jobs, slurm.Job{ID: id, Array: a}), append(after, id)
		if err := s.Save(); err != nil {
			return unrecorded(env, client, id, err)
		}
		fmt.Fprintf(env.stdout, "job %s: %d cells in tasks %s_0 to %s_%d\n", id, cellsOf(a), id, id, len(a.Tasks)-1)
	}
	path := filepath.Join(script.Folder, "report.sbatch")
	if err := atomicfile.Write(path, []byte(script.Report())); err != nil {
		return err
	}
	id, err := client.Submit(env.ctx, path, after)
	if err != nil {
		return fmt.Errorf("the cells were submitted, but not the report, which bench report writes: %w", err)
	}
	s.Report = id
	if err := s.Save(); err != nil {
		return fmt.Errorf("the cells were submitted, but not the report, which bench report writes: %w", unrecorded(env, client, id, err))
	}
	fmt.Fprintf(env.stdout, "job %s: the report, when they have ended\n", id)
	return nil
}

// unrecorded cancels a job that could not be written down, as on a full disk or quota: a later
// call would submit its cells again.
func unrecorded(env *environment, client slurm.Client, id string, err error) error {
	if client.Cancel(env.ctx, []string{id}) != nil {
		return fmt.Errorf("job %s was submitted, but not written down: scancel %s, and try again: %w", id, id, err)
	}
	return fmt.Errorf("job %s was cancelled, as it could not be written down: %w", id, err)
}

func cellsOf(a slurm.Array) int {
	n := 0
	for _, t := range a.Tasks {
		n += len(t.Cells)
	}
	return n
}

// sayTotals prints the number of submitted jobs and the resources they request.
func sayTotals(w io.Writer, profile string, plan []experiments.Estimate, left []slurm.Cell, arrays []slurm.Array) {
	done, seconds := 0, 0.
	for _, e := range plan {
		if e.Done {
			done++
		}
	}
	for _, c := range left {
		seconds += c.Seconds
	}
	fmt.Fprintf(w, "%s: %d cells, %d done, %d queued or running, %d to submit", profile, len(plan), done, len(plan)-done-len(left), len(left))
	if len(left) > 0 {
		fmt.Fprintf(w, ", about %s of computing as measured here", duration(seconds))
	}
	fmt.Fprintln(w)
	for i, a := range arrays {
		fmt.Fprintf(w, "array %d: %d cells in %d tasks; each asks for %d CPUs, %s and %s\n",
			i+1, cellsOf(a), len(a.Tasks), a.CPUs, humanize.IBytes(uint64(a.MiB)<<20), a.Time())
	}
}
