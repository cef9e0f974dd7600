package jsvm_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// headersJS is the example that the benchmarks use, too.
const headersJS = "../../examples/jsvm-headers/headers.js"

func Example() {
	r := jsvm.New(jsvm.Config{})
	p, err := r.Load(context.Background(), abi.Spec{Source: headersJS, Entry: "headers"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close(context.Background())

	x := &abi.Exchange{API: &abi.API{ID: "orders"}}
	x.Request.URI = []byte("/orders/7")
	x.Request.Header = abi.Header{{Name: []byte("Authorization"), Value: []byte("Bearer acme.secret")}}
	x.Begin(abi.Pre, time.Now().Add(time.Second))
	v, err := p.Call(x)
	tenant, _ := x.Request.Header.Get([]byte("X-Tenant"))
	fmt.Printf("%v %v %s\n", v, err, tenant)
	// Output: continue <nil> acme
}

func loadHeaders(tb testing.TB) abi.Plugin {
	tb.Helper()
	p, err := jsvm.New(jsvm.Config{}).Load(tb.Context(), abi.Spec{Source: headersJS, Entry: "headers"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

func TestHeadersExampleTagsTheRequest(t *testing.T) {
	x := exchange()
	x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("Authorization"), Value: []byte("Bearer acme.s")})
	if v := must(t, loadHeaders(t), x, abi.Pre); v != abi.Continue {
		t.Errorf("verdict = %v, want continue", v)
	}
	got := field(x.Request.Header, "X-Tenant") + " " + field(x.Request.Header, "X-Agent") + " " + field(x.Request.Header, "X-Debug")
	if got != "acme curl/8 " {
		t.Errorf("X-Tenant, X-Agent, X-Debug = %q", got)
	}
}

func TestHeadersExampleTurnsStrangersAway(t *testing.T) {
	x := exchange()
	if v := must(t, loadHeaders(t), x, abi.Pre); v != abi.Respond || x.Reply.Status != 401 {
		t.Fatalf("verdict = %v with status %d, want respond with 401", v, x.Reply.Status)
	}
	if got, want := string(x.Reply.Body), "{\n    \"error\": \"authorization required\"\n}"; got != want {
		t.Errorf("body = %q, want %q", got, want)
	}
}
