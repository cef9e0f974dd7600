package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

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
	network, address := "tcp", addr.Value
	if path, ok := strings.CutPrefix(addr.Value, "unix:"); ok {
		network, address = "unix", path
		removeDeadSocket(ctx, path)
	}
	ln, err := lc.Listen(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", addr.Pos, err)
	}
	return ln, nil
}

// removeDeadSocket removes what a gateway has left that was killed: a socket
// that nobody listens on.
func removeDeadSocket(ctx context.Context, path string) {
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return
	}
	var d net.Dialer
	if c, err := d.DialContext(ctx, "unix", path); err == nil {
		_ = c.Close()
		return
	}
	_ = os.Remove(path)
}

// Close closes listeners that no App has served on. After [App.Run] it does
// nothing.
func (ls Listeners) Close() {
	_ = ls.Public.Close()
	if ls.Admin != nil {
		_ = ls.Admin.Close()
	}
}

// Run answers until ctx ends. Then it is not ready any more, but goes on for as
// long as balancers may need to notice that, stops listening, lets requests in
// flight finish within the time that the configuration gives them, and releases
// everything.
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
		a.stopping.Store(true)
		if err = a.delay(failed); err != nil {
			running--
		}
	case err = <-failed:
		running--
	}
	return errors.Join(err, a.stop(context.WithoutCancel(ctx), failed, running))
}

// delay goes on serving while balancers notice that the gateway is not ready.
func (a *App) delay(failed <-chan error) error {
	t := time.NewTimer(a.current.Load().cfg.Timeouts.DrainDelay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case err := <-failed:
		return err
	}
}

// stop drains the proxy first: the admin listener answers until the end.
func (a *App) stop(ctx context.Context, served <-chan error, running int) error {
	ctx, cancel := context.WithTimeout(ctx, a.current.Load().cfg.Timeouts.Shutdown)
	defer cancel()
	errs := []error{a.proxy.Shutdown(ctx)}
	a.closeLab() // ends the streams that the admin listener would wait for
	errs = append(errs, a.admin.Shutdown(ctx))
	for range running {
		errs = append(errs, <-served)
	}
	a.endRetirement()
	return errors.Join(append(errs, a.current.Load().Close(ctx), a.closeStore())...)
}
