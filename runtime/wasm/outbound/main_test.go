package outbound_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient returns a client that is closed after the test.
func newClient(t *testing.T, c outbound.Config) *outbound.HTTPClient {
	t.Helper()
	client, err := outbound.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// serve starts a server on the loopback address and returns its URL.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// get sends a GET request.
func get(t *testing.T, c *outbound.HTTPClient, url string) (*outbound.HTTPResponse, error) {
	t.Helper()
	return send(t, c, &outbound.HTTPRequest{Method: []byte("GET"), URL: []byte(url)})
}

func send(t *testing.T, c *outbound.HTTPClient, q *outbound.HTTPRequest) (*outbound.HTTPResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return c.Do(ctx, q)
}

func header(pairs ...string) abi.Header {
	var h abi.Header
	for i := 0; i < len(pairs); i += 2 {
		h = append(h, abi.Field{Name: []byte(pairs[i]), Value: []byte(pairs[i+1])})
	}
	return h
}

// names is a resolver to which every name is 127.0.0.1.
func names() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answer(theirs)
		return ours, nil
	}}
}
