package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	"github.com/c386954a/sallyport/internal/compare/bench/plain"
	"github.com/c386954a/sallyport/internal/compare/bench/reference"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// newBenchChildCmd plays the parts of the benchmark: the same program in other
// processes.
func newBenchChildCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    bench.ChildName() + " PART [ARGUMENT]",
		Short:  "A part of the benchmark: ends with its standard input",
		Hidden: true,
		Args:   usageArgs(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			// A Ctrl-C is for the parent, which then ends us in order.
			signal.Ignore(os.Interrupt)
			arg := append(args, "")[1]
			in, out := cmd.InOrStdin(), cmd.OutOrStdout()
			switch args[0] {
			case bench.ChildUpstream:
				return servePlain(cmd.Context(), plain.NewUpstream(), in, out)
			case bench.ChildForwarder:
				return servePlain(cmd.Context(), plain.NewForwarder(arg), in, out)
			case bench.ChildGateway:
				return a.serveBench(cmd.Context(), arg, in, out, cmd.ErrOrStderr())
			case bench.ChildProcess:
				return benchProcess()
			}
			return usageError(cmd, fmt.Errorf("no part %q", args[0]))
		},
	}
}

// servePlain serves until the input ends.
func servePlain(ctx context.Context, s *plain.Server, in io.Reader, out io.Writer) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	err = bench.Serve(in, out, bench.Ready{Address: ln.Addr().String()}, nil)
	return errors.Join(err, s.Close(), <-served)
}

// serveBench serves a configuration as run does, with the references among the
// built-in steps, until the input ends.
func (a *app) serveBench(ctx context.Context, file string, in io.Reader, out, log io.Writer) error {
	logger := zerolog.New(log).Level(zerolog.WarnLevel)
	cfg, err := config.Load(file, a.lookup)
	if err != nil {
		return err
	}
	g, loaded, err := openBench(ctx, cfg, &logger)
	if err != nil {
		return &exitError{exitFailure, err}
	}
	ls, err := listen(ctx, cfg)
	if err != nil {
		return errors.Join(err, g.release(ctx))
	}
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- g.serve(ctx, ls, cfg.Timeouts.Shutdown) }()
	err = bench.Serve(in, out, bench.Ready{Address: ls.public.Addr().String(), Load: loaded}, g.benchState)
	cancel()
	return errors.Join(err, <-served)
}

// openBench opens a gateway with the references, and with the key that the
// auth hooks look up in its store.
func openBench(ctx context.Context, cfg *config.Config, logger *zerolog.Logger) (g *gateway, loaded time.Duration, err error) {
	st, err := openStore(cfg)
	if err != nil {
		return nil, 0, err
	}
	if err := seedBench(st); err != nil {
		return nil, 0, err
	}
	runtimes, err := newRuntimes(ctx, cfg, st, logger, nil, nil)
	if err != nil {
		return nil, 0, err
	}
	runtimes[config.Builtin] = reference.New(reference.Config{Next: runtimes[config.Builtin], KV: st})
	start := time.Now()
	first, err := assemble(ctx, &generation{}, cfg, st, runtimes, logger)
	loaded = time.Since(start)
	if err != nil {
		return nil, 0, err
	}
	g, err = newGateway(ctx, cfg, st, first, logger, watchers{})
	return g, loaded, err
}

// seedBench stores the key for plugins, and for scripts, whose keys have a
// prefix.
func seedBench(kv abi.KV) error {
	deadline := time.Now().Add(time.Second)
	for _, key := range []string{guest.StoreKey, "jsvm:k:" + guest.StoreKey} {
		if err := kv.Set(deadline, []byte(key), []byte(guest.Tenant), 0); err != nil {
			return err
		}
	}
	return nil
}

// benchState reads what the chains and the runtimes have counted.
func (g *gateway) benchState(s *bench.State) {
	s.Faults = map[string]uint64{}
	for _, c := range g.chains() {
		for step := range c.Steps() {
			n := step.Stats().Snapshot()
			s.Calls += n.Calls
			for kind, count := range n.Faults {
				if count > 0 {
					s.Faults[abi.Kind(kind).String()] += count
				}
			}
			if r, ok := step.Plugin.(abi.Reporter); ok {
				status := r.Status()
				s.Instances += status.Instances
				s.Memory += status.Memory
			}
		}
	}
	if r, ok := g.current.Load().runtimes[config.Process].(*coproc.Runtime); ok {
		s.Process = r.Stats().PID
	}
}
