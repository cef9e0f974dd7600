package native

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
)

// warmup is an optional export that is called before the image of a plugin is
// taken.
const warmup = "warmup"

// nativeGuest is an instance of a plugin with the native ABI.
type nativeGuest struct {
	module api.Module
	call   *Call

	functions [abi.HookCount]api.Function // resolved at first use
	stack     [1]uint64                   // where the engine leaves the result
	last      abi.Hook
}

var _ guest.Refuser = (*nativeGuest)(nil)

func (g *nativeGuest) Context(parent context.Context) context.Context { return g.call.Context(parent) }
func (g *nativeGuest) Bind(module api.Module)                         { g.module = module }
func (g *nativeGuest) Refused() error                                 { return g.call.refused }
func (g *nativeGuest) DropStack()                                     { g.functions[g.last] = nil }

// Start calls warmup, if the guest exports it.
func (g *nativeGuest) Start(ctx context.Context, _ time.Time) error {
	if f := g.module.ExportedFunction(warmup); f != nil {
		return f.CallWithStack(ctx, g.stack[:])
	}
	return nil
}

// Run calls the function of the hook.
func (g *nativeGuest) Run(ctx context.Context, x *abi.Exchange, _ time.Time) (abi.Verdict, error) {
	g.last = x.Hook
	g.call.Begin(x)
	defer g.call.End()
	if err := g.function(x.Hook).CallWithStack(ctx, g.stack[:]); err != nil {
		return abi.Continue, err
	}
	return g.verdict(x)
}

// function returns the guest's function for a hook. Resolving one costs
// microseconds and a stack, so it is done once per instance, and only for hooks
// that are called.
func (g *nativeGuest) function(h abi.Hook) api.Function {
	if g.functions[h] == nil {
		g.functions[h] = g.module.ExportedFunction(Export(h))
	}
	return g.functions[h]
}

// verdict reads what the hook returned.
func (g *nativeGuest) verdict(x *abi.Exchange) (abi.Verdict, error) {
	v := api.DecodeU32(g.stack[0])
	switch {
	case v > uint32(abi.Respond):
		return abi.Continue, abi.Errorf(abi.Protocol, "%s returned %d, want 0 or 1", x.Hook, int32(v))
	case abi.Verdict(v) == abi.Respond && x.Reply.Status == 0:
		return abi.Continue, abi.Errorf(abi.Protocol, "%s responds without a status", x.Hook)
	}
	return abi.Verdict(v), nil
}
