package outbound_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

func TestARequestReachesWhatWasGranted(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header()["X-Two"] = []string{"1", "2"}
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.RequestURI, r.Header["X-A"], r.UserAgent(), body)
	})
	c := newClient(t, outbound.Config{Allow: []string{server + "/*"}})
	got, err := send(t, c, &outbound.HTTPRequest{
		Method: []byte("PUT"), URL: []byte(server + "/a%20b?q=1"),
		Header: header("x-a", "1", "X-A", "2"), Body: []byte("hi"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "PUT /a%20b?q=1 [1 2] Sallyport hi"; got.Status != 418 || string(got.Body) != want {
		t.Errorf("Do() = %d %q, want 418 %q", got.Status, got.Body, want)
	}
	if i := got.Header.Index([]byte("x-two"), 0); i < 0 || string(got.Header[i+1].Value) != "2" {
		t.Errorf("header = %s, want X-Two twice", got.Header)
	}
}

func TestRequestsBesideTheGrantAreNotSent(t *testing.T) {
	var calls atomic.Int64
	server := serve(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	c := newClient(t, outbound.Config{Allow: []string{server + "/v1/*"}})
	for path, want := range map[string]error{
		"/":               outbound.ErrDenied,
		"/v10":            outbound.ErrDenied,
		"/v1/../admin":    outbound.ErrInvalid,
		"/v1/%2e%2e/a":    outbound.ErrInvalid,
		"/v1/..;x/a":      outbound.ErrInvalid,
		"/v1/..%2fa":      outbound.ErrInvalid,
		"/v1/..%5ca":      outbound.ErrInvalid,
		"/v1/%252e%252e/": outbound.ErrInvalid,
		"/v1/a b":         outbound.ErrInvalid,
		"/v1/a\r\nX: y":   outbound.ErrInvalid,
		"/v1/é":           outbound.ErrInvalid,
		"/v1/%zz":         outbound.ErrInvalid,
		"/v1/#f":          outbound.ErrInvalid,
	} {
		if _, err := get(t, c, server+path); !errors.Is(err, want) {
			t.Errorf("Do(%q) = %v, want %v", path, err, want)
		}
	}
	for _, raw := range []string{"", "/v1/", "//h/v1/", "file:///etc/passwd", "http:/v1/", "http://u:p@127.0.0.1/v1/", "http://[::1/"} {
		if _, err := get(t, c, raw); !errors.Is(err, outbound.ErrInvalid) {
			t.Errorf("Do(%q) = %v, want invalid", raw, err)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}

func TestMethodsAndFieldsAreChecked(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	c := newClient(t, outbound.Config{Allow: []string{server + "/*"}})
	for _, q := range []outbound.HTTPRequest{
		{Method: nil},
		{Method: []byte("GE T")},
		{Method: []byte("CONNECT")},
		{Method: []byte("TRACE")},
		{Method: []byte("GET"), Header: header("", "x")},
		{Method: []byte("GET"), Header: header("A b", "x")},
		{Method: []byte("GET"), Header: header("A", "x\r\nB: y")},
		{Method: []byte("GET"), Header: header("host", "evil")},
		{Method: []byte("GET"), Header: header("Content-Length", "5")},
		{Method: []byte("GET"), Header: header("transfer-encoding", "chunked")},
		{Method: []byte("GET"), Header: header("Proxy-Authorization", "x")},
		{Method: []byte("GET"), Header: header("Upgrade", "h2c")},
	} {
		q.URL = []byte(server + "/")
		if _, err := send(t, c, &q); !errors.Is(err, outbound.ErrInvalid) {
			t.Errorf("Do(%s %s) = %v, want invalid", q.Method, q.Header, err)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/here" {
			t.Errorf("%s was asked for", r.URL.Path)
		}
		http.Redirect(w, r, "/there", http.StatusFound)
	})
	c := newClient(t, outbound.Config{Allow: []string{server + "/*"}})
	got, err := get(t, c, server+"/here")
	if err != nil || got.Status != 302 {
		t.Fatalf("Do() = %+v, %v, want 302", got, err)
	}
	if to, _ := got.Header.Get([]byte("Location")); string(to) != "/there" {
		t.Errorf("Location = %q, want /there", to)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chunked" {
			w.(http.Flusher).Flush()
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 101))
	})
	small := newClient(t, outbound.Config{Allow: []string{server + "/*"}, MaxBody: 100})
	fits := newClient(t, outbound.Config{Allow: []string{server + "/*"}, MaxBody: 101})
	for _, path := range []string{"/sized", "/chunked"} {
		if _, err := get(t, small, server+path); !errors.Is(err, outbound.ErrLimit) {
			t.Errorf("Do(%s) = %v, want %v", path, err, outbound.ErrLimit)
		}
		if got, err := get(t, fits, server+path); err != nil || len(got.Body) != 101 {
			t.Errorf("Do(%s) with room = %v", path, err)
		}
	}
	q := outbound.HTTPRequest{Method: []byte("POST"), URL: []byte(server + "/"), Body: make([]byte, 101)}
	if _, err := send(t, small, &q); !errors.Is(err, outbound.ErrLimit) {
		t.Errorf("Do() with a body of 101 bytes = %v, want %v", err, outbound.ErrLimit)
	}
}

func TestHeaderSectionsAreBounded(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("A", strings.Repeat("x", outbound.MaxHeader))
	})
	c := newClient(t, outbound.Config{Allow: []string{server + "/*"}})
	if got, err := get(t, c, server+"/"); err == nil {
		t.Errorf("Do() = %d with a header of 64 KiB, want an error", got.Status)
	}
}

func TestAServerThatHangsEndsWithTheContext(t *testing.T) {
	for _, path := range []string{"/head", "/body"} {
		t.Run(path, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/body" {
					w.(http.Flusher).Flush()
				}
				cancel() // as the deadline does, and surely after the request was sent
				<-r.Context().Done()
			})
			c := newClient(t, outbound.Config{Allow: []string{server + "/*"}})
			q := outbound.HTTPRequest{Method: []byte("GET"), URL: []byte(server + path)}
			if _, err := c.Do(ctx, &q); !errors.Is(err, context.Canceled) {
				t.Errorf("Do() = %v, want %v", err, context.Canceled)
			}
		})
	}
}

// port returns the port of a URL.
func port(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func TestANameThatResolvesToAPrivateAddressIsRefused(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
	name := "http://rebind.example:" + port(t, server)
	refused := newClient(t, outbound.Config{Resolver: names(), Allow: []string{name + "/*"}})
	if _, err := get(t, refused, name+"/"); !errors.Is(err, outbound.ErrDenied) || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("Do() = %v, want denied with the address", err)
	}
	for _, address := range []string{server + "/*", "http://localhost:" + port(t, server) + "/none"} {
		c := newClient(t, outbound.Config{Resolver: names(), Allow: []string{name + "/*", address}})
		if got, err := get(t, c, name+"/"); err != nil || string(got.Body) != name[len("http://"):] {
			t.Errorf("Do() = %v with a grant of %s", err, address)
		}
	}
	otherPort := newClient(t, outbound.Config{Resolver: names(), Allow: []string{name + "/*", "http://127.0.0.1:1/*"}})
	if _, err := get(t, otherPort, name+"/"); !errors.Is(err, outbound.ErrDenied) {
		t.Errorf("Do() = %v with a grant of another port, want denied", err)
	}
}

func TestLocalhostIsReachedIfGranted(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	local := "http://localhost:" + port(t, server)
	c := newClient(t, outbound.Config{Allow: []string{local + "/*"}})
	if got, err := get(t, c, local+"/"); err != nil || got.Status != 200 {
		t.Errorf("Do() = %v, want 200", err)
	}
	if _, err := get(t, c, server+"/"); !errors.Is(err, outbound.ErrDenied) {
		t.Errorf("Do() of the address = %v, want denied: the URL was not granted", err)
	}
}

func TestTheProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	t.Setenv("HTTP_PROXY", proxy)
	c := newClient(t, outbound.Config{Resolver: names(), Allow: []string{"http://h.example:1/*"}})
	if _, err := get(t, c, "http://h.example:1/"); !errors.Is(err, outbound.ErrDenied) {
		t.Errorf("Do() = %v, want denied", err)
	}
}

func TestTLSIsCheckedAgainstTheNameOfTheURL(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that shall fail
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	address := netip.MustParseAddrPort(server.Listener.Addr().String())
	right, wrong := fmt.Sprintf("https://example.com:%d/", address.Port()), fmt.Sprintf("https://example.org:%d/", address.Port())
	c := newClient(t, outbound.Config{
		Resolver: names(), TLS: &tls.Config{RootCAs: trusted},
		Allow: []string{right + "*", wrong + "*", server.URL + "/*"},
	})
	if got, err := get(t, c, right); err != nil || string(got.Body) != "HTTP/1.1" {
		t.Errorf("Do() = %v, want HTTP/1.1", err)
	}
	if _, err := get(t, c, wrong); err == nil {
		t.Error("Do() accepts the certificate of another name")
	}
	stranger := newClient(t, outbound.Config{Resolver: names(), Allow: []string{right + "*", server.URL + "/*"}})
	if _, err := get(t, stranger, right); err == nil {
		t.Error("Do() accepts a certificate nobody vouches for")
	}
}

func TestConnectionsAreKept(t *testing.T) {
	var conns atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := newClient(t, outbound.Config{Allow: []string{s.URL + "/*"}})
	for range 5 {
		if _, err := get(t, c, s.URL+"/"); err != nil {
			t.Fatal(err)
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections for 5 requests, want 1", n)
	}
}

// TestCloseEndsConnectionsInTheMaking closes a client while a handshake waits
// for a server that never says a word.
func TestCloseEndsConnectionsInTheMaking(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithCancel(t.Context())
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, err := ln.Accept()
		if err == nil {
			accepted <- conn
		}
		cancel()
	}()
	server := "https://" + ln.Addr().String()
	c := newClient(t, outbound.Config{Allow: []string{server + "/*"}})
	q := outbound.HTTPRequest{Method: []byte("GET"), URL: []byte(server + "/")}
	if _, err := c.Do(ctx, &q); !errors.Is(err, context.Canceled) {
		t.Errorf("Do() = %v, want %v", err, context.Canceled)
	}
	c.Close()
	conn := <-accepted
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the connection is still open: %v", err)
	}
	if _, err := get(t, c, server+"/"); err == nil {
		t.Error("Do() after Close() succeeds")
	}
}

func TestWithoutAGrantNothingIsAllowed(t *testing.T) {
	if _, err := get(t, newClient(t, outbound.Config{}), "http://h/"); !errors.Is(err, outbound.ErrDenied) {
		t.Errorf("Do() = %v, want denied", err)
	}
}

func TestAllPatternsThatAreWrongAreNamed(t *testing.T) {
	_, err := outbound.New(outbound.Config{Allow: []string{"ftp://a/*", "https://ok/*", "https://b"}})
	if err == nil || !strings.Contains(err.Error(), "ftp://a/") || !strings.Contains(err.Error(), "https://b") || strings.Contains(err.Error(), "ok") {
		t.Errorf("New() = %v, want the first and the last pattern", err)
	}
}
