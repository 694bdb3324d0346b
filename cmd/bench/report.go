package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/reports"
)

func reportCommand(env *environment) *cobra.Command {
	var profile, runs, out string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write the report from the result files, run nothing",
		Long: `report reads the result files of a profile and writes the report again: the main
tables to the terminal, one HTML page that needs no network, every table as Markdown,
CSV and LaTeX, and every figure as SVG and PNG. The last line is the path of the page.
It may be called while a reproduction runs; what is not finished is then missing.

The report goes to the folder "report" of the run. With --out it goes elsewhere and
nothing is written into the run, so that a run which you may only read has a report too.`,
		Example: `  bench report
  bench report --profile my.yaml --runs /data/runs
  bench report --profile tiny --runs /mnt/colleague/runs --out tiny-report`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" && cmd.Flags().Changed("out") {
				return usageError{errors.New("--out is empty: name a folder")}
			}
			name, err := profileName(runs, profile)
			if err != nil {
				return err
			}
			return writeReport(env, runs, name, out)
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "tiny", "name of the profile, or its file")
	cmd.Flags().StringVar(&runs, "runs", "runs", "directory of the results")
	cmd.Flags().StringVar(&out, "out", "", "folder for the report, made if absent (default: report in the folder of the run)")
	return cmd
}

// profileName is the name of a built-in profile, of the one in a file, which may be
// called otherwise, or of one that only its results are left of.
func profileName(runs, profile string) (string, error) {
	p, err := experiments.LoadProfile(profile)
	if err == nil {
		return p.Name, nil
	}
	if info, missing := os.Stat(filepath.Join(runs, profile)); profile != "" && missing == nil && info.IsDir() && !experiments.IsProfileFile(profile) {
		return profile, nil
	}
	return "", err
}

// writeReport reports on runs/profile, into out or else into runs/profile/report.
func writeReport(env *environment, runs, profile, out string) error {
	dir := filepath.Join(runs, profile)
	run, err := reports.Load(dir)
	if err != nil {
		return fmt.Errorf("%w; `bench reproduce --profile %s` makes results", err, profile)
	}
	place := out
	if place == "" {
		place = filepath.Join(dir, "report")
	}
	document, err := reports.New(run)
	if err != nil {
		return err
	}
	paths, err := document.Write(place)
	if out == "" && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		return fmt.Errorf("%w; use bench report --out DIR to write the report of a read-only run elsewhere", err)
	}
	if err != nil {
		return err
	}
	if err := document.Terminal(env.stdout); err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.stdout, paths[0])
	return err
}
