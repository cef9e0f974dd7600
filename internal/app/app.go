package app

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/admin"
	"github.com/c386954a/sallyport/internal/compare/lab"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/store"
)

// Options are what a gateway needs beside its configuration. The zero value
// logs nothing and watches nothing.
type Options struct {
	// Logger gets faults, the output of plugins and what runtimes report.
	Logger *zerolog.Logger

	// Raw gets the lines of rawlog; nil sends them to the log.
	Raw io.Writer

	// Access is told of each request when it has ended. It is called by many
	// goroutines at once.
	Access func(*proxy.Access)

	// Injector gives the page of the isolation lab its buttons.
	Injector lab.Injector

	// Store takes the place of the one that the configuration names. The
	// caller closes it.
	Store store.Store

	// Builtin returns what takes the place of the runtime of built-in steps;
	// nil keeps it.
	Builtin func(next abi.Runtime) abi.Runtime
}

// complete gives o a logger.
func (o Options) complete() Options {
	if o.Logger == nil {
		nop := zerolog.Nop()
		o.Logger = &nop
	}
	return o
}

// App is a configuration brought to life: the proxy, the generation that its
// requests pass through, and the admin listener beside it. Make one with [New]
// and end it with either [App.Run] or [App.Close].
//
// All methods may be called at any time between these two, but only one Reload
// at a time.
type App struct {
	options Options     // complete, with the store
	owned   store.Store // closed at the end; nil if the caller closes it
	proxy   *proxy.Gateway
	admin   *admin.Server
	lab     *lab.Lab // nil without an admin listener
	grace   time.Duration
	current atomic.Pointer[Generation]
}

// New loads everything that the configuration names. It does not listen.
// Mistakes in the configuration are returned together as [config.Problems].
func New(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	a := &App{options: o.complete(), grace: cfg.Timeouts.Shutdown}
	if o.Store == nil {
		st, err := OpenStore(cfg)
		if err != nil {
			return nil, err
		}
		a.options.Store, a.owned = st, st
	}
	first, err := load(ctx, nil, cfg, a.options)
	if err != nil {
		return nil, errors.Join(err, a.closeStore())
	}
	settings, err := proxyConfig(cfg, a.options.Logger)
	if err != nil {
		return nil, errors.Join(err, first.Close(ctx), a.closeStore())
	}
	settings.Observe = o.Access
	a.current.Store(first)
	a.watch(cfg)
	a.proxy = proxy.New(settings, first.router)
	return a, nil
}

// watch makes the admin server, and the lab if there is a listener for it.
func (a *App) watch(cfg *config.Config) {
	about := admin.Config{Chains: a.chains, Process: a.process, Version: Version(), Logger: a.options.Logger}
	if cfg.Admin != nil {
		a.lab = lab.New(lab.Config{
			Chains: a.chains, ProcessID: a.ProcessID, Injector: a.options.Injector, Version: Version(), Logger: a.options.Logger,
		})
		a.current.Load().lab, about.Lab = a.lab, a.lab
	}
	a.admin = admin.New(about)
}

// Reload builds a generation from cfg and, once all of it has loaded, sends
// new requests there. It returns the generation before it, which the caller
// must drain. After an error nothing has changed.
func (a *App) Reload(ctx context.Context, cfg *config.Config) (old *Generation, err error) {
	old = a.current.Load()
	next, err := load(ctx, old, cfg, a.options)
	if err != nil {
		return nil, err
	}
	next.lab = a.lab
	a.current.Store(next)
	a.proxy.SetRouter(next.router)
	return old, nil
}

// Close releases an App that never ran.
func (a *App) Close(ctx context.Context) error {
	a.closeLab()
	return errors.Join(a.current.Load().Close(ctx), a.closeStore())
}

func (a *App) closeLab() {
	if a.lab != nil {
		a.lab.Close()
	}
}

func (a *App) closeStore() error {
	if a.owned == nil {
		return nil
	}
	return a.owned.Close()
}

// Generation returns the generation that serves new requests.
func (a *App) Generation() *Generation { return a.current.Load() }

// Status returns what the admin listener answers on /status.
func (a *App) Status() admin.Status { return a.admin.Status() }

// ProcessID returns the id of the external process, 0 if there is none.
func (a *App) ProcessID() int {
	if r := a.external(); r != nil {
		return r.Stats().PID
	}
	return 0
}

func (a *App) chains() []*chain.Chain { return a.current.Load().chains }

// process returns the figures of the external process, nil if there is none.
func (a *App) process() any {
	if r := a.external(); r != nil {
		return r.Stats()
	}
	return nil
}

func (a *App) external() *coproc.Runtime {
	r, _ := a.current.Load().runtimes[config.Process].(*coproc.Runtime)
	return r
}

// OpenStore opens the store that the configuration names, with its keys in it.
func OpenStore(cfg *config.Config) (store.Store, error) {
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
		problem := cfg.Problemf(cfg.Store.Keys.Pos, "", "keys: %v", err)
		return nil, errors.Join(config.Problems{problem}, st.Close())
	}
	return st, nil
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

// Version returns the version of the running program, as the Go tool wrote it
// there.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
