package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"

	"infinibench/experiments"
)

func profileCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profile",
		Short: "Write, show and check a profile",
		Example: `  bench profile new mine --from tiny
  bench profile show --profile mine.yaml
  bench profile schema`,
	}
	cmd.AddCommand(profileNewCommand(env), profileShowCommand(env), profileSchemaCommand(env))
	return cmd
}

func profileNewCommand(env *environment) *cobra.Command {
	var from, out string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a profile of your own, from a built-in one",
		Long: `new writes the file NAME.yaml: a copy of a built-in profile, comments included, with the
name replaced. It never overwrites a file.`,
		Example: `  bench profile new mine
  bench profile new my-books --from small --out profiles/my-books.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("one name is needed, got %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := experiments.NewProfile(args[0], from)
			if err != nil {
				return usageError{err}
			}
			if out == "" {
				out = args[0] + ".yaml"
			}
			if !experiments.IsProfileFile(out) {
				return usageError{fmt.Errorf("--out is %q, must end in .yaml or .yml", out)}
			}
			if err := writeNew(out, data); err != nil {
				return err
			}
			fmt.Fprintf(env.stdout, "wrote %s; `bench reproduce --profile %s` runs it\n", out, out)
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", "tiny", "built-in profile to copy")
	cmd.Flags().StringVar(&out, "out", "", "file to write (default NAME.yaml)")
	return cmd
}

// writeNew writes a file that must not exist yet, or leaves none behind.
func writeNew(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists already; choose another name or --out, or remove it", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

func profileShowCommand(env *environment) *cobra.Command {
	var profile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the settings in force, beside the paper's",
		Long: `show prints every key of a profile that is in force: its value, the line of the file that
sets it, or "default", and what the paper states. ≠ (!= in a
locale without UTF-8) marks what differs from the paper. Where a key is left out,
the default follows the paper, if that states anything.`,
		Example: `  bench profile show
  bench profile show --profile mine.yaml --json`,
		RunE: func(*cobra.Command, []string) error {
			settings, err := experiments.ProfileSettings(profile)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(env, settings)
			}
			return printSettings(env, settings, localeHasUTF8())
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "tiny", "built-in profile, or the path of your own, a .yaml or .yml file")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON list")
	return cmd
}

func printSettings(env *environment, settings []experiments.Setting, unicode bool) error {
	mark, style := "≠", tw.StyleLight
	if !unicode {
		mark, style = "!=", tw.StyleASCII
	}
	table := tablewriter.NewTable(env.stdout, tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithRowMaxWidth(36),
		tablewriter.WithRowAlignment(tw.AlignLeft), tablewriter.WithRendition(tw.Rendition{Symbols: tw.NewSymbols(style)}))
	table.Header("", "key", "value", "set in", "paper")
	differ, stated := 0, 0
	for _, s := range settings {
		origin, sign := "default", ""
		if s.Line > 0 {
			origin = fmt.Sprintf("line %d", s.Line)
		}
		if s.Differs {
			differ, sign = differ+1, mark
		}
		if s.Paper != "" {
			stated++
		}
		if err := table.Append(sign, s.Key, s.Value, origin, s.Paper); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%d settings; the paper states %d of them, and %d differ (%s)\n", len(settings), stated, differ, mark)
	return nil
}

// localeHasUTF8 says whether the locale can show more than ASCII. A locale that is not set
// at all is taken for one that can.
func localeHasUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := os.Getenv(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}

func profileSchemaCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON Schema, by which editors complete and check profiles",
		Long: `schema prints a JSON Schema (draft 2020-12) of profiles. An editor that knows YAML then
completes keys, explains them and marks mistakes; docs/profile.md says how to set it up. It
cannot say how one number bounds another: every verb that reads a profile checks that.`,
		Example: "  bench profile schema",
		RunE: func(*cobra.Command, []string) error {
			return printJSON(env, experiments.ProfileSchema())
		},
	}
}
