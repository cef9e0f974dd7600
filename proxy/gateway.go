package proxy

import (
	"context"
	"net"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/proxy/h1"
	"github.com/c386954a/sallyport/proxy/ingress"
)

// Gateway serves HTTP/1.1. Make one with [New]; its methods may be called by
// any number of goroutines.
type Gateway struct {
	observe func(*AccessRecord)
	log     *zerolog.Logger
	server  *ingress.Server
	router  atomic.Pointer[Router]
	bodies  h1.BodyBudget
}

// New returns a gateway that routes by r. It does not listen yet.
func New(cfg Config, r *Router) *Gateway {
	g := &Gateway{observe: cfg.Observe}
	if g.log = cfg.Logger; g.log == nil {
		nop := zerolog.Nop()
		g.log, cfg.Logger = &nop, &nop
	}
	g.bodies.Limit(cfg.BodyMemory)
	g.server = ingress.New(cfg.Config, g.newContext)
	g.router.Store(r)
	return g
}

// SetRouter replaces the routes for requests that begin from now on. The old
// router is returned; see [Router.Drain] for when its chains may be closed.
func (g *Gateway) SetRouter(r *Router) (old *Router) { return g.router.Swap(r) }

// Configure replaces the configuration of the listeners, as
// [ingress.Server.Configure] says, and the memory for bodies. Observe stays.
func (g *Gateway) Configure(cfg Config) {
	g.bodies.Limit(cfg.BodyMemory)
	g.server.Configure(cfg.Config)
}

// BodyMemory returns how many bytes buffered bodies take now.
func (g *Gateway) BodyMemory() int64 { return g.bodies.Used() }

// OpenConns returns the number of client connections, tunnels included.
func (g *Gateway) OpenConns() int { return g.server.OpenConns() }

// Serve accepts connections until the listener fails or [Gateway.Shutdown]
// is called; then it returns nil. It closes ln.
func (g *Gateway) Serve(ln net.Listener) error { return g.server.Serve(ln) }

// Shutdown stops accepting, lets running requests finish, tells clients to
// close and closes connections that are idle. When ctx ends first, it cuts off
// what is left and returns ctx's error. Tunnels count as running requests.
func (g *Gateway) Shutdown(ctx context.Context) error { return g.server.Shutdown(ctx) }

// enter returns the current router and counts the caller as its user.
func (g *Gateway) enter() *Router {
	for {
		r := g.router.Load()
		r.active.Add(1)
		if g.router.Load() == r {
			return r
		}
		r.active.Add(-1)
	}
}
