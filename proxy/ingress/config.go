package ingress

import (
	"cmp"
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/proxy/h1"
)

// Config describes a [Server]. The zero value serves plain HTTP with the
// defaults named below. A negative duration or number means no limit.
type Config struct {
	Logger *zerolog.Logger // nil disables logging

	// TLS makes the server serve HTTPS.
	TLS *tls.Config

	// MaxHeaderBytes is the largest request head, request line included.
	// Larger ones get 431, or 414 when the request line alone is as large.
	// It is also the size of the read buffer of a connection, so it cannot be
	// without a limit. Default 16 KiB.
	MaxHeaderBytes int
	// MaxURIBytes is the longest request target; longer ones get 414.
	// Default 8 KiB.
	MaxURIBytes int
	// MaxConns is the most client connections at one time; further ones get
	// 503. Default: no limit.
	MaxConns int

	// ReadHeaderTimeout is the time a client has for a request head, from its
	// first byte, and for the first byte of a new connection. Default 10 s.
	ReadHeaderTimeout time.Duration
	// ReadTimeout is how long the server waits for the next byte of a
	// request body. Default 30 s.
	ReadTimeout time.Duration
	// BodyTimeout is how long the server waits for the bytes of one request
	// body in all. It is looked at when bytes arrive. Default: no limit.
	BodyTimeout time.Duration
	// BodyRate is the fewest bytes of a request body per second, as an average
	// over each BodyGrace of waiting for them. The time in which the server
	// does not want any does not count. Default: no limit; BodyGrace is 20 s.
	BodyRate  int
	BodyGrace time.Duration
	// WriteTimeout is how long a client may take no byte of a reply.
	// Default 30 s.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection is kept for the next request.
	// Default 75 s.
	IdleTimeout time.Duration

	// LingerTimeout and LingerTime bound how long the server goes on reading
	// from a client that was answered before it had sent its request, so that
	// it gets the answer: without progress, and in all. Default 5 s and 30 s.
	LingerTimeout, LingerTime time.Duration

	// TrustedProxies are the peers whose forwarding fields are believed; see
	// forwarded.go. None by default.
	TrustedProxies []netip.Prefix
}

// withDefaults returns a copy in which every zero limit has its default.
func (c Config) withDefaults() Config {
	if c.MaxHeaderBytes <= 0 {
		c.MaxHeaderBytes = 16 << 10
	}
	c.MaxURIBytes = cmp.Or(c.MaxURIBytes, 8<<10)
	c.ReadHeaderTimeout = cmp.Or(c.ReadHeaderTimeout, 10*time.Second)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 30*time.Second)
	c.BodyGrace = cmp.Or(c.BodyGrace, 20*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 30*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 75*time.Second)
	c.LingerTimeout = cmp.Or(c.LingerTimeout, 5*time.Second)
	c.LingerTime = cmp.Or(c.LingerTime, 30*time.Second)
	if c.Logger == nil {
		nop := zerolog.Nop()
		c.Logger = &nop
	}
	if c.TLS != nil {
		c.TLS = h1.OnlyHTTP1(c.TLS)
	}
	return c
}
