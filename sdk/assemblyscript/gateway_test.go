package assemblyscript_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
	"github.com/c386954a/sallyport/store"
)

// TestTheGatewayGivesWhatItGrants runs the guest of test/granted.test.js in
// the gateway, so that the SDK, its fake and the gateway agree.
func TestTheGatewayGivesWhatItGrants(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "a/b")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL, r.Header.Get("Content-Type"), body)
	}))
	defer server.Close()
	p := loadGuest(t, buildGuest(t, "granted"), abi.Spec{
		Config: []byte(`{"idp":"` + server.URL + `/introspect"}`),
		Grants: abi.Grants{
			KV:   []string{"*"},
			HTTP: []string{server.URL + "/*"},
			Env:  []string{"HOME", "UNSET"},
		},
	})

	x := exchange()
	call(t, p, x, abi.Pre)
	for _, c := range []struct{ name, want string }{
		{"Absent", "true"},
		{"A", "1"},
		{"First", "true false"},
		{"Sum", "1 -4"},
		{"Home", "/home"},
		{"Unset", "true"},
	} {
		if got, _ := x.Request.Header.Get([]byte(c.name)); string(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}

	call(t, p, x, abi.Auth)
	want := "POST /introspect text/plain /token"
	if x.Reply.Status != http.StatusCreated || string(x.Reply.Body) != want {
		t.Errorf("reply %d %q, want 201 %q", x.Reply.Status, x.Reply.Body, want)
	}
	if kind, _ := x.Request.Header.Get([]byte("Kind")); string(kind) != "a/b" {
		t.Errorf("content type of the response is %q, want a/b", kind)
	}

	call(t, p, x, abi.Post)
	measured := map[string]string{}
	for m := range p.(abi.Measurer).Metrics() {
		measured[m.Name] = fmt.Sprint(m.Gauge, m.Labels, m.Value)
	}
	if measured["seen"] != "false [] 1" || measured["load"] != "true [{tier a1} {zone eu}] 0.5" {
		t.Errorf("measured %v", measured)
	}
}

// TestTheGatewayServesEveryAccessor runs the guest of test/exchange.test.js
// in the gateway.
func TestTheGatewayServesEveryAccessor(t *testing.T) {
	p := loadGuest(t, buildGuest(t, "tour"), abi.Spec{})
	hooks := abi.SetOf(abi.Pre, abi.Auth, abi.PostKeyAuth, abi.Post, abi.Response, abi.Event)
	for h := range hooks.All() {
		call(t, p, exchange(), h)
	}
}

func TestWhatWasReadAtTheStartStays(t *testing.T) {
	guest := buildGuest(t, "start")
	for _, mode := range []abi.Mode{abi.Fresh, abi.Pooled} {
		t.Run(mode.String(), func(t *testing.T) {
			p := loadGuest(t, guest, abi.Spec{
				Config:    []byte(`{"issuer":"https://idp.example"}`),
				Grants:    abi.Grants{Env: []string{"REGION"}},
				Instances: abi.Instances{Mode: mode, Max: 1},
			})
			for range 3 {
				x := exchange()
				call(t, p, x, abi.Pre)
				if got, _ := x.Request.Header.Get([]byte("Issuer")); string(got) != "https://idp.example" {
					t.Errorf("Issuer: %q", got)
				}
			}
		})
	}
}

// buildGuest builds a test guest and returns its file.
func buildGuest(t *testing.T, name string) string {
	t.Helper()
	wasmtest.Watch(t, ".")
	file := filepath.Join(t.TempDir(), name+".wasm")
	wasmtest.MustRunScript(t, "build.sh", name, file)
	return file
}

// loadGuest loads a test guest.
func loadGuest(t *testing.T, file string, s abi.Spec) abi.Plugin {
	t.Helper()
	s.Name, s.Source = strings.TrimSuffix(filepath.Base(file), ".wasm"), file
	r, err := wasm.New(t.Context(), wasm.Config{KV: store.NewMemory(), Env: environment})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func environment(name string) (string, bool) { return "/home", name == "HOME" }

func exchange() *abi.Exchange {
	return &abi.Exchange{
		RequestID: []byte("r1"),
		API:       &abi.API{ID: "a1", Name: "orders"},
		Request: abi.Request{
			Method: []byte("GET"), URI: []byte("/token"), Host: []byte("api.example.com"),
			Header: abi.Header{{Name: []byte("A"), Value: []byte("1")}, {Name: []byte("B")}},
		},
	}
}

// call runs one hook as the chain does.
func call(t *testing.T, p abi.Plugin, x *abi.Exchange, h abi.Hook) {
	t.Helper()
	x.Begin(h, time.Now().Add(time.Minute))
	v, err := p.Call(x)
	if err != nil {
		t.Fatalf("%v: Call() = %v", h, err)
	}
	x.Commit(v)
}
