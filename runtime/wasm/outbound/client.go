package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Config says what a client may do.
type Config struct {
	// Allow are the patterns of URLs. Without one nothing is allowed.
	Allow []string

	// MaxBody is the most bytes of the body of a request and of a response;
	// 0 means 1 MiB. More than 8 MiB are never allowed.
	MaxBody int64

	// TLS is the base of the TLS configuration; it is cloned. Nil means the
	// certificate authorities of the system.
	TLS *tls.Config

	// Resolver looks names up. Nil means that of the system.
	Resolver *net.Resolver
}

// Limits of a client.
const (
	MaxBody         = 8 << 20  // bytes of a body, whatever is configured
	MaxHeader       = 64 << 10 // bytes of the header section of a response
	defaultMaxBody  = 1 << 20
	maxIdle         = 64 // connections, of all hosts together
	maxIdlePerHost  = 16
	idleTimeout     = 90 * time.Second
	connectTimeout  = 10 * time.Second // name, connection and TLS together
	resumedSessions = 32               // of TLS
)

// Errors of a request that was not sent, or whose response was not kept. All
// other errors are those of the network and of deadlines.
var (
	ErrDenied   = errors.New("not granted")
	ErrInvalid  = errors.New("not a valid request")
	ErrLimit    = errors.New("body too large")
	ErrResponse = errors.New("not a final response of HTTP")
)

var errClosed = errors.New("client is closed")

// HTTPClient sends the requests of one plugin. Make one with [New]. It may be
// used by many goroutines.
type HTTPClient struct {
	patterns  []pattern
	addresses []netip.AddrPort // that grants name
	maxBody   int64
	tls       *tls.Config
	dialer    net.Dialer
	transport *http.Transport

	// life ends with Close. It is the parent of connections that are being
	// made, which outlive the request that asked for them.
	life context.Context
	stop context.CancelFunc

	mu      sync.Mutex // protects closed, and that no dial begins after it
	closed  bool
	dialing sync.WaitGroup
}

// New returns a client that was granted c.Allow. It names every pattern that
// is not valid.
func New(c Config) (*HTTPClient, error) {
	client := &HTTPClient{maxBody: c.maxBody(), tls: c.tls()}
	var wrong []error
	for _, text := range c.Allow {
		p, err := parsePattern(text)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		client.patterns = append(client.patterns, p)
		client.addresses = append(client.addresses, p.addresses()...)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	client.life, client.stop = context.WithCancel(context.Background())
	client.dialer = net.Dialer{Resolver: c.Resolver, Control: client.control}
	client.transport = client.newTransport()
	return client, nil
}

func (c Config) maxBody() int64 {
	if c.MaxBody <= 0 {
		return defaultMaxBody
	}
	return min(c.MaxBody, MaxBody)
}

func (c Config) tls() *tls.Config {
	t := &tls.Config{}
	if c.TLS != nil {
		t = c.TLS.Clone()
	}
	t.MinVersion = max(t.MinVersion, tls.VersionTLS12)
	t.NextProtos = []string{"http/1.1"}
	t.ClientSessionCache = tls.NewLRUClientSessionCache(resumedSessions)
	return t
}

func (c *HTTPClient) newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            c.dial,
		DialTLSContext:         c.dialTLS,
		DisableCompression:     true,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: MaxHeader,
	}
}

// Close ends connections that are being made and waits for them, and closes those
// that are idle. No request may be running.
func (c *HTTPClient) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.dialing.Wait()
	c.transport.CloseIdleConnections()
}

// dial makes a connection to an address that may be reached.
func (c *HTTPClient) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, end, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	return c.dialer.DialContext(ctx, network, address)
}

// dialTLS is dial for https. The handshake is done here and not by the
// transport, so that Close can end it too.
func (c *HTTPClient) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ctx, end, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	conn, err := c.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := c.tls.Clone()
	config.ServerName = host
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the error of the handshake says more
		return nil, err
	}
	return secured, nil
}

// begin counts a connection that is being made until end is called. The context
// ends with the client, too.
func (c *HTTPClient) begin(ctx context.Context) (bounded context.Context, end func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, errClosed
	}
	c.dialing.Add(1)
	bounded, cancel := context.WithTimeout(ctx, connectTimeout)
	forget := context.AfterFunc(c.life, cancel)
	return bounded, func() {
		forget()
		cancel()
		c.dialing.Done()
	}, nil
}

// control refuses addresses just before a socket connects to them.
func (c *HTTPClient) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q is no address", ErrDenied, address)
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if public(to.Addr()) || slices.Contains(c.addresses, to) {
		return nil
	}
	return fmt.Errorf("%w: %s is not a public address, and no grant names it", ErrDenied, to)
}
