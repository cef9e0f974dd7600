package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
)

// commandLine is what the commands share.
type commandLine struct {
	// checkPlugins loads every plugin of a configuration, lets go of them
	// again and returns what was wrong. nil checks nothing.
	checkPlugins func(context.Context, *config.Config) config.Problems

	// lookup finds values of the environment.
	lookup func(string) (string, bool)

	// raw gets the lines of rawlog, and is where the log goes.
	raw io.Writer
}

func newProgram() *commandLine { return &commandLine{checkPlugins: app.Check, lookup: os.LookupEnv} }

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func newStreams() streams { return streams{os.Stdin, os.Stdout, os.Stderr} }

// execute runs one command line and returns its exit code.
func (p *commandLine) execute(ctx context.Context, s streams, args []string) int {
	p.raw = s.err
	root := newRootCmd(p)
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	report(s.err, err)
	return exitCode(err)
}

func newRootCmd(p *commandLine) *cobra.Command {
	root := &cobra.Command{
		Use:           "sallyport",
		Short:         "HTTP API gateway with plugins in three isolation models",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError(cmd, err) })
	root.AddCommand(
		newBenchCmd(),
		newBenchChildCmd(),
		newDemoCmd(),
		newDemoChildCmd(),
		newFaultsCmd(),
		newFaultsChildCmd(),
		newFaultsGatewayCmd(p),
		newMigrateCmd(p),
		newPluginCmd(p),
		newRunCmd(p),
		newValidateCmd(p),
		newVersionCmd(),
	)
	return root
}

// usageArgs makes what check refuses a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		if !cmd.HasParent() && len(args) > 0 {
			err = unknownCommand(cmd, args[0])
		}
		return usageError(cmd, err)
	}
}

func unknownCommand(root *cobra.Command, name string) error {
	text := "unknown command `" + name + "`"
	if near := root.SuggestionsFor(name); len(near) > 0 {
		text += ". did you mean `" + near[0] + "`?"
	}
	return errors.New(text)
}
