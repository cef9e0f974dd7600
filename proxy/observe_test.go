package proxy_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/upstream"
)

func TestObserverIsToldOfEveryRequest(t *testing.T) {
	type seen struct {
		API, ID, Method, Host, URI, Fault string
		Status                            int
		In, Out                           int64
	}
	var mu sync.Mutex
	var got []seen
	told := make(chan struct{}, 9)
	cfg := proxy.Config{Observe: func(a *proxy.AccessRecord) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, seen{
			a.API, string(a.RequestID), string(a.Method), string(a.Host), string(a.URI), a.Fault, a.Status, a.BytesIn, a.BytesOut,
		})
		if a.Duration <= 0 || a.Start.IsZero() || !strings.HasPrefix(string(a.RemoteAddr), "127.0.0.1:") {
			t.Errorf("told %+v", a)
		}
		told <- struct{}{}
	}}
	large := strings.Repeat("x", 100<<10)
	var log requests
	g := start(t, cfg, proxy.Route{Path: "/a", Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: log.serve(t)})})
	big := ask(t, g, "POST /a HTTP/1.1\r\nHost: a\r\nX-Request-Id: 1\r\nContent-Length: "+itoa(len(large))+"\r\n\r\n"+large)
	<-told
	ask(t, g, get("/none", "X-Request-Id: 2"))
	<-told
	want := []seen{
		{"test", "1", "POST", "a", "/a", "", 200, int64(len(large)), int64(len(big.body))},
		{"", "2", "GET", "example.test", "/none", "no such route", 404, 0, int64(len(`{"error":"no such route","request_id":"2"}`))},
	}
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told differs (-want +got):\n%s", diff)
	}
}
