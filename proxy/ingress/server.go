package ingress

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/proxy/h1"
)

// Server serves HTTP/1.1. Make one with [New]; its methods may be called by
// any number of goroutines.
type Server struct {
	settings  atomic.Pointer[Config] // with their defaults
	http      *fasthttp.Server
	deadlines *h1.Deadlines
	ids       requestIDs
	date      dateLine
	streams   sync.Pool    // of *Stream
	open      atomic.Int64 // client connections, tunnels included

	stopping atomic.Bool
	conns    sync.WaitGroup

	mu        sync.Mutex // mu protects the fields below
	listeners map[net.Listener]struct{}
	stopped   bool // no connection may be added to conns any more
}

// New returns a server that does not listen yet. newHandler makes the handler
// of a stream; both are used for one request after the other.
func New(cfg Config, newHandler func(*Stream) Handler) *Server {
	cfg = cfg.withDefaults()
	s := &Server{
		http:      newHTTP(&cfg),
		ids:       newRequestIDs(),
		listeners: make(map[net.Listener]struct{}),
	}
	s.settings.Store(&cfg)
	s.deadlines = h1.NewDeadlines(phaseLimits(&cfg))
	s.streams.New = func() any {
		stream := &Stream{server: s}
		stream.handler = newHandler(stream)
		return stream
	}
	return s
}

// Configure replaces the configuration for connections and requests that begin
// from now on; timeouts count at once. MaxHeaderBytes and Logger stay as they
// are: they are bound to buffers and to whoever has made the server.
func (s *Server) Configure(cfg Config) {
	old := s.settings.Load()
	cfg.MaxHeaderBytes, cfg.Logger = old.MaxHeaderBytes, old.Logger
	cfg = cfg.withDefaults()
	s.settings.Store(&cfg)
	if s.stopping.Load() {
		return // a shutdown has limits of its own
	}
	for phase, limit := range phaseLimits(&cfg) {
		s.deadlines.Limit(phase, limit)
	}
}

func phaseLimits(cfg *Config) map[h1.Phase]time.Duration {
	return map[h1.Phase]time.Duration{
		h1.PhaseNew:   cfg.ReadHeaderTimeout,
		h1.PhaseHead:  cfg.ReadHeaderTimeout,
		h1.PhaseBody:  cfg.ReadTimeout,
		h1.PhaseWrite: cfg.WriteTimeout,
		h1.PhaseIdle:  cfg.IdleTimeout,
	}
}

// newHTTP configures fasthttp to read requests and to touch nothing. Its own
// timeouts stay off, since [h1.Deadlines] has them.
func newHTTP(cfg *Config) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:           handle,
		ExpectHandler:     expect,
		ErrorHandler:      readFailed,
		HeaderReceived:    spellExpect,
		ConnState:         connState,
		Logger:            noLog{},
		ReadBufferSize:    cfg.MaxHeaderBytes,
		WriteBufferSize:   8 << 10,
		Concurrency:       math.MaxInt32,
		StreamRequestBody: true,
		// With streaming, this is only how much of a body is read before the
		// handler runs. It cannot be 0; the chain has limits on bodies.
		MaxRequestBodySize:            1,
		DisablePreParseMultipartForm:  true,
		DisableHeaderNamesNormalizing: true,
		NoDefaultContentType:          true,
		NoDefaultDate:                 true,
		NoDefaultServerHeader:         true,
		SecureErrorLogMessage:         true,
	}
}

// noLog drops fasthttp's messages. What goes wrong on a connection concerns its
// client, and what the gateway does about it is logged elsewhere.
type noLog struct{}

func (noLog) Printf(string, ...any) {}

// OpenConns returns the number of client connections, tunnels included.
func (s *Server) OpenConns() int { return int(s.open.Load()) }

// Serve accepts connections until the listener fails or [Server.Shutdown]
// is called; then it returns nil. It closes ln.
func (s *Server) Serve(ln net.Listener) error {
	defer func() { _ = ln.Close() }()
	if !s.addListener(ln) {
		return nil
	}
	defer s.removeListener(ln)
	for {
		raw, err := ln.Accept()
		if err == nil {
			s.accept(raw)
			continue
		}
		if s.stopping.Load() {
			return nil
		}
		if !temporary(err) {
			return fmt.Errorf("accept: %w", err)
		}
		s.settings.Load().Logger.Warn().Err(err).Msg("cannot accept a connection, trying again")
		time.Sleep(50 * time.Millisecond) // for instance until files are free again
	}
}

// temporary reports whether accepting may work again later.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return !errors.Is(err, net.ErrClosed) && errors.As(err, &t) && t.Temporary()
}

// accept serves one connection on a goroutine of its own.
func (s *Server) accept(raw net.Conn) {
	s.mu.Lock()
	ok := !s.stopped
	if ok {
		s.conns.Add(1)
	}
	s.mu.Unlock()
	if !ok {
		_ = raw.Close()
		return
	}
	go s.serve(raw)
}

func (s *Server) serve(raw net.Conn) {
	c := newConn(s, raw)
	s.deadlines.Add(c)
	if n := s.open.Add(1); s.settings.Load().MaxConns > 0 && n > int64(s.settings.Load().MaxConns) {
		c.reject()
		c.release()
		return
	}
	// Whatever the error is, the connection is closed.
	_ = s.http.ServeConn(c)
	if c.hijacked {
		return // its new owner ends it
	}
	if c.stream != nil {
		c.stream.end() // the connection broke before the reply could begin
	}
	c.release()
}

// Shutdown stops accepting, lets running requests finish, tells clients to
// close and closes connections that are idle. When ctx ends first, it cuts off
// what is left and returns ctx's error. Tunnels count as running requests.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.closeListeners()
	// The next request may already be on its way on a connection that has just
	// carried one. Such a connection is closed with the reply to that request,
	// or when it has been silent for a moment.
	s.deadlines.Limit(h1.PhaseIdle, idleGrace)
	s.deadlines.Limit(h1.PhaseNew, idleGrace)
	done := make(chan struct{})
	go func() {
		s.conns.Wait()
		s.deadlines.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		for _, c := range s.deadlines.All() {
			c.(*clientConn).Expire(h1.PhaseNone)
		}
		return ctx.Err()
	}
}

// idleGrace is how long a connection must have been silent to be closed
// during a shutdown.
const idleGrace = 250 * time.Millisecond

func (s *Server) addListener(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.listeners[ln] = struct{}{}
	return true
}

func (s *Server) removeListener(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ln)
}

func (s *Server) closeListeners() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for ln := range s.listeners {
		_ = ln.Close()
	}
}

// connState notes what fasthttp waits for.
func connState(nc net.Conn, state fasthttp.ConnState) {
	c, ok := nc.(*clientConn)
	if !ok {
		return
	}
	switch state {
	case fasthttp.StateActive:
		c.in.Enter(h1.PhaseHead)
	case fasthttp.StateIdle:
		c.sawLine = false
		c.in.Enter(h1.PhaseIdle)
	case fasthttp.StateHijacked:
		c.hijacked = true
	}
}
