package abitest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/store"
)

// TestSDKsReachWhatIsGranted runs the guests granted.c and granted.rs, which
// use what the scenarios do not, so that the SDKs and the gateway agree.
func TestSDKsReachWhatIsGranted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	for name, guest := range sdkGuests() {
		t.Run(name, func(t *testing.T) {
			oneVariant(t, name)
			p := loadGranted(t, guest.build(t, "granted"), server.URL)
			x := grantedExchange()
			for _, h := range []abi.Hook{abi.Pre, abi.Auth, abi.Post} {
				callGranted(t, p, x, h)
				checkFields(t, x, seenBy(h))
			}
			if got := string(x.Request.Body); got != "hippo" {
				t.Errorf("body = %q, want hippo", got)
			}
			checkMetrics(t, p)
		})
	}
}

// seenBy returns what a guest writes into the request header in a hook.
func seenBy(h abi.Hook) map[string]string {
	switch h {
	case abi.Pre:
		return map[string]string{
			"Absent": "-1", "Value": "v", "First": "1 0", "Sum": "1 -8589934591", "Gone": "-1",
			"Denied": "-8", "Home": "/home", "Unset": "(none)",
		}
	case abi.Auth:
		return map[string]string{
			"Status": "201", "Kind": "a/b", "Names": "Content-Length;Content-Type;Date;",
			"Body": "POST /introspect text/plain /token", "Denied": "-8", "Dropped": "(none)",
		}
	}
	return map[string]string{
		"Random": "different", "Clocks": "1 1", "Api": "a1orderso1/orders/",
		"Line": "1.2.3.4:5HTTP/1.1httpsr1", "Session": "k1", "Size": "5 2",
	}
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "a/b")
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL, r.Header.Get("Content-Type"), body)
}

func loadGranted(t *testing.T, guest, server string) abi.Plugin {
	t.Helper()
	r, err := wasm.New(t.Context(), wasm.Config{
		KV:  store.NewMemory(),
		Env: func(name string) (string, bool) { return "/home", name == "HOME" },
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Load(t.Context(), abi.Spec{
		Name: "granted", Source: guest, Hooks: abi.SetOf(abi.Pre, abi.Auth, abi.Post),
		Config: []byte(`{"idp":"` + server + `/introspect"}`),
		Grants: abi.Grants{KV: []string{"k:*"}, HTTP: []string{server + "/*"}, Env: []string{"HOME", "UNSET"}},
	})
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

func grantedExchange() *abi.Exchange {
	return &abi.Exchange{
		RequestID: []byte("r1"),
		API:       &abi.API{ID: "a1", Name: "orders", OrgID: "o1", ListenPath: "/orders/"},
		Request: abi.Request{
			Method: []byte("GET"), URI: []byte("/token"), Host: []byte("api.example.com"),
			RemoteAddr: []byte("1.2.3.4:5"), Proto: []byte("HTTP/1.1"), TLS: true,
			Body: []byte("hello"),
		},
	}
}

// callGranted runs one hook as the chain does.
func callGranted(t *testing.T, p abi.Plugin, x *abi.Exchange, h abi.Hook) {
	t.Helper()
	x.Begin(h, time.Now().Add(callTimeoutGranted))
	v, err := p.Call(x)
	if err != nil {
		t.Fatalf("%v: Call() = %v", h, err)
	}
	x.Commit(v)
}

// callTimeoutGranted is generous, because machines that run tests are busy.
const callTimeoutGranted = time.Minute

func checkFields(t *testing.T, x *abi.Exchange, want map[string]string) {
	t.Helper()
	for name, want := range want {
		if got, _ := x.Request.Header.Get([]byte(name)); string(got) != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func checkMetrics(t *testing.T, p abi.Plugin) {
	t.Helper()
	measured := map[string]string{}
	for m := range p.(abi.Measurer).Metrics() {
		measured[m.Name] = fmt.Sprint(m.Gauge, m.Labels, m.Value)
	}
	if measured["seen"] != "false [] 1" || measured["load"] != "true [{tier a1} {zone eu}] 0.5" {
		t.Errorf("measured %v", measured)
	}
}
