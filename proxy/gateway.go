package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/valyala/fasthttp"
)

// Gateway serves HTTP/1.1. Make one with [New]; its methods may be called by
// any number of goroutines.
type Gateway struct {
	cfg     Config
	log     *zerolog.Logger
	server  fasthttp.Server
	watch   *watch
	ids     requestIDs
	date    dateLine
	router  atomic.Pointer[Router]
	flights sync.Pool
	open    atomic.Int64 // client connections, tunnels included

	stopping atomic.Bool
	conns    sync.WaitGroup

	mu        sync.Mutex // mu protects the fields below
	listeners map[net.Listener]struct{}
	stopped   bool // no connection may be added to conns any more
}

// New returns a gateway that routes by r. It does not listen yet.
func New(cfg Config, r *Router) *Gateway {
	cfg = cfg.withDefaults()
	g := &Gateway{
		cfg:       cfg,
		log:       cfg.Logger,
		ids:       newRequestIDs(),
		listeners: make(map[net.Listener]struct{}),
	}
	g.watch = newWatch(map[phase]time.Duration{
		phaseNew:    cfg.ReadHeaderTimeout,
		phaseHeader: cfg.ReadHeaderTimeout,
		phaseBody:   cfg.ReadTimeout,
		phaseWrite:  cfg.WriteTimeout,
		phaseIdle:   cfg.IdleTimeout,
	})
	g.flights.New = func() any { return newFlight(g) }
	g.router.Store(r)
	g.setUpServer()
	return g
}

// setUpServer configures fasthttp to read requests and touch nothing. Its own
// timeouts stay off: the watch has them.
func (g *Gateway) setUpServer() {
	g.server.Handler = g.handle
	g.server.ExpectHandler = g.expect
	g.server.ErrorHandler = g.readFailed
	g.server.ConnState = connState
	g.server.Logger = quiet{}
	g.server.ReadBufferSize = g.cfg.MaxHeaderBytes
	g.server.WriteBufferSize = 8 << 10
	g.server.Concurrency = math.MaxInt32
	g.server.StreamRequestBody = true
	// With streaming, this is only how much of a body is read before the
	// handler runs. It cannot be nothing; limits on bodies are the chain's.
	g.server.MaxRequestBodySize = 1
	g.server.DisablePreParseMultipartForm = true
	g.server.DisableHeaderNamesNormalizing = true
	g.server.NoDefaultContentType = true
	g.server.NoDefaultDate = true
	g.server.NoDefaultServerHeader = true
	g.server.SecureErrorLogMessage = true
}

// quiet drops fasthttp's messages: what goes wrong on a connection is the
// client's affair, and what we do about it is logged where we do it.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// SetRouter replaces the routes for requests that begin from now on. The old
// router is returned; see [Router.Drain] for when its chains may be closed.
func (g *Gateway) SetRouter(r *Router) (old *Router) { return g.router.Swap(r) }

// OpenConns returns the number of client connections, tunnels included.
func (g *Gateway) OpenConns() int { return int(g.open.Load()) }

// Serve accepts connections until the listener fails or [Gateway.Shutdown]
// is called; then it returns nil. It closes ln.
func (g *Gateway) Serve(ln net.Listener) error {
	defer func() { _ = ln.Close() }()
	if !g.addListener(ln) {
		return nil
	}
	defer g.removeListener(ln)
	for {
		raw, err := ln.Accept()
		if err == nil {
			g.accept(raw)
			continue
		}
		if g.stopping.Load() {
			return nil
		}
		if !temporary(err) {
			return fmt.Errorf("accept: %w", err)
		}
		g.log.Warn().Err(err).Msg("cannot accept a connection, trying again")
		time.Sleep(50 * time.Millisecond) // for instance until files are free again
	}
}

// temporary reports whether accepting may work again later.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return !errors.Is(err, net.ErrClosed) && errors.As(err, &t) && t.Temporary()
}

// accept serves one connection on a goroutine of its own.
func (g *Gateway) accept(raw net.Conn) {
	g.mu.Lock()
	ok := !g.stopped
	if ok {
		g.conns.Add(1)
	}
	g.mu.Unlock()
	if !ok {
		_ = raw.Close()
		return
	}
	go g.serve(raw)
}

func (g *Gateway) serve(raw net.Conn) {
	c := g.wrap(raw)
	g.watch.add(c)
	if n := g.open.Add(1); g.cfg.MaxConns > 0 && n > int64(g.cfg.MaxConns) {
		c.turnAway()
		c.gone()
		return
	}
	// Whatever the error is, the connection is closed and that is all.
	_ = g.server.ServeConn(c)
	if c.joined {
		return // whoever took it over ends it
	}
	if c.taken != nil {
		c.taken.end() // it broke before it could be taken over
	}
	c.gone()
}

func (g *Gateway) wrap(raw net.Conn) *conn {
	if g.cfg.TLS != nil {
		return newConn(g, tls.Server(raw, g.cfg.TLS), true)
	}
	return newConn(g, raw, false)
}

// Shutdown stops accepting, lets requests in flight finish, tells clients to
// close and closes connections that have nothing to do. When ctx ends first,
// what is left is closed the hard way and ctx's error returned. Tunnels count
// as requests in flight.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.stopping.Store(true)
	g.closeListeners()
	// A connection that has just carried a request may well carry the next
	// one, already sent: it is closed with the reply to that, or when it has
	// been silent for a moment.
	g.watch.limit(phaseIdle, idleGrace)
	g.watch.limit(phaseNew, idleGrace)
	done := make(chan struct{})
	go func() {
		g.conns.Wait()
		g.watch.wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		for _, c := range g.watch.all() {
			c.(*conn).expire(phaseNone)
		}
		return ctx.Err()
	}
}

// idleGrace is how long a connection must have been silent to be closed
// during a shutdown.
const idleGrace = 250 * time.Millisecond

func (g *Gateway) addListener(ln net.Listener) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return false
	}
	g.listeners[ln] = struct{}{}
	return true
}

func (g *Gateway) removeListener(ln net.Listener) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.listeners, ln)
}

func (g *Gateway) closeListeners() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	for ln := range g.listeners {
		_ = ln.Close()
	}
}

// connState keeps the watch informed of what fasthttp waits for.
func connState(nc net.Conn, s fasthttp.ConnState) {
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	switch s {
	case fasthttp.StateActive:
		c.in.set(phaseHeader)
	case fasthttp.StateIdle:
		c.sawLine = false
		c.in.set(phaseIdle)
	case fasthttp.StateHijacked:
		c.joined = true
	}
}
