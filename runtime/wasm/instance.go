package wasm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// instance is one running copy of a guest: memory, globals and a stack. It
// belongs to one goroutine at a time.
type instance struct {
	plugin   *plugin
	module   api.Module
	memory   *snapshot.Memory
	restorer *snapshot.Restorer // nil if the instance cannot be reset
	rung     int                // of the ladder, when the restorer was made
	brake    brake
	out      *lines
	guest    guest
	ctx      context.Context // carries guest to the host functions; made once
	broken   bool            // must not be used again, not even after a reset
}

// errNoRoom is what a call gets when the process has all the instances that
// the system can map.
var errNoRoom = &abi.Error{Kind: abi.Busy, Err: errors.New("the process has as many instances as the system can map")}

// newInstance returns an instance in the state that calls begin with: a clone
// of the image if there is one, or a guest that starts, until ctx ends.
func (p *plugin) newInstance(ctx context.Context) (*instance, error) {
	i, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	if rung, strategy, ok := p.ladder.rung(); ok {
		err = i.clone(rung, strategy)
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
	if !p.room.take() {
		return nil, errNoRoom
	}
	memory, err := snapshot.NewMemory(p.caps, uint64(p.memory))
	if err != nil {
		p.room.give()
		return nil, &abi.Error{Kind: abi.Limit, Err: err}
	}
	i := &instance{plugin: p, memory: memory}
	i.guest = p.contract.NewGuest(i.brake.pull)
	i.out = p.output.lines(&i.brake)
	i.ctx = i.guest.Context(p.life)
	i.brake.end, i.brake.limit = p.life.Done(), int32(p.options.DepthLimit)
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
	if err := i.brake.bind(module); err != nil {
		return &abi.Error{Kind: abi.Trap, Err: err}
	}
	i.memory.SetYield(i.brake.yield)
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
	i.brake.arm(deadline, i.plugin.life.Done())
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
	i.plugin.room.give()
}
