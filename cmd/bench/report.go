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
	"infinibench/internal/machine"
	"infinibench/reports"
)

func reportCommand(env *environment) *cobra.Command {
	var profile, runs, out string
	var open bool
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write the report from the result files without running anything",
		Long: `report writes the report from the result files of a profile: a summary on the terminal, one
HTML page that needs no network, every table as Markdown, CSV and LaTeX, every figure as SVG
and PNG, and the claims, with what each trial could have shown, as claims.json. The last line
is the path of the page, which --open opens in the browser. You may call it during a run;
unfinished cells are then missing.

The summary fits the width of the terminal, or the variable COLUMNS, and is plain ASCII
unless LC_ALL, LC_CTYPE or LANG asks for UTF-8.

The report is written to the folder "report" of the run. With --out it is written elsewhere
and the run is left unchanged, so you can also report on a run that you may only read.`,
		Example: `  bench report --open
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
			page, err := writeReport(env, runs, name, out, open)
			if err == nil && open {
				openPage(env, page)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "tiny", "name of the profile, or its file")
	cmd.Flags().StringVar(&runs, "runs", "runs", "directory of the results")
	cmd.Flags().StringVar(&out, "out", "", "folder for the report, created if absent (default: report in the folder of the run)")
	cmd.Flags().BoolVar(&open, "open", false, "open the page in the browser")
	return cmd
}

// profileName returns the name of a profile: a built-in one, one in a file, whose name may
// differ from the file's, or one with only its results left.
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

// writeReport writes the report on runs/profile to out or, if that is empty, to
// runs/profile/report, and prints the summary. It returns the path of the page, and says how
// to open it unless that happens next.
func writeReport(env *environment, runs, profile, out string, opens bool) (page string, err error) {
	dir := filepath.Join(runs, profile)
	run, err := reports.Load(dir)
	if err != nil {
		return "", fmt.Errorf("%w; run `bench reproduce --profile %s` first", err, profile)
	}
	if run.Ledger, err = experiments.PaperLedger(); err != nil {
		return "", err
	}
	place := out
	if place == "" {
		place = filepath.Join(dir, "report")
	}
	document, err := reports.New(run)
	if err != nil {
		return "", err
	}
	paths, err := document.Write(place)
	if out == "" && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		return "", &machine.Fault{Err: err, Remedy: "use bench report --out DIR to write the report of a read-only run elsewhere"}
	}
	if err != nil {
		return "", err
	}
	if err := document.Terminal(env.stdout, env.screen); err != nil {
		return "", err
	}
	if !opens {
		fmt.Fprintln(env.stdout, "Open this page in a browser, or with bench report --open:")
	}
	_, err = fmt.Fprintln(env.stdout, paths[0])
	return paths[0], err
}
