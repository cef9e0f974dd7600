package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/config"
)

// reader reads a configuration, at the start and for each reload.
type reader interface {
	read(ctx context.Context) (*config.Config, error)

	// explain returns an error of the configuration that was read last in the
	// words of whoever wrote it.
	explain(err error) error
}

// configFile reads a configuration from its file.
type configFile struct {
	name   string
	lookup func(string) (string, bool)
}

func (f configFile) read(context.Context) (*config.Config, error) {
	return config.Load(f.name, f.lookup)
}

func (configFile) explain(err error) error { return err }

func newRunCmd(a *app) *cobra.Command {
	var file string
	var logs logFlags
	var tree tykFlags
	var withLab bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the gateway",
		Long: "Run the gateway until it is interrupted; requests in flight are finished.\n" +
			"With --log-level debug, every request is logged.\n" +
			"SIGHUP reads the configuration again and swaps it in without losing a request;\n" +
			"if it has mistakes, they are logged and the gateway goes on as it was.\n\n" +
			"With --tyk, the configuration is made of a folder of Tyk's files, as `migrate tyk`\n" +
			"writes it.\n\n" +
			"With --lab, the page on the admin listener gets buttons that inject faults, and the\n" +
			"gateway gets the plugins and APIs for that, below /lab/. Not for production.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := logs.logger(cmd.ErrOrStderr())
			if err != nil {
				return usageError(cmd, err)
			}
			if err := tree.check(cmd); err != nil {
				return usageError(cmd, err)
			}
			if !cmd.Flags().Changed("tyk") {
				return a.run(cmd.Context(), file, configFile{file, a.lookup}, withLab, logger, cmd.OutOrStdout())
			}
			return a.runTyk(cmd.Context(), &tree, withLab, logger, cmd.OutOrStdout())
		},
	}
	addConfigFlag(cmd, &file)
	tree.addTo(cmd)
	cmd.Flags().BoolVar(&withLab, "lab", false, "let the page on the admin listener inject faults")
	logs.add(cmd, "info")
	return cmd
}

// run serves a configuration until ctx ends. name is what it is called.
func (a *app) run(ctx context.Context, name string, from reader, withLab bool, logger *zerolog.Logger, out io.Writer) error {
	if !withLab {
		return a.serve(ctx, name, from, nil, logger, out)
	}
	from, rig, err := addLab(ctx, from)
	if err != nil {
		return err
	}
	inner, stop := context.WithCancel(ctx)
	err = a.serve(inner, name, from, rig, logger, out)
	stop()
	return errors.Join(err, rig.Close())
}

// serve is run with a lab, or without one.
func (a *app) serve(ctx context.Context, name string, from reader, rig *labRig, logger *zerolog.Logger, out io.Writer) error {
	cfg, err := from.read(ctx)
	if err != nil {
		return err
	}
	ls, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	defer ls.close()
	w := watchers{access: accessLog(logger), raw: a.raw}
	if rig != nil {
		w.injector = rig
	}
	g, err := openGateway(ctx, cfg, logger, w)
	if err != nil {
		// The file is valid: what it names does not work here and now.
		return &exitError{exitFailure, from.explain(err)}
	}
	fmt.Fprintf(out, "%s: listening on %s\n", name, ls.describe(cfg))
	if rig != nil {
		fmt.Fprintf(out, "isolation lab: http://%s/lab/\n", ls.admin.Addr())
		rig.serve(ctx, ls.scheme(cfg)+"://"+ls.public.Addr().String())
	}
	stop := reloadOnHangup(ctx, g, name, from, logger)
	defer stop()
	return g.serve(ctx, ls, cfg.Timeouts.Shutdown)
}

// reloadOnHangup reloads on SIGHUP, one reload at a time, until the returned
// function is called.
func reloadOnHangup(ctx context.Context, g *gateway, name string, from reader, logger *zerolog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				reloadOnce(ctx, g, name, from, logger)
			}
		}
	}()
	return func() {
		signal.Stop(hangup)
		cancel()
		<-done
	}
}

func reloadOnce(ctx context.Context, g *gateway, name string, from reader, logger *zerolog.Logger) {
	start := time.Now()
	cfg, err := from.read(ctx)
	if err == nil {
		err = from.explain(g.reload(ctx, cfg, cfg.Timeouts.Shutdown))
	}
	if err != nil {
		logger.Error().Err(err).Str("file", name).Msg("reload refused; going on as before")
		return
	}
	logger.Info().Str("file", name).Uint64("generation", g.current.Load().number).
		Dur("took", time.Since(start)).Msg("reloaded")
}

// close closes what a gateway that never served has left open. Closing twice
// does no harm.
func (ls listeners) close() {
	_ = ls.public.Close()
	if ls.admin != nil {
		_ = ls.admin.Close()
	}
}

// describe says where to reach the gateway.
func (ls listeners) describe(cfg *config.Config) string {
	s := fmt.Sprintf("%s://%s (%s, %s)", ls.scheme(cfg), ls.public.Addr(), plural(len(cfg.APIs), "api"), plural(len(cfg.Plugins), "plugin"))
	if ls.admin != nil {
		s += fmt.Sprintf(", admin on http://%s", ls.admin.Addr())
	}
	return s
}

func (listeners) scheme(cfg *config.Config) string {
	if cfg.TLS != nil {
		return "https"
	}
	return "http"
}
