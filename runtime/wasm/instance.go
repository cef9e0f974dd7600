package wasm

import (
	"context"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/native"
)

// instance is one running copy of a guest: memory, globals and a stack. It
// belongs to one goroutine at a time.
type instance struct {
	module api.Module
	memory *memory
	sleep  *sleeper
	out    *lines
	call   *native.Call
	ctx    context.Context // carries call to the host functions; made once

	functions [abi.HookCount]api.Function // resolved at first use
	stack     [1]uint64                   // where the engine leaves the result
}

// newInstance starts a guest. It runs its start function and _initialize and
// stops them when ctx ends.
func (p *plugin) newInstance(ctx context.Context) (*instance, error) {
	i := &instance{
		memory: newMemory(p.memory),
		sleep:  &sleeper{end: p.life.Done()},
		out:    p.output.lines(),
		call:   p.host.NewCall(),
	}
	i.ctx = i.call.Context(p.life)
	ctx = i.call.Context(withMemory(ctx, i.memory))
	if deadline, ok := ctx.Deadline(); ok {
		i.sleep.until = deadline
	}
	module, err := p.engine.InstantiateModule(ctx, p.code, i.wasi())
	if err != nil {
		return nil, i.startFault(ctx, err)
	}
	i.module = module
	if err := i.initialize(ctx); err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}

// initialize runs what a reactor wants to be run first.
func (i *instance) initialize(ctx context.Context) error {
	f := i.module.ExportedFunction("_initialize")
	if f == nil {
		return nil
	}
	if _, err := f.Call(ctx); err != nil {
		return i.startFault(ctx, err)
	}
	return nil
}

// run calls the hook of x.
func (i *instance) run(x *abi.Exchange, deadline time.Time) (abi.Verdict, error) {
	i.begin(x, deadline)
	defer i.end()
	ctx, cancel := context.WithDeadline(i.ctx, deadline)
	defer cancel()
	if err := i.function(x.Hook).CallWithStack(ctx, i.stack[:]); err != nil {
		return abi.Continue, i.fault(ctx, x.Hook, err)
	}
	return i.verdict(x)
}

func (i *instance) begin(x *abi.Exchange, deadline time.Time) {
	i.memory.refused = false
	i.sleep.until = deadline
	i.out.requestID = x.RequestID
	i.call.Begin(x)
}

func (i *instance) end() {
	i.out.flush()
	i.out.requestID = nil
	i.call.End()
}

// function returns the guest's function for a hook. Resolving one costs
// microseconds and a stack, hence once per instance and not for all hooks.
func (i *instance) function(h abi.Hook) api.Function {
	if i.functions[h] == nil {
		i.functions[h] = i.module.ExportedFunction(native.Export(h))
	}
	return i.functions[h]
}

// verdict reads what the hook returned.
func (i *instance) verdict(x *abi.Exchange) (abi.Verdict, error) {
	v := api.DecodeU32(i.stack[0])
	switch {
	case v > uint32(abi.Respond):
		return abi.Continue, abi.Errorf(abi.Protocol, "%s returned %d, want 0 or 1", x.Hook, int32(v))
	case abi.Verdict(v) == abi.Respond && x.Reply.Status == 0:
		return abi.Continue, abi.Errorf(abi.Protocol, "%s responds without a status", x.Hook)
	}
	return abi.Verdict(v), nil
}

// close frees the instance. It must not be running.
func (i *instance) close() {
	i.out.flush()
	_ = i.module.Close(context.Background()) // a guest without files has nothing that can fail
}

// startFault describes why a guest could not be started.
func (i *instance) startFault(ctx context.Context, err error) error {
	i.out.flush()
	f := i.classify(ctx, err)
	f.Err = fmt.Errorf("start: %w", f.Err)
	return f
}
