package proxy

import (
	"strconv"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// Finder returns a function that looks up a path five segments below one of n
// routes.
func Finder(t testing.TB, n int) func() {
	t.Helper()
	c, err := chain.New(chain.Config{API: &abi.API{}})
	if err != nil {
		t.Fatal(err)
	}
	var apis []Route
	for i := range n {
		apis = append(apis, Route{Host: "host" + strconv.Itoa(i%100) + ".test", Path: "/api/v1/service" + strconv.Itoa(i), Chain: c})
	}
	r, err := NewRouter(apis)
	if err != nil {
		t.Fatal(err)
	}
	last := n - 1
	host := []byte("Host" + strconv.Itoa(last%100) + ".test:8080")
	path := []byte("/api/v1/service" + strconv.Itoa(last) + "/a/b/c/d/e")
	buf := make([]byte, 0, 64)
	return func() {
		if r.find(host, urlpath.Clean(path, nil), buf) == nil {
			t.Fatal("no route")
		}
	}
}
