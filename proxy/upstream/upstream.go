package upstream

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/c386954a/sallyport/proxy/h1"
)

// Config describes an [Upstream]. Zero durations and numbers mean the
// defaults named below, negative ones no limit.
type Config struct {
	// URL names scheme, host and port, and a path and a query that are put
	// before those of the request: "http://127.0.0.1:9000/v1".
	URL string

	// ConnectTimeout limits connecting, the TLS handshake included, and
	// waiting for a connection when MaxConns are taken. Default 5 s.
	ConnectTimeout time.Duration
	// ResponseTimeout limits the wait from the end of the request to the head
	// of the final reply. It does not limit the body. Default 30 s.
	ResponseTimeout time.Duration
	// BodyTimeout is how long a body may make no progress, either way.
	// Default 60 s; give streams with longer silences a longer one.
	BodyTimeout time.Duration
	// IdleTimeout is how long a connection is kept for later requests.
	// Default 30 s.
	IdleTimeout time.Duration

	// PreserveHost sends the client's Host instead of the one in URL.
	PreserveHost bool
	// MaxConns is the most requests and tunnels at one time. Further ones
	// wait for ConnectTimeout and then get 503. Default: no limit.
	MaxConns int
	// MaxIdleConns is the most connections kept for later. Default 512.
	MaxIdleConns int
	// TLS is used for https URLs; nil means verified against the system's
	// certificates.
	TLS *tls.Config
}

// Upstream is a server that requests are sent to, with its pool of
// connections. All methods may be called by any number of goroutines.
type Upstream struct {
	// Config is the configuration with its defaults; it must not be changed.
	Config Config
	// Host is the Host header field of the URL, Base its path without a
	// trailing slash, and Query its query. They must not be changed.
	Host, Base, Query []byte

	addr      string
	tls       *tls.Config
	slots     chan struct{} // nil without MaxConns
	deadlines *h1.Deadlines

	buffers sync.Pool // of *[]byte with streamBuffer bytes, for bodies in transit

	mu     sync.Mutex // mu protects the fields below
	idle   []*Conn    // the last one used last
	closed bool
}

// New checks the configuration. It does not connect. Close must be
// called when no request uses the upstream any more.
func New(cfg Config) (*Upstream, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("upstream %q: the scheme must be http or https", cfg.URL)
	case u.Hostname() == "":
		return nil, fmt.Errorf("upstream %q: no host", cfg.URL)
	case u.Fragment != "" || u.User != nil:
		return nil, fmt.Errorf("upstream %q: only scheme, host, port, path and query are allowed", cfg.URL)
	case strings.ContainsFunc(u.RawQuery, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, fmt.Errorf("upstream %q: percent-encode the query", cfg.URL)
	}
	return newUpstream(cfg.withDefaults(), u), nil
}

func (c Config) withDefaults() Config {
	c.ConnectTimeout = cmp.Or(max(c.ConnectTimeout, 0), 5*time.Second)
	c.ResponseTimeout = cmp.Or(c.ResponseTimeout, 30*time.Second)
	c.BodyTimeout = cmp.Or(c.BodyTimeout, 60*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 30*time.Second)
	c.MaxIdleConns = cmp.Or(c.MaxIdleConns, 512)
	return c
}

func newUpstream(cfg Config, at *url.URL) *Upstream {
	u := &Upstream{
		Config: cfg,
		addr:   net.JoinHostPort(at.Hostname(), cmp.Or(at.Port(), defaultPort(at.Scheme))),
		Host:   []byte(at.Host),
		Base:   []byte(strings.TrimSuffix(at.EscapedPath(), "/")),
		Query:  []byte(at.RawQuery),
	}
	if at.Scheme == "https" {
		u.tls = upstreamTLS(cfg.TLS, at.Hostname())
	}
	if cfg.MaxConns > 0 {
		u.slots = make(chan struct{}, cfg.MaxConns)
	}
	u.deadlines = h1.NewDeadlines(map[h1.Phase]time.Duration{
		h1.PhaseReply: cfg.ResponseTimeout,
		h1.PhaseBody:  cfg.BodyTimeout,
		h1.PhaseWrite: cfg.BodyTimeout,
		h1.PhaseIdle:  cfg.IdleTimeout,
	})
	return u
}

func (u *Upstream) takeBuffer() *[]byte {
	if b, ok := u.buffers.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, streamBuffer)
	return &b
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

func upstreamTLS(t *tls.Config, host string) *tls.Config {
	if t == nil {
		t = &tls.Config{}
	}
	t = h1.OnlyHTTP1(t)
	t.ServerName = cmp.Or(t.ServerName, host)
	return t
}

// errClosed is the cause of a 502 after Close.
var errClosed = errors.New("upstream is closed")

// Acquire returns a connection for one request: a pooled one that is still
// open, unless fresh is set. It stops waiting for one when gone is closed, with
// [h1.ErrClientGone]. Exactly one of [Conn.Release] and [Conn.Discard]
// must follow.
func (u *Upstream) Acquire(fresh bool, gone <-chan struct{}) (*Conn, error) {
	if err := u.enter(gone); err != nil {
		return nil, err
	}
	for !fresh {
		c := u.pop()
		if c == nil {
			break
		}
		if c.socket.silent() {
			return c, nil
		}
		c.close()
	}
	c, err := u.dial(gone)
	if err != nil {
		u.leave()
		return nil, err
	}
	return c, nil
}

// enter takes one of MaxConns slots.
func (u *Upstream) enter(gone <-chan struct{}) error {
	if u.slots == nil {
		return nil
	}
	select {
	case u.slots <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(u.Config.ConnectTimeout)
	defer t.Stop()
	select {
	case u.slots <- struct{}{}:
		return nil
	case <-t.C:
		return errBusy
	case <-gone:
		return h1.ErrClientGone
	}
}

func (u *Upstream) leave() {
	if u.slots != nil {
		<-u.slots
	}
}

// pop takes the connection that was used last, so that the others grow old and
// are closed when fewer are needed.
func (u *Upstream) pop() *Conn {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := len(u.idle) - 1
	if n < 0 {
		return nil
	}
	c := u.idle[n]
	u.idle[n] = nil
	u.idle = u.idle[:n]
	c.in.Enter(h1.PhaseNone)
	return c
}

func (u *Upstream) dial(gone <-chan struct{}) (*Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), u.Config.ConnectTimeout)
	defer cancel()
	go func() {
		select {
		case <-gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", u.addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", connectError(err), err)
	}
	c := newConn(u, raw)
	if u.tls != nil {
		t := tls.Client(raw, u.tls)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, fmt.Errorf("%w: %w", connectError(err), err)
		}
		c.raw = t
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		_ = raw.Close()
		return nil, fmt.Errorf("%w: %w", errUnavailable, errClosed)
	}
	u.deadlines.Add(c)
	return c, nil
}

// connectError distinguishes an upstream that does not answer from one that
// refuses, and from a client that has gone.
func connectError(err error) *h1.StatusError {
	if errors.Is(err, context.Canceled) {
		return h1.ErrClientGone
	}
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return errTimeout
	}
	return errUnavailable
}

// push keeps a connection for later requests, unless there are enough.
func (u *Upstream) push(c *Conn) bool {
	c.used, c.answered = true, false
	c.in.Enter(h1.PhaseIdle)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || (u.Config.MaxIdleConns >= 0 && len(u.idle) >= u.Config.MaxIdleConns) {
		return false
	}
	u.idle = append(u.idle, c)
	return true
}

// drop closes a connection that was idle for too long. It does nothing if a
// request has taken it in the meantime.
func (u *Upstream) drop(c *Conn) {
	u.mu.Lock()
	i := slices.Index(u.idle, c)
	if i >= 0 {
		u.idle = slices.Delete(u.idle, i, i+1)
	}
	u.mu.Unlock()
	if i >= 0 {
		c.close()
	}
}

// Close closes idle connections at once and the others when their requests
// are done, or when ctx ends; then it returns ctx's error.
func (u *Upstream) Close(ctx context.Context) error {
	u.mu.Lock()
	u.closed = true
	idle := u.idle
	u.idle = nil
	u.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
	done := make(chan struct{})
	go func() {
		u.deadlines.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, c := range u.deadlines.All() {
		c.(*Conn).close()
	}
	<-done
	return ctx.Err()
}
