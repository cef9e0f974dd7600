package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/output"
)

// verdict is what validate --json prints.
type verdict struct {
	File     string          `json:"file"`
	OK       bool            `json:"ok"`
	Plugins  int             `json:"plugins"`
	APIs     int             `json:"apis"`
	Problems config.Problems `json:"problems"`
	Warnings config.Problems `json:"warnings,omitempty"`
}

func newValidateCmd(p *commandLine) *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check a configuration and load every plugin in it",
		Long: "Check a configuration file, load every plugin it names, and report all\n" +
			"mistakes at once, each as file:line:column: what is wrong. what to do about it",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, warnings, err := p.validate(cmd.Context(), file)
			if asJSON {
				return printVerdict(cmd.OutOrStdout(), file, c, warnings, err)
			}
			if err != nil {
				return err
			}
			for _, w := range warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), w)
			}
			return printSummary(cmd.OutOrStdout(), file, c)
		},
	}
	addConfigFlag(cmd, &file)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// addConfigFlag adds the flag that names the configuration file.
func addConfigFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "config", "c", config.DefaultFile, "configuration `FILE`")
}

// validate loads the configuration and its plugins. It returns an error of
// type config.Problems if anything is wrong with them.
func (p *commandLine) validate(ctx context.Context, file string) (*config.Config, config.Problems, error) {
	c, err := config.Load(file, p.lookup)
	if err != nil || p.checkPlugins == nil {
		return c, nil, err
	}
	warnings, problems := p.checkPlugins(ctx, c).Warnings()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if len(problems) > 0 {
		return nil, nil, problems.Sort()
	}
	return c, warnings.Sort(), nil
}

// printSummary says what was found, and for each API who may use it.
func printSummary(out io.Writer, file string, c *config.Config) error {
	fmt.Fprintf(out, "%s: ok: %s, %s\n", file, output.Plural(len(c.Plugins), "plugin"), output.Plural(len(c.APIs), "api"))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, a := range c.APIs {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", a.Name, a.Reach(), a.Protection())
	}
	return w.Flush()
}

// printVerdict prints the result of validate as one JSON object. It returns
// err without its text where the object says it all.
func printVerdict(w io.Writer, file string, c *config.Config, warnings config.Problems, err error) error {
	v := verdict{File: file, OK: err == nil, Problems: config.Problems{}, Warnings: warnings}
	if c != nil {
		v.Plugins, v.APIs = len(c.Plugins), len(c.APIs)
	}
	if err != nil {
		problems, ok := errors.AsType[config.Problems](err)
		if !ok {
			return err
		}
		v.Problems, err = problems, &exitError{code: exitConfig}
	}
	return errors.Join(err, output.JSON(w, v))
}
