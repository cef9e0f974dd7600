package app

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/c386954a/sallyport/internal/config"
)

// Listeners are where an App serves. Admin is nil where none is wanted.
type Listeners struct{ Public, Admin net.Listener }

// Listen opens the ports of the configuration.
func Listen(ctx context.Context, cfg *config.Config) (Listeners, error) {
	public, err := listenOn(ctx, cfg.Listen)
	if err != nil {
		return Listeners{}, err
	}
	if cfg.Admin == nil {
		return Listeners{Public: public}, nil
	}
	private, err := listenOn(ctx, cfg.Admin.Listen)
	if err != nil {
		return Listeners{}, errors.Join(err, public.Close())
	}
	return Listeners{public, private}, nil
}

func listenOn(ctx context.Context, addr config.Text) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr.Value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", addr.Pos, err)
	}
	return ln, nil
}

// Close closes listeners that no App has served on. After [App.Run] it does
// nothing.
func (ls Listeners) Close() {
	_ = ls.Public.Close()
	if ls.Admin != nil {
		_ = ls.Admin.Close()
	}
}

// Run answers until ctx ends, then lets requests in flight finish within the
// time that the first configuration gives them, and releases everything.
func (a *App) Run(ctx context.Context, ls Listeners) error {
	failed := make(chan error, 2)
	go func() { failed <- a.proxy.Serve(ls.Public) }()
	running := 1
	if ls.Admin != nil {
		running++
		go func() { failed <- a.admin.Serve(ls.Admin) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
	}
	return errors.Join(err, a.stop(context.WithoutCancel(ctx), failed, running))
}

// stop drains the proxy first: the admin listener answers until the end.
func (a *App) stop(ctx context.Context, served <-chan error, running int) error {
	ctx, cancel := context.WithTimeout(ctx, a.grace)
	defer cancel()
	errs := []error{a.proxy.Shutdown(ctx)}
	a.closeLab() // ends the streams that the admin listener would wait for
	errs = append(errs, a.admin.Shutdown(ctx))
	for range running {
		errs = append(errs, <-served)
	}
	return errors.Join(append(errs, a.current.Load().Close(ctx), a.closeStore())...)
}
