package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/internal/tyk"
)

func newMigrateCmd(p *commandLine) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Turn the files of another gateway into a configuration",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMigrateTykCmd(p))
	return cmd
}

// migration is one run of `migrate tyk`.
type migration struct {
	tykFlags
	out    string
	report bool
	json   bool
}

func newMigrateTykCmd(p *commandLine) *cobra.Command {
	m := &migration{}
	cmd := &cobra.Command{
		Use:   "tyk DIR",
		Short: "Turn a folder of Tyk's files into a configuration",
		Long: "Turn a folder of Tyk's files into a configuration that serves the same, and say what\n" +
			"could not be carried over. The folder has apps/*.json, and may have middleware/,\n" +
			"bundles/NAME.zip, keys.json and tyk.conf. `run --tyk DIR` serves the same text\n" +
			"without writing it.\n\n" +
			"The configuration goes to the standard output, or to the file named by --out, which\n" +
			"must not be there yet.\n" +
			"Scripts that definitions hold inline, and bundles, go to a folder beside it. With\n" +
			"--report, the report is printed; without --out, nothing else is then.\n\n" +
			"Every script is loaded. One that does not load is an error, and so is a key of a\n" +
			"definition without which an API would let more through.",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			m.dir = args[0]
			return m.run(cmd.Context(), p, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	m.add(cmd)
	cmd.Flags().StringVarP(&m.out, "out", "o", "", "write the configuration to `FILE`")
	cmd.Flags().StringVar(&m.listen, "listen", "", "serve `ADDR` instead of what tyk.conf says")
	cmd.Flags().BoolVar(&m.report, "report", false, "print the report")
	cmd.Flags().BoolVar(&m.json, "json", false, "print the report as JSON")
	return cmd
}

// run imports, checks and writes, in this order: a file that is written works.
func (m *migration) run(ctx context.Context, p *commandLine, out, errOut io.Writer) error {
	m.report = m.report || m.json
	result, err := app.MigrateTyk(ctx, m.config(), m.out, m.report, p.lookup)
	if err != nil {
		return m.fail(out, result, err)
	}
	if m.report {
		return m.print(out, result.Report)
	}
	if m.out == "" {
		if _, err := out.Write(result.YAML); err != nil {
			return err
		}
	}
	fmt.Fprint(errOut, m.summary(result))
	return nil
}

// fail prints what there is of a report before the error.
func (m *migration) fail(out io.Writer, result *tyk.Imported, err error) error {
	if m.report && result != nil {
		if err := m.print(out, result.Report); err != nil {
			return err
		}
	}
	return err
}

func (m *migration) print(out io.Writer, r *tyk.ImportReport) error {
	if m.json {
		return output.JSON(out, r)
	}
	return r.Print(out, output.Colored(out))
}

// summary says in a line or two what was done.
func (m *migration) summary(result *tyk.Imported) string {
	served, notes, faults := 0, 0, 0
	for _, a := range result.Report.APIs {
		if a.Skipped == "" {
			served++
		}
		notes += len(a.Worries())
		faults += a.Faults()
	}
	s := fmt.Sprintf("%s: %s, %s", m.dir, output.Plural(served, "api"), output.Plural(notes, "note"))
	if skipped := len(result.Report.APIs) - served; skipped > 0 {
		s += fmt.Sprintf(", %d not served", skipped)
	}
	if faults > 0 {
		s += fmt.Sprintf(", %s that will answer 500", output.Plural(faults, "hook"))
	}
	if notes > 0 {
		s += "; --report says what they are"
	}
	if result.NeedsProcess {
		s += "\nfill in the command of coproc: it must have the handlers of plugins that are not JavaScript"
	}
	return s + "\n"
}
