package plain_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/compare/bench/plain"
)

// start serves until the test ends.
func start(t *testing.T, s *plain.Responder) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func send(t *testing.T, addr, echo string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/a?b=c", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	if echo != "" {
		req.Header.Set(plain.EchoField, echo)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestUpstreamAnswers64Bytes(t *testing.T) {
	resp, body := send(t, start(t, plain.NewUpstream()), "")
	if body != plain.Body || len(body) != 64 || resp.Header.Get("X-Powered-By") != "upstream" {
		t.Errorf("%v, %q", resp.Header, body)
	}
}

func TestForwarderForwardsAndTheUpstreamEchoes(t *testing.T) {
	upstream := start(t, plain.NewUpstream())
	_, body := send(t, start(t, plain.NewForwarder(upstream)), "1")
	var seen plain.Seen
	if err := json.Unmarshal([]byte(body), &seen); err != nil {
		t.Fatal(err)
	}
	if seen.Method != "POST" || seen.URI != "/a?b=c" || seen.Body != "body" || seen.Header["Host"] != upstream {
		t.Errorf("upstream saw %+v", seen)
	}
}

func TestForwarderWithoutUpstreamIsABadGateway(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ln.Addr().String()
	_ = ln.Close()
	if resp, _ := send(t, start(t, plain.NewForwarder(nobody)), ""); resp.StatusCode != http.StatusBadGateway {
		t.Errorf("status %d", resp.StatusCode)
	}
}
