package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// A gateway with one API and no plugins.
func Example() {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s from %s", r.URL.Path, r.Header.Get("X-Forwarded-For"))
	}))
	defer origin.Close()

	plugins, err := chain.New(chain.Config{API: &abi.API{Name: "orders"}})
	if err != nil {
		panic(err)
	}
	defer plugins.Close()
	upstream, err := upstream.New(upstream.Config{URL: origin.URL})
	if err != nil {
		panic(err)
	}
	router, err := proxy.NewRouter([]proxy.Route{{Path: "/orders", Strip: true, Chain: plugins, Upstream: upstream}})
	if err != nil {
		panic(err)
	}

	gateway := proxy.New(proxy.Config{}, router)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	served := make(chan error, 1)
	go func() { served <- gateway.Serve(listener) }()

	resp, err := http.Get("http://" + listener.Addr().String() + "/orders/42")
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	fmt.Println(string(body))

	http.DefaultClient.CloseIdleConnections()
	fmt.Println(gateway.Shutdown(context.Background()), <-served, upstream.Close(context.Background()))
	// Output:
	// /42 from 127.0.0.1
	// <nil> <nil> <nil>
}
