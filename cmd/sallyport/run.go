package main

import (
	"context"
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

func newRunCmd(a *app) *cobra.Command {
	var file string
	var logs logFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the gateway",
		Long: "Run the gateway until it is interrupted; requests in flight are finished.\n" +
			"With --log-level debug, every request is logged.\n" +
			"SIGHUP reads the configuration again and swaps it in without losing a request;\n" +
			"if it has mistakes, they are logged and the gateway goes on as it was.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := logs.logger(cmd.ErrOrStderr())
			if err != nil {
				return usageError(cmd, err)
			}
			return a.run(cmd.Context(), file, logger, cmd.OutOrStdout())
		},
	}
	addConfigFlag(cmd, &file)
	logs.add(cmd, "info")
	return cmd
}

// run serves a configuration until ctx ends.
func (a *app) run(ctx context.Context, file string, logger *zerolog.Logger, out io.Writer) error {
	cfg, err := config.Load(file, a.lookup)
	if err != nil {
		return err
	}
	ls, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	defer ls.close()
	g, err := openGateway(ctx, cfg, logger, accessLog(logger))
	if err != nil {
		// The file is valid: what it names does not work here and now.
		return &exitError{exitFailure, err}
	}
	fmt.Fprintf(out, "%s: listening on %s\n", file, ls.describe(cfg))
	stop := a.reloadOnHangup(ctx, g, file, logger)
	defer stop()
	return g.serve(ctx, ls, cfg.Timeouts.Shutdown)
}

// reloadOnHangup reloads on SIGHUP, one reload at a time, until the returned
// function is called.
func (a *app) reloadOnHangup(ctx context.Context, g *gateway, file string, logger *zerolog.Logger) (stop func()) {
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
				a.reloadOnce(ctx, g, file, logger)
			}
		}
	}()
	return func() {
		signal.Stop(hangup)
		cancel()
		<-done
	}
}

func (a *app) reloadOnce(ctx context.Context, g *gateway, file string, logger *zerolog.Logger) {
	start := time.Now()
	cfg, err := config.Load(file, a.lookup)
	if err == nil {
		err = g.reload(ctx, cfg, cfg.Timeouts.Shutdown)
	}
	if err != nil {
		logger.Error().Err(err).Str("file", file).Msg("reload refused; going on as before")
		return
	}
	logger.Info().Str("file", file).Uint64("generation", g.current.Load().number).
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
	scheme := "http"
	if cfg.TLS != nil {
		scheme = "https"
	}
	s := fmt.Sprintf("%s://%s (%s, %s)", scheme, ls.public.Addr(), plural(len(cfg.APIs), "api"), plural(len(cfg.Plugins), "plugin"))
	if ls.admin != nil {
		s += fmt.Sprintf(", admin on http://%s", ls.admin.Addr())
	}
	return s
}
