package app

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"sync"
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
	Access func(*proxy.AccessRecord)

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
// All methods may be called at any time between these two, by any goroutine.
type App struct {
	options Options     // complete, with the store
	owned   store.Store // closed at the end; nil if the caller closes it
	proxy   *proxy.Gateway
	admin   *admin.Service
	lab     *lab.Lab // nil without an admin listener
	current atomic.Pointer[Generation]

	stopping atomic.Bool   // no new requests are wanted; tells readiness
	ended    chan struct{} // closed when generations that retire have no more time
	retiring sync.WaitGroup

	reloading sync.Mutex // protects the field below, and is held during a reload
	ending    bool       // no generation may follow or retire any more
}

// New loads everything that the configuration names. It does not listen.
// Mistakes in the configuration are returned together as [config.Problems].
func New(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	a := &App{options: o.complete(), ended: make(chan struct{})}
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
	if err := first.keys.Apply(first.options.Store, nil); err != nil {
		return nil, errors.Join(err, first.Close(ctx), a.closeStore())
	}
	first.settings.Observe = o.Access
	a.current.Store(first)
	a.watch(cfg)
	a.proxy = proxy.New(first.settings, first.router)
	return a, nil
}

// watch makes the admin server, and the lab if there is a listener for it.
func (a *App) watch(cfg *config.Config) {
	about := admin.Config{
		Chains: a.chains, Process: a.process, Version: Version(), Logger: a.options.Logger,
		Ready: func() bool { return !a.stopping.Load() },
	}
	if cfg.Admin != nil {
		about.Admission = admission(cfg)
		a.lab = lab.New(lab.Config{
			Chains: a.chains, ProcessID: a.ProcessID, Injector: a.options.Injector, Version: Version(), Logger: a.options.Logger,
		})
		a.current.Load().lab, about.Lab = a.lab, a.lab
	}
	a.admin = admin.New(about)
}

// Reload builds a generation from cfg and, once all of it has loaded, sends
// new requests there: with its plugins and routes, its keys, certificates,
// limits, timeouts and rules of admission. Keys removed from the key file stop
// working at once; counters continue. It returns the previous generation, which
// the caller must drain or hand to [App.Retire]. On an error nothing has changed.
// A change that needs a restart is such an error: a [config.Problems] that names
// the key.
func (a *App) Reload(ctx context.Context, cfg *config.Config) (old *Generation, err error) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	if a.ending {
		return nil, errEnding
	}
	old = a.current.Load()
	if problems := fixed(old.cfg, cfg); len(problems) > 0 {
		return nil, problems
	}
	next, err := load(ctx, old, cfg, a.options)
	if err != nil {
		return nil, err
	}
	if err := next.keys.Apply(next.options.Store, old.keys); err != nil {
		return nil, errors.Join(err, old.keys.Apply(old.options.Store, nil), next.Close(ctx))
	}
	next.lab = a.lab
	a.current.Store(next)
	a.proxy.Configure(next.settings)
	if cfg.Admin != nil {
		a.admin.Admit(admission(cfg))
	}
	a.proxy.SetRouter(next.router)
	return old, nil
}

// Retire drains a generation that was replaced, without making the caller
// wait, and tells done how that ended. Requests that take longer than limit, or
// than the App is allowed to take for its end, are cut off.
func (a *App) Retire(old *Generation, limit time.Duration, done func(error)) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	if a.ending {
		limit = 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	if a.ending { // nobody waits for retiring any more
		defer cancel()
		done(old.Drain(ctx))
		return
	}
	a.retiring.Go(func() {
		defer cancel()
		done(old.Drain(ctx))
	})
	a.retiring.Go(func() {
		defer cancel()
		select {
		case <-a.ended:
		case <-ctx.Done():
		}
	})
}

// fixed names what differs between two configurations and only a restart can
// change, because ports, buffers and the store are bound to it.
func fixed(was, is *config.Config) (problems config.Problems) {
	refuse := func(pos config.Pos, key string, changed bool) {
		if changed {
			problems = append(problems, is.Problemf(pos, "restart the gateway", "%s cannot be changed by a reload", key))
		}
	}
	top := config.Pos{File: is.File, Line: 1, Column: 1}
	refuse(is.Listen.Pos, "`listen`", was.Listen.Value != is.Listen.Value)
	refuse(top, "`tls`, on or off,", (was.TLS == nil) != (is.TLS == nil))
	refuse(top, "`limits.header`", was.Limits.Header != is.Limits.Header)
	refuse(is.Store.URL.Pos, "`store.url`", was.Store.URL.Value != is.Store.URL.Value)
	switch {
	case (was.Admin == nil) != (is.Admin == nil):
		refuse(top, "`admin`, on or off,", true)
	case is.Admin != nil:
		refuse(is.Admin.Listen.Pos, "`admin.listen`", was.Admin.Listen.Value != is.Admin.Listen.Value)
	}
	return problems
}

// admission returns who may ask the admin listener, which there must be.
func admission(cfg *config.Config) admin.Admission {
	return admin.Admission{Token: cfg.Admin.Token, Hosts: cfg.Admin.Hosts}
}

// Close releases an App that never ran.
func (a *App) Close(ctx context.Context) error {
	a.closeLab()
	a.endRetirement()
	return errors.Join(a.current.Load().Close(ctx), a.closeStore())
}

// errEnding is returned for a reload that comes too late.
var errEnding = errors.New("the gateway is ending")

// endRetirement refuses reloads from now on and waits until the generations
// that retire are closed.
func (a *App) endRetirement() {
	a.reloading.Lock()
	a.ending = true
	a.reloading.Unlock()
	close(a.ended)
	a.retiring.Wait()
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
func (a *App) Status() admin.StatusReport { return a.admin.Status() }

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

// OpenStore opens the store that the configuration names. The keys of the key
// file are not in it yet.
func OpenStore(cfg *config.Config) (store.Store, error) {
	st, err := store.Open(cfg.Store.URL.Value)
	if err != nil {
		return nil, config.Problems{cfg.Problemf(cfg.Store.URL.Pos, "", "store: %v", err)}
	}
	return st, nil
}

// readKeys reads the key file, nil if there is none.
func readKeys(cfg *config.Config) (*store.KeyFile, error) {
	if cfg.Store.Keys.Value == "" {
		return nil, nil
	}
	f, err := store.ReadKeys(cfg.Store.Keys.Value)
	if err != nil {
		return nil, config.Problems{cfg.Problemf(cfg.Store.Keys.Pos, "", "keys: %v", err)}
	}
	return f, nil
}

// proxyConfig builds the settings of the listeners and loads the certificate, if
// there is one.
func proxyConfig(cfg *config.Config, logger *zerolog.Logger) (proxy.Config, error) {
	out := proxy.Config{BodyMemory: cfg.Limits.BodyMemory, Config: ingress.Config{
		Logger:         logger,
		MaxHeaderBytes: int(cfg.Limits.Header), MaxURIBytes: int(cfg.Limits.URI), MaxConns: cfg.Limits.Connections,
		ReadHeaderTimeout: cfg.Timeouts.ReadHeader, ReadTimeout: cfg.Timeouts.ReadBody,
		WriteTimeout: cfg.Timeouts.Write, IdleTimeout: cfg.Timeouts.Idle,
		BodyTimeout: cfg.Timeouts.Body, BodyRate: cfg.Limits.BodyRate,
		TrustedProxies: cfg.Trusted,
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
