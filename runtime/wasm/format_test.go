package wasm_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	guestabi "github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// otherABI is a guest ABI that the gateway does not have: a guest exports
// handle, which returns a status, and may ask for the length of the URI.
type otherABI struct{ closed *bool }

const otherModule = "other_gateway"

func (otherABI) Instantiate(ctx context.Context, engine wazero.Runtime) error {
	length := func(ctx context.Context) uint32 {
		return uint32(len(ctx.Value(otherKey{}).(*otherGuest).x.Request.URI))
	}
	_, err := engine.NewHostModuleBuilder(otherModule).
		NewFunctionBuilder().WithFunc(length).Export("uri_length").Instantiate(ctx)
	return err
}

func (otherABI) Link(api.FunctionDefinition) error { return nil }
func (otherABI) Check(wazero.CompiledModule) error { return nil }
func (otherABI) NewGuest(func()) guestabi.Guest    { return &otherGuest{} }
func (otherABI) Adopt(guestabi.Guest)              {}
func (otherABI) Declares() abi.Declaration         { return abi.Declaration{Hooks: abi.SetOf(abi.Pre)} }
func (o otherABI) Close()                          { *o.closed = true }

// otherGuest is an instance with that ABI.
type otherGuest struct {
	module api.Module
	x      *abi.Exchange
}

type otherKey struct{}

func (g *otherGuest) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, otherKey{}, g)
}
func (g *otherGuest) Bind(module api.Module)                 { g.module = module }
func (g *otherGuest) Start(context.Context, time.Time) error { return nil }
func (g *otherGuest) DropStack()                             {}

func (g *otherGuest) Run(ctx context.Context, x *abi.Exchange, _ time.Time) (abi.Verdict, error) {
	g.x = x
	status, err := g.module.ExportedFunction("handle").Call(ctx)
	if err != nil {
		return abi.Continue, err
	}
	return abi.Respond, x.Answer(int(status[0]), nil)
}

func TestAGuestABITakesOneRowInTheTable(t *testing.T) {
	m := wasmtest.New(1)
	length := m.Import(otherModule, "uri_length", 0, wasmtest.I32)
	m.Func("handle", wasmtest.Call(length), wasmtest.Const(200), wasmtest.Add())
	closed := false
	r := newRuntime(t, wasm.Config{}).AddFormat("other", otherModule, func() guestabi.Contract { return otherABI{&closed} })
	p, err := r.Load(context.Background(), spec(t, m.Bytes(), abi.Fresh, 1))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		x := exchange()
		v, err := call(p, x, abi.Pre, long)
		if want := 200 + len(x.Request.URI); v != abi.Respond || err != nil || x.Reply.Status != want {
			t.Errorf("Call() = %v, %v, with status %d, want %d", v, err, x.Reply.Status, want)
		}
	}
	if err := p.Close(context.Background()); err != nil || !closed {
		t.Errorf("Close() = %v, contract closed: %v", err, closed)
	}
}

func TestGuestsOfOtherGatewaysAreNamed(t *testing.T) {
	imports := func(module, name string) *wasmtest.Module {
		m := wasmtest.New(1)
		m.Import(module, name, 0, wasmtest.I32)
		return m
	}
	exports := wasmtest.New(1)
	exports.Proc("proxy_abi_version_0_2_1")
	for _, c := range []struct {
		name  string
		guest *wasmtest.Module
		want  string
	}{
		{"http-wasm", imports("http_handler", "get_config"), "the ABI http-wasm (it imports http_handler.get_config)"},
		{"proxy-wasm with a version", exports, "the ABI proxy-wasm (it exports proxy_abi_version_0_2_1)"},
		{"proxy-wasm without a version", imports("env", "proxy_log"), "the ABI proxy-wasm (it imports env.proxy_log)"},
		{"Extism", imports("extism:host/env", "alloc"), "the ABI Extism (it imports extism:host/env.alloc)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRuntime(t, wasm.Config{})
			_, err := r.Load(context.Background(), spec(t, c.guest.Bytes(), abi.Fresh, 1))
			if abi.KindOf(err) != abi.Refused || !strings.Contains(err.Error(), "this is a guest of "+c.want) {
				t.Errorf("Load() = %v, want a refusal that says %q", err, c.want)
			}
		})
	}
}
