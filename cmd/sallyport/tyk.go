package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/tyk"
)

// tykFlags are those of the commands that read Tyk's files.
type tykFlags struct {
	dir     string
	listen  string
	lenient bool
	skip    bool
	waive   []string
	process []string
}

func (f *tykFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.lenient, "lenient", false,
		"import what can be imported: APIs with mistakes are left out, hooks with broken scripts answer 500")
	flags.BoolVar(&f.skip, "skip-unsupported", false,
		"leave out APIs that cannot be imported, and import the others")
	flags.StringArrayVar(&f.waive, "waive", nil,
		"ignore `KEY` of a definition although the API lets more through without it")
	flags.StringArrayVar(&f.process, "coproc", nil,
		"`WORD` of the command that has the handlers of Python, Lua, gRPC and Go plugins; repeat it for its arguments")
}

// addTo adds the flags of `run`.
func (f *tykFlags) addTo(cmd *cobra.Command) {
	f.add(cmd)
	cmd.Flags().StringVar(&f.dir, "tyk", "", "serve the Tyk files in `DIR` instead of a configuration")
	cmd.Flags().StringVar(&f.listen, "listen", "", "with --tyk, serve `ADDR` instead of what tyk.conf says")
}

// check returns an error about flags that do not go together.
func (*tykFlags) check(cmd *cobra.Command) error {
	if cmd.Flags().Changed("tyk") {
		if cmd.Flags().Changed("config") {
			return errors.New("--config and --tyk do not go together: name one of them")
		}
		return nil
	}
	for _, name := range []string{"listen", "lenient", "skip-unsupported", "waive", "coproc"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s goes with --tyk", name)
		}
	}
	return nil
}

// config returns what to import.
func (f *tykFlags) config() tyk.Config {
	return tyk.Config{Dir: f.dir, Listen: f.listen, Lenient: f.lenient, SkipUnsupported: f.skip, Waive: f.waive, Process: f.process}
}
