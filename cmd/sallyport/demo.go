package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/demo"
	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/proxy"
)

// demoChildName is the hidden command that plays the external process of the
// demo.
const demoChildName = "demo-child"

func newDemoCmd() *cobra.Command {
	var once, asJSON bool
	var o demo.Config
	var logs logFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show one request pass a plugin in each isolation model",
		Long: "Start an upstream and a gateway with the same plugin in three isolation models:\n" +
			"legacy JavaScript, WebAssembly and an external process. Nothing else is needed.\n" +
			"The isolation lab is a page that injects faults into them and shows what happens.\n" +
			"With --once, send requests through each of them, print what happened and stop.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if asJSON && !once {
				return usageError(cmd, errors.New("--json goes with --once"))
			}
			if o.Logger, err = logs.logger(cmd.ErrOrStderr()); err != nil {
				return usageError(cmd, err)
			}
			program, err := os.Executable()
			if err != nil {
				return err
			}
			o.Child = []string{program, demoChildName}
			if once {
				o.Listen, o.Admin = "127.0.0.1:0", ""
				return demoOnce(cmd.Context(), cmd.OutOrStdout(), o, asJSON)
			}
			return demoLive(cmd.Context(), cmd.OutOrStdout(), o)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "send requests through each model, print a table and stop")
	cmd.Flags().BoolVar(&asJSON, "json", false, "with --once: print the result as JSON")
	cmd.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on; if it is taken, a free port")
	cmd.Flags().StringVar(&o.Admin, "admin", "127.0.0.1:9901",
		"`ADDRESS` of the isolation lab; if it is taken, a free port")
	logs.add(cmd, "error") // the page shows the faults
	return cmd
}

func newDemoChildCmd() *cobra.Command {
	return &cobra.Command{
		Use:    demoChildName,
		Short:  "The external process of the demo: speaks JSON-RPC on stdin and stdout",
		Hidden: true,
		RunE:   func(_ *cobra.Command, args []string) error { return demo.Child(args) },
	}
}

// demoOnce exits with an error unless everything held.
func demoOnce(ctx context.Context, out io.Writer, o demo.Config, asJSON bool) error {
	d, err := demo.Start(ctx, o)
	if err != nil {
		return err
	}
	report, err := d.Probe(ctx)
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	err = output.Show(out, asJSON, report)
	if err == nil && !report.OK {
		return &exitError{code: exitCheck}
	}
	return err
}

// demoLive runs until it is interrupted and prints a line for each request.
func demoLive(ctx context.Context, out io.Writer, o demo.Config) error {
	var mu sync.Mutex // requests end on many goroutines
	o.Access = func(a *proxy.AccessRecord) {
		mu.Lock()
		defer mu.Unlock()
		demo.PrintAccess(out, a)
	}
	d, err := demo.Start(ctx, o)
	if err != nil {
		return err
	}
	mu.Lock()
	d.Introduce(out)
	mu.Unlock()
	<-ctx.Done()
	fmt.Fprintln(out, "stopping")
	return d.Close()
}
