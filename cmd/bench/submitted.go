package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/slurm"
)

// submitted is what earlier calls of submit have left.
type submitted struct {
	queued  map[string]bool    // cells of tasks that wait or run
	last    map[string]attempt // of each cell, the last
	waiting []string           // jobs with a task pending or running
}

// attempt is a task that had a cell.
type attempt struct {
	slurm.Task
	slurm.Ask
	slurm.Want
}

// submittedBefore reads the submissions of a run and queries Slurm for their state. If Slurm
// does not answer, no job counts as queued.
func submittedBefore(env *environment, place string) (submitted, error) {
	s := submitted{queued: map[string]bool{}, last: map[string]attempt{}}
	all, err := slurm.Submissions(place)
	if err != nil || len(all) == 0 {
		return s, err
	}
	client, err := slurm.NewClient()
	if err != nil {
		return s, err
	}
	tasks, err := client.Queued(env.ctx)
	if err != nil {
		return s, err
	}
	var over []string // jobs with a finished task
	for _, submission := range all {
		for _, j := range submission.Jobs {
			waiting := false
			for n := range j.Tasks {
				_, queued := tasks[j.Task(n)]
				waiting = waiting || queued
				if !queued && !slices.Contains(over, j.ID) {
					over = append(over, j.ID)
				}
			}
			if waiting {
				s.waiting = append(s.waiting, j.ID)
			}
		}
	}
	states := client.Ended(env.ctx, over)
	for _, submission := range all {
		for _, j := range submission.Jobs {
			for n, t := range j.Tasks {
				_, queued := tasks[j.Task(n)]
				want := submission.Wanted(j.Task(n), states[j.Task(n)])
				for _, cell := range t.Cells {
					s.last[cell] = attempt{t, j.Ask, want}
					s.queued[cell] = s.queued[cell] || queued
				}
			}
		}
	}
	return s, nil
}

// left returns the cells that are neither done nor queued. A cell whose last job ran out of
// a resource gets twice the last request.
func (s submitted) left(plan []experiments.Estimate) []slurm.Cell {
	var cells []slurm.Cell
	for _, e := range plan {
		name := e.Cell.Key()
		if e.Done || s.queued[name] {
			continue
		}
		c := slurm.Cell{Name: name, Seconds: e.Seconds, Bytes: experiments.Overhead + e.Bytes}
		if a, found := s.last[name]; found {
			c.Raise(a.Want, a.Task, a.Ask)
		}
		cells = append(cells, c)
	}
	return cells
}

func cancelCommand(env *environment) *cobra.Command {
	var profile, runs string
	cmd := &cobra.Command{
		Use:   "cancel",
		Short: "Cancel what submit has submitted",
		Long: `cancel cancels the jobs of a run that "bench submit" has submitted and that are waiting or
running. Cells that are running save their state; a later submit, run or reproduce resumes
them.`,
		Example: `  bench cancel --profile small
  bench cancel --profile small --runs /scratch/runs`,
		RunE: func(*cobra.Command, []string) error {
			name, err := profileName(runs, profile)
			if err != nil {
				return err
			}
			all, err := slurm.Submissions(filepath.Join(runs, name, "slurm"))
			if err != nil {
				return err
			}
			if len(all) == 0 {
				return fmt.Errorf("nothing was submitted for profile %s in %s", name, runs)
			}
			client, err := slurm.NewClient()
			if err != nil {
				return err
			}
			tasks, err := client.Queued(env.ctx)
			if err != nil {
				return err
			}
			active := map[string]bool{}
			for task := range tasks {
				id, _, _ := strings.Cut(task, "_")
				active[id] = true
			}
			var ids []string
			for _, s := range all {
				for _, id := range append(jobIDs(s), s.Report) {
					if active[id] {
						ids = append(ids, id)
					}
				}
			}
			if len(ids) == 0 {
				fmt.Fprintln(env.stdout, "none of its jobs is waiting or running")
				return nil
			}
			if err := client.Cancel(env.ctx, ids); err != nil {
				return err
			}
			fmt.Fprintf(env.stdout, "cancelled: %s\n", strings.Join(ids, ", "))
			return nil
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "tiny", "name of the profile, or its file")
	cmd.Flags().StringVar(&runs, "runs", "runs", "directory of the results")
	return cmd
}

func jobIDs(s *slurm.Submission) []string {
	var ids []string
	for _, j := range s.Jobs {
		ids = append(ids, j.ID)
	}
	return ids
}
