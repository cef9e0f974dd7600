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

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/rig"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/output"
)

func newRunCmd(p *commandLine) *cobra.Command {
	var file string
	var logs logFlags
	var folder tykFlags
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
			if err := folder.check(cmd); err != nil {
				return usageError(cmd, err)
			}
			s := &serving{logger: logger, raw: p.raw, out: cmd.OutOrStdout()}
			if !cmd.Flags().Changed("tyk") {
				s.from = app.ConfigFile{Path: file, Lookup: p.lookup}
				return s.run(cmd.Context(), withLab)
			}
			tree, err := app.OpenTykFolder(folder.config(), p.lookup, logger)
			if err != nil {
				return err
			}
			defer tree.Close()
			s.from = tree
			return s.run(cmd.Context(), withLab)
		},
	}
	addConfigFlag(cmd, &file)
	folder.addTo(cmd)
	cmd.Flags().BoolVar(&withLab, "lab", false, "let the page on the admin listener inject faults")
	logs.add(cmd, "info")
	return cmd
}

// serving is one run of a gateway.
type serving struct {
	from   app.ConfigSource
	lab    *rig.Rig // nil: nothing injects faults
	logger *zerolog.Logger
	raw    io.Writer // gets the lines of rawlog; nil sends them to the log
	out    io.Writer
	hangup chan os.Signal
}

// run serves until ctx ends. The configuration is read once, and again for
// each reload.
func (s *serving) run(ctx context.Context, withLab bool) error {
	// A hangup while the gateway starts must not end it: it is a reload that
	// comes early.
	s.hangup = make(chan os.Signal, 1)
	signal.Notify(s.hangup, syscall.SIGHUP)
	defer signal.Stop(s.hangup)
	cfg, err := s.from.Read(ctx)
	if err != nil {
		return err
	}
	if !withLab {
		return s.serve(ctx, cfg)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if s.lab, err = rig.Open(ctx, cfg, []string{program, faultsChildName}); err != nil {
		return err
	}
	inner, stop := context.WithCancel(ctx)
	if err = s.lab.Extend(cfg); err == nil {
		err = s.serve(inner, cfg)
	}
	stop()
	return errors.Join(err, s.lab.Close())
}

// serve is run with a configuration that was read and extended.
func (s *serving) serve(ctx context.Context, cfg *config.Config) error {
	ls, err := app.Listen(ctx, cfg)
	if err != nil {
		return err
	}
	defer ls.Close()
	o := app.Options{Logger: s.logger, Raw: s.raw, Access: accessLog(s.logger)}
	if s.lab != nil {
		o.Injector = s.lab
	}
	a, err := app.New(ctx, cfg, o)
	if err != nil {
		// The file is valid: what it names does not work here and now.
		return &exitError{exitFailure, s.from.Explain(err)}
	}
	s.announce(cfg, ls)
	if s.lab != nil {
		s.lab.Serve(ctx, scheme(cfg)+"://"+ls.Public.Addr().String())
	}
	stop := s.reloadOnHangup(ctx, a)
	defer stop()
	return a.Run(ctx, ls)
}

// announce says where to reach the gateway.
func (s *serving) announce(cfg *config.Config, ls app.Listeners) {
	fmt.Fprintf(s.out, "%s: listening on %s://%s (%s, %s)", s.from.Name(), scheme(cfg), ls.Public.Addr(),
		output.Plural(len(cfg.APIs), "api"), output.Plural(len(cfg.Plugins), "plugin"))
	if ls.Admin != nil {
		fmt.Fprintf(s.out, ", admin on http://%s", ls.Admin.Addr())
	}
	fmt.Fprintln(s.out)
	if s.lab != nil {
		fmt.Fprintf(s.out, "isolation lab: http://%s/lab/\n", ls.Admin.Addr())
	}
}

func scheme(cfg *config.Config) string {
	if cfg.TLS != nil {
		return "https"
	}
	return "http"
}

// reloadOnHangup reloads on SIGHUP, one reload at a time, until the returned
// function is called.
func (s *serving) reloadOnHangup(ctx context.Context, a *app.App) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.hangup:
				s.reload(ctx, a)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// reload swaps the configuration as it is now in, and then drains what served
// before. These are two results: once new requests are served by the new
// generation, a request of the old one that does not end makes nothing undone.
func (s *serving) reload(ctx context.Context, a *app.App) {
	start := time.Now()
	cfg, err := s.read(ctx)
	var old *app.Generation
	if err == nil {
		old, err = a.Reload(ctx, cfg)
		err = s.from.Explain(err)
	}
	if err != nil {
		s.logger.Error().Err(err).Str("file", s.from.Name()).Msg("reload refused; going on as before")
		return
	}
	s.logger.Info().Str("file", s.from.Name()).Uint64("generation", a.Generation().Number()).
		Dur("took", time.Since(start)).Msg("reloaded")
	start = time.Now()
	a.Retire(old, cfg.Timeouts.Drain, func(err error) { s.retired(old, time.Since(start), err) })
}

// retired logs how the wait for the requests of a generation has ended.
func (s *serving) retired(old *app.Generation, after time.Duration, err error) {
	level, text := zerolog.InfoLevel, "old generation drained"
	if err != nil {
		level = zerolog.WarnLevel
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		text = "old generation cut off"
	}
	s.logger.WithLevel(level).Err(err).Str("file", s.from.Name()).Uint64("generation", old.Number()).
		Dur("after", after).Msg(text)
}

// read reads the configuration, with the plugins of the lab in it.
func (s *serving) read(ctx context.Context) (*config.Config, error) {
	cfg, err := s.from.Read(ctx)
	if err != nil || s.lab == nil {
		return cfg, err
	}
	return cfg, s.lab.Extend(cfg)
}
