package wasm

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
)

// nativeContract is the native ABI; see the package native.
type nativeContract struct {
	host     *native.Host
	spec     abi.Spec
	declares abi.Declaration
}

var (
	_ contract     = (*nativeContract)(nil)
	_ refuser      = (*nativeGuest)(nil)
	_ abi.Measurer = (*nativeContract)(nil)
)

func (c *nativeContract) Instantiate(ctx context.Context, engine wazero.Runtime) error {
	if err := native.Instantiate(ctx, engine); err != nil {
		return fmt.Errorf("link host functions: %w", err)
	}
	return nil
}

func (c *nativeContract) Link(def api.FunctionDefinition) error {
	if module, _, _ := def.Import(); module != native.Module {
		return errUnknownModule
	}
	return native.Link(def, c.spec)
}

func (c *nativeContract) Check(code wazero.CompiledModule) (err error) {
	if c.declares, err = native.Declare(code); err != nil {
		return err
	}
	return checkHooks(c.declares.Hooks, c.spec.Hooks)
}

func (c *nativeContract) NewGuest(func()) guest         { return &nativeGuest{call: c.host.NewCall()} }
func (c *nativeContract) Adopt(guest)                   {}
func (c *nativeContract) Declares() abi.Declaration     { return c.declares }
func (c *nativeContract) Metrics() iter.Seq[abi.Metric] { return c.host.Metrics() }
func (c *nativeContract) Close()                        { c.host.Close() }

// nativeGuest is an instance of a plugin with the native ABI.
type nativeGuest struct {
	module api.Module
	call   *native.Call

	functions [abi.HookCount]api.Function // resolved at first use
	stack     [1]uint64                   // where the engine leaves the result
	last      abi.Hook
}

func (g *nativeGuest) Context(parent context.Context) context.Context { return g.call.Context(parent) }
func (g *nativeGuest) Bind(module api.Module)                         { g.module = module }
func (g *nativeGuest) Refused() error                                 { return g.call.Refused() }
func (g *nativeGuest) Shed()                                          { g.functions[g.last] = nil }

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
// microseconds and a stack, hence once per instance and not for all hooks.
func (g *nativeGuest) function(h abi.Hook) api.Function {
	if g.functions[h] == nil {
		g.functions[h] = g.module.ExportedFunction(native.Export(h))
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
