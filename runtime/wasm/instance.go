package wasm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// instance is one running copy of a guest: memory, globals and a stack. It
// belongs to one goroutine at a time.
type instance struct {
	plugin    *plugin
	module    api.Module
	memory    *snapshot.LinearMemory
	restorer  *snapshot.Restorer // nil if the instance cannot be reset
	level     int                // of the fallback, when the restorer was made
	interrupt interrupt
	out       *lines
	guest     guest.Guest
	ctx       context.Context // carries guest to the host functions; made once
	broken    bool            // must not be used again, not even after a reset
}

// errQuota is the error of a call that needs an instance when all plugins
// together have as many as the system can map.
var errQuota = &abi.Error{Kind: abi.Busy, Err: errors.New("the process has as many instances as the system can map")}

// newInstance returns an instance in the state that calls begin with: a clone
// of the image if there is one, or a guest that starts, until ctx ends.
func (p *plugin) newInstance(ctx context.Context) (*instance, error) {
	i, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	if level, strategy, ok := p.fallback.current(); ok {
		err = i.clone(level, strategy)
	} else {
		err = i.start(ctx)
	}
	if err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}

// open makes an instance that has run nothing.
func (p *plugin) open(ctx context.Context) (*instance, error) {
	if !p.quota.acquire() {
		return nil, errQuota
	}
	memory, err := snapshot.NewMemory(p.caps, uint64(p.memory))
	if err != nil {
		p.quota.release()
		return nil, &abi.Error{Kind: abi.Limit, Err: err}
	}
	i := &instance{plugin: p, memory: memory}
	i.guest = p.contract.NewGuest(i.interrupt.poll)
	i.out = p.output.lines(&i.interrupt)
	i.ctx = i.guest.Context(p.life)
	i.interrupt.end, i.interrupt.limit = p.life.Done(), p.depthLimit
	if err := i.instantiate(ctx); err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}

func (i *instance) instantiate(ctx context.Context) error {
	p := i.plugin
	module, err := i.memory.Instantiate(ctx, p.engine, p.code, i.wasi())
	if err != nil {
		return &abi.Error{Kind: abi.Trap, Err: fmt.Errorf("instantiate: %w", err)}
	}
	i.module = module
	if err := i.interrupt.bind(module); err != nil {
		return &abi.Error{Kind: abi.Trap, Err: err}
	}
	i.memory.SetYield(i.interrupt.yield)
	i.guest.Bind(module)
	return nil
}

// run calls the hook of x.
func (i *instance) run(x *abi.Exchange, deadline time.Time) (abi.Verdict, error) {
	i.begin(x, deadline)
	defer i.end()
	v, err := i.guest.Run(i.ctx, x, deadline)
	if err == nil {
		return v, nil
	}
	if answered, ok := errors.AsType[*abi.Error](err); ok {
		return abi.Continue, answered
	}
	return abi.Continue, i.fault(x.Hook, err)
}

func (i *instance) begin(x *abi.Exchange, deadline time.Time) {
	i.memory.ClearRefused()
	i.interrupt.arm(deadline, i.plugin.life.Done(), x.Gone)
	i.out.requestID = x.RequestID
}

func (i *instance) end() {
	i.out.flush()
	i.out.requestID = nil
}

// close frees the instance. It must not be running.
func (i *instance) close() {
	i.out.flush()
	if i.restorer != nil {
		i.restorer.Close()
	}
	if i.module != nil {
		_ = i.module.Close(context.Background()) // a guest without files has nothing that can fail
	}
	if err := i.memory.Unmap(); err != nil {
		i.plugin.log.Error().Err(err).Msg("memory of an instance is lost")
	}
	i.plugin.quota.release()
}
