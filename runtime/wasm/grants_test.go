package wasm_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
	"github.com/c386954a/sallyport/store"
)

// grantsGuest builds the Go plugin that uses every grant, once.
var grantsGuest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "sallyport")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "grants.wasm")
	if err := wasmtest.BuildGo("testdata/grants", out); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
})

// TestGrants runs everything in one runtime, and with the plugin loaded:
// compiling it takes longer than all the rest.
func TestGrants(t *testing.T) {
	r := newRuntime(t, wasm.Config{KV: store.NewMemory(), Env: func(name string) (string, bool) {
		return "value of " + name, true
	}})
	loadIn(t, r, granteeSpec(t, everyGrant("http://localhost/")))
	for _, c := range []struct {
		name string
		test func(t *testing.T, r *wasm.Runtime)
	}{
		{"a Go plugin uses what it was granted", usesGrants},
		{"a Go plugin is refused without", refusedWithoutGrants},
		{"plugins without a common pattern do not meet", doNotMeet},
		{"waiting for a server ends at the deadline", waitsForAServer},
		{"a server that is down is unavailable", serverDown},
		{"close ends the request of a plugin", closeEndsRequest},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, r) })
	}
}

// everyGrant returns grants of all kinds, URLs among them.
func everyGrant(url string) abi.Grants {
	return abi.Grants{KV: []string{"seen:*"}, HTTP: []string{url}, Env: []string{"REGION"}}
}

func granteeSpec(t *testing.T, g abi.Grants) abi.Spec {
	t.Helper()
	binary, err := grantsGuest()
	if err != nil {
		t.Fatal(err)
	}
	s := spec(t, binary, abi.Pooled, 1)
	s.Grants = g
	return s
}

// ask lets the plugin do something and returns the outcome.
func ask(t *testing.T, p abi.Plugin, what, with string) string {
	t.Helper()
	x := exchange()
	x.Request.Method, x.Request.URI = []byte(what), []byte("/"+with)
	if v, err := call(p, x, abi.Pre, long); v != abi.Respond || err != nil {
		t.Fatalf("Call() = %v, %v, want respond", v, err)
	}
	return string(x.Reply.Body)
}

// listen starts a server for a test.
func listen(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func usesGrants(t *testing.T, r *wasm.Runtime) {
	server := listen(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Echo", r.Header.Get("X-Plugin"))
		fmt.Fprintf(w, "%s %s", r.URL, body)
	})
	p := loadIn(t, r, granteeSpec(t, everyGrant(server+"/v1/*")))
	for _, c := range []struct{ what, with, want string }{
		{"STORE", "seen:a", "true 1099511627783 1099511627783 true"},
		{"STORE", "seen:a", "false 2199023255559 2199023255559 true"},
		{"STORE", "other", "sallyport: not granted"},
		{"FETCH", server + "/v1/x?y", "200 grants true /v1/x?y ping"},
		{"FETCH", server + "/v2/x", "sallyport: not granted"},
		{"FETCH", server + "/v1/../v2", "sallyport: invalid argument"},
		{"ENV", "REGION", "value of REGION"},
		{"ENV", "HOME", ""},
		{"MEASURE", "hits", ""},
		{"MEASURE", "Hits", "sallyport: invalid argument"},
	} {
		if got := ask(t, p, c.what, c.with); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.what, c.with, got, c.want)
		}
	}
	for m := range p.(abi.Measurer).Metrics() {
		if got := fmt.Sprint(m); got != "{hits false [{outcome hit}] 1}" {
			t.Errorf("measured %s", got)
		}
	}
}

func refusedWithoutGrants(t *testing.T, r *wasm.Runtime) {
	_, err := r.Load(t.Context(), granteeSpec(t, abi.Grants{}))
	if abi.KindOf(err) != abi.Refused || err == nil {
		t.Errorf("Load() = %v, want a refusal", err)
	}
}

func doNotMeet(t *testing.T, r *wasm.Runtime) {
	grants := everyGrant("http://localhost/")
	grants.KV = []string{"a*"}
	p := loadIn(t, r, granteeSpec(t, grants))
	same := loadIn(t, r, granteeSpec(t, grants))
	grants.KV = []string{"b*"}
	other := loadIn(t, r, granteeSpec(t, grants))
	ask(t, p, "STORE", "a1")
	if got := ask(t, same, "STORE", "a1"); got[:5] != "false" {
		t.Errorf("a plugin with the same pattern answers %q, want that the key is there", got)
	}
	if got := ask(t, other, "STORE", "a1"); got != "sallyport: not granted" {
		t.Errorf("a plugin with another pattern answers %q", got)
	}
}

func waitsForAServer(t *testing.T, r *wasm.Runtime) {
	server := listen(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	p := loadIn(t, r, granteeSpec(t, everyGrant(server+"/*")))
	for range 2 { // the second call must not find a broken instance
		x := exchange()
		x.Request.Method, x.Request.URI = []byte("INSIST"), []byte("/"+server+"/")
		if _, err := call(p, x, abi.Pre, 10*short); abi.KindOf(err) != abi.Timeout {
			t.Errorf("Call() = %v, want a timeout", err)
		}
		if got := ask(t, p, "ENV", "REGION"); got != "value of REGION" {
			t.Errorf("the next call answers %q", got)
		}
	}
}

func serverDown(t *testing.T, r *wasm.Runtime) {
	s := httptest.NewServer(nil)
	s.Close()
	p := loadIn(t, r, granteeSpec(t, everyGrant(s.URL+"/*")))
	x := exchange()
	x.Request.Method, x.Request.URI = []byte("INSIST"), []byte("/"+s.URL+"/")
	if _, err := call(p, x, abi.Pre, long); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Call() = %v, want unavailable", err)
	}
}

func closeEndsRequest(t *testing.T, r *wasm.Runtime) {
	arrived := make(chan struct{})
	server := listen(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	p := loadIn(t, r, granteeSpec(t, everyGrant(server+"/*")))
	failed := make(chan error, 1)
	go func() {
		x := exchange()
		x.Request.Method, x.Request.URI = []byte("INSIST"), []byte("/"+server+"/")
		_, err := call(p, x, abi.Pre, long)
		failed <- err
	}()
	<-arrived
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Close(ended); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("Call() = nil, want an error")
	}
}
