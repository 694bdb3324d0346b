package main

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/machine"
)

func planCommand(env *environment) *cobra.Command {
	var flags runFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "List the cells of a profile and estimate their cost on this machine",
		Long: `plan lists the cells that reproduce would run, with the time and the memory of each on
this machine, estimated from a calibration of a few seconds. It writes nothing.`,
		Example: `  bench plan
  bench plan --profile small --data ../data
  bench plan --profile smoke --json`,
		RunE: func(*cobra.Command, []string) error {
			options, err := flags.options()
			if err != nil {
				return err
			}
			warnSlowBLAS(env)
			plan, err := experiments.Plan(env.ctx, options)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(env, plan)
			}
			return printPlan(env, options.Profile, plan)
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON")
	return cmd
}

func printPlan(env *environment, p *experiments.Profile, plan []experiments.Estimate) error {
	table := tablewriter.NewTable(env.stdout, tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: []tw.Align{tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignLeft}}))
	table.Header("cell", "train tokens", "scored tokens", "time", "memory", "state")
	var seconds float64
	var bytes int64
	for _, c := range plan {
		state := "to do"
		if c.Done {
			state = "done"
		} else {
			seconds += c.Seconds
		}
		bytes = max(bytes, c.Bytes)
		if err := table.Append(c.Cell.Key(), humanize.Comma(int64(c.TrainTokens)), humanize.Comma(int64(c.EvaluateTokens)),
			duration(c.Seconds), humanize.IBytes(uint64(c.Bytes)), state); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	allowed, why := experiments.Workers(p, plan)
	workers := max(min(allowed, len(plan)), 1)
	fmt.Fprintln(env.stdout, p.About)
	here := "this machine has"
	if machine.MemoryIsLimited() {
		here = "a control group allows"
	}
	fmt.Fprintf(env.stdout, "%d cells, about %s with %d at a time and %d threads each, about %s of memory for tensors plus about %s for everything else (%s %s)\n",
		len(plan), duration(seconds/float64(workers)), workers, p.Threads,
		humanize.IBytes(uint64(bytes*int64(workers))), humanize.IBytes(experiments.Overhead), here, humanize.IBytes(uint64(machine.Memory())))
	if limit, free, limited := machine.AddressSpace(); limited {
		fmt.Fprintf(env.stdout, "the address space is limited to %s (ulimit -v or -d), of which %s is free\n", humanize.IBytes(uint64(limit)), humanize.IBytes(uint64(free)))
	}
	if cores := machine.Cores(); cores < p.Threads {
		fmt.Fprintf(env.stdout, "%d threads share %d cores here\n", p.Threads, cores)
	}
	if why != "" {
		fmt.Fprintln(env.stdout, why)
	}
	return nil
}

// duration rounds an estimate to a justified precision.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d > 48*time.Hour:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	case d > 2*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	case d > 2*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
