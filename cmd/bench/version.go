package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/finite"
	"infinibench/internal/kernel"
)

// version is set by the Makefile with -ldflags -X main.version.
var version = "dev"

// buildVersion is that, or what the go command wrote into a program that it built
// from a published module.
func buildVersion() string {
	if version != "dev" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}

// blasWarning is a warning of the cost of running without OpenBLAS or with kernels for a much
// older processor, or "".
func blasWarning() string {
	reason := kernel.FallbackReason()
	if reason == nil {
		return narrowWarning(kernel.NarrowKernels(), os.Getenv("OPENBLAS_CORETYPE"))
	}
	remedy := "`make setup` installs it or says how"
	if errors.Is(reason, kernel.ErrNoRoom) {
		remedy = "raise ulimit -v or -d, or h_vmem of a batch system"
	}
	return fmt.Sprintf("matrix products run in pure Go, about 10 times slower than OpenBLAS (%v): %s", reason, remedy)
}

// narrowWarning is the warning for the kernels of an old processor, unless the user chose them.
// The factor of 5 was measured with Prescott's on a Xeon of 2023 (docs/log.md, 2026-11-29).
func narrowWarning(kernels, chosen string) string {
	if kernels == "" || chosen != "" {
		return ""
	}
	better := "Haswell"
	if kernel.AVX512() {
		better = "SkylakeX"
	}
	return fmt.Sprintf("OpenBLAS does not recognise this processor and uses kernels for an old one (%s), up to 5 times slower: install OpenBLAS 0.3.25 or newer, name its file in INFINIBENCH_BLAS, or set OPENBLAS_CORETYPE=%s", kernels, better)
}

func versionCommand(env *environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version and what the program runs on",
		Long: `version prints the versions of bench and Go, the machine, and the library used for matrix
products. This is OpenBLAS if it is found; the environment variable INFINIBENCH_BLAS selects
another library file, or "gonum" for the pure Go library.`,
		Example: `  bench version
  bench version --json
  INFINIBENCH_BLAS=gonum bench version`,
		RunE: func(*cobra.Command, []string) error {
			e := experiments.ThisEnvironment(buildVersion(), kernel.Threads())
			if asJSON {
				return printJSON(env, e)
			}
			fmt.Fprintf(env.stdout, "bench %s\n%s\n%s, %s, %d threads\nBLAS: %s\n", e.Version, e.Go, e.OS, e.CPU, e.Threads, e.BLAS)
			if warning := blasWarning(); warning != "" {
				fmt.Fprintf(env.stdout, "  %s\n", warning)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// printJSON writes a value to stdout as indented JSON, with null for numbers that are not
// finite.
func printJSON(env *environment, value any) error {
	data, err := finite.MarshalIndent(value)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "%s\n", data)
	return err
}

// printJSONLine is printJSON without line breaks inside the value.
func printJSONLine(env *environment, value any) error {
	data, err := finite.Marshal(value)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "%s\n", data)
	return err
}
