package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/admin"
	"github.com/c386954a/sallyport/internal/compare/lab"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/store"
)

// gateway is a configuration brought to life: the proxy, what its requests
// pass, and the admin listener beside it.
type gateway struct {
	store   store.Store
	proxy   *proxy.Gateway
	admin   *admin.Server
	lab     *lab.Lab // nil without an admin listener
	logger  *zerolog.Logger
	raw     io.Writer // of rawlog
	current atomic.Pointer[generation]
}

// watchers are told what happens in a gateway. All of them may be nil.
type watchers struct {
	access   func(*proxy.Access)
	injector lab.Injector // gives the lab its buttons
	raw      io.Writer    // gets the lines of rawlog; nil sends them to the log
}

// listeners are where a gateway serves. admin is nil where none is wanted.
type listeners struct{ public, admin net.Listener }

// openGateway loads everything the configuration names. It does not listen.
func openGateway(ctx context.Context, cfg *config.Config, logger *zerolog.Logger, w watchers) (*gateway, error) {
	st, err := openStore(cfg)
	if err != nil {
		return nil, err
	}
	first, err := newGeneration(ctx, nil, cfg, st, logger, w.raw)
	if err != nil {
		return nil, err
	}
	return newGateway(ctx, cfg, st, first, logger, w)
}

// newGateway puts the proxy and the admin listener round the first generation.
func newGateway(ctx context.Context, cfg *config.Config, st store.Store, first *generation, logger *zerolog.Logger, w watchers) (*gateway, error) {
	settings, err := proxyConfig(cfg, logger)
	if err != nil {
		return nil, errors.Join(err, first.close(ctx))
	}
	g := &gateway{store: st, logger: logger, raw: w.raw}
	g.current.Store(first)
	about := admin.Config{Chains: g.chains, Process: g.process, Version: version(), Logger: logger}
	if cfg.Admin != nil {
		g.lab = lab.New(lab.Config{Chains: g.chains, ProcessID: g.processID, Injector: w.injector, Version: version(), Logger: logger})
		first.lab, about.Lab = g.lab, g.lab
	}
	g.admin = admin.New(about)
	settings.Observe = w.access
	g.proxy = proxy.New(settings, first.router)
	return g, nil
}

// release lets go of a gateway that never served.
func (g *gateway) release(ctx context.Context) error {
	g.closeLab()
	return g.current.Load().close(ctx)
}

func (g *gateway) closeLab() {
	if g.lab != nil {
		g.lab.Close()
	}
}

func openStore(cfg *config.Config) (store.Store, error) {
	st, err := store.Open(cfg.Store.URL.Value)
	if err != nil {
		return nil, config.Problems{cfg.Problemf(cfg.Store.URL.Pos, "", "store: %v", err)}
	}
	if cfg.Store.HashKeys {
		st = store.HashKeys(st)
	}
	if cfg.Store.Keys.Value == "" {
		return st, nil
	}
	if _, err := store.LoadKeys(st, cfg.Store.Keys.Value); err != nil {
		return nil, config.Problems{cfg.Problemf(cfg.Store.Keys.Pos, "", "keys: %v", err)}
	}
	return st, nil
}

func (g *gateway) chains() []*chain.Chain { return g.current.Load().chains }

// process returns the figures of the external process, if there is one.
func (g *gateway) process() any {
	if r := g.external(); r != nil {
		return r.Stats()
	}
	return nil
}

// processID returns the id of the external process, 0 if there is none.
func (g *gateway) processID() int {
	if r := g.external(); r != nil {
		return r.Stats().PID
	}
	return 0
}

func (g *gateway) external() *coproc.Runtime {
	r, _ := g.current.Load().runtimes[config.Process].(*coproc.Runtime)
	return r
}

// listen opens the ports of the configuration.
func listen(ctx context.Context, cfg *config.Config) (listeners, error) {
	public, err := listenOn(ctx, cfg.Listen)
	if err != nil {
		return listeners{}, err
	}
	if cfg.Admin == nil {
		return listeners{public: public}, nil
	}
	private, err := listenOn(ctx, cfg.Admin.Listen)
	if err != nil {
		return listeners{}, errors.Join(err, public.Close())
	}
	return listeners{public, private}, nil
}

func listenOn(ctx context.Context, addr config.Text) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr.Value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", addr.Pos, err)
	}
	return ln, nil
}

// serve answers until ctx ends, then lets requests in flight finish within
// the grace period and releases everything.
func (g *gateway) serve(ctx context.Context, ls listeners, grace time.Duration) error {
	failed := make(chan error, 2)
	go func() { failed <- g.proxy.Serve(ls.public) }()
	running := 1
	if ls.admin != nil {
		running++
		go func() { failed <- g.admin.Serve(ls.admin) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
	}
	return errors.Join(err, g.stop(context.WithoutCancel(ctx), grace, failed, running))
}

// stop drains the proxy first: the admin listener answers until the end.
func (g *gateway) stop(ctx context.Context, grace time.Duration, served <-chan error, running int) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	errs := []error{g.proxy.Shutdown(ctx)}
	g.closeLab() // ends the streams that the admin listener would wait for
	errs = append(errs, g.admin.Shutdown(ctx))
	for range running {
		errs = append(errs, <-served)
	}
	return errors.Join(append(errs, g.current.Load().close(ctx))...)
}

// reload builds the configuration anew, sends new requests there and closes
// what was there before once its requests are done. After an error the gateway
// goes on as it was.
func (g *gateway) reload(ctx context.Context, cfg *config.Config, grace time.Duration) error {
	old := g.current.Load()
	next, err := newGeneration(ctx, old, cfg, g.store, g.logger, g.raw)
	if err != nil {
		return err
	}
	next.lab = g.lab
	g.current.Store(next)
	g.proxy.SetRouter(next.router)
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	return errors.Join(old.router.Drain(ctx), old.close(ctx))
}

// proxyConfig reads the certificate, if there is one.
func proxyConfig(cfg *config.Config, logger *zerolog.Logger) (proxy.Config, error) {
	out := proxy.Config{Config: ingress.Config{
		Logger:         logger,
		MaxHeaderBytes: int(cfg.Limits.Header), MaxURIBytes: int(cfg.Limits.URI), MaxConns: cfg.Limits.Connections,
		ReadHeaderTimeout: cfg.Timeouts.ReadHeader, ReadTimeout: cfg.Timeouts.ReadBody,
		WriteTimeout: cfg.Timeouts.Write, IdleTimeout: cfg.Timeouts.Idle,
	}}
	if cfg.TLS == nil {
		return out, nil
	}
	var err error
	if out.TLS, err = proxy.LoadTLS(cfg.TLS.Cert.Value, cfg.TLS.Key.Value); err != nil {
		return out, config.Problems{cfg.Problemf(cfg.TLS.Cert.Pos, "", "%v", err)}
	}
	return out, nil
}
