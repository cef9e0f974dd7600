package wasm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/c386954a/sallyport/abi"
)

var errSegment = errors.New("data segment out of bounds")

// start initialises a guest before its first hook, until ctx ends: it writes the
// data that was taken out of the module, calls the start function and
// _initialize, and then does what the guest ABI asks for.
func (i *instance) start(ctx context.Context) error {
	r := i.plugin.report
	for _, s := range r.Segments {
		if !i.module.Memory().Write(s.Offset, s.Bytes) {
			return i.startFault(errSegment)
		}
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(i.plugin.startTimeout)
	}
	i.interrupt.arm(deadline, ctx.Done(), nil)
	for _, name := range [...]string{r.Start, "_initialize"} {
		if err := i.invoke(name); err != nil {
			return i.startFault(err)
		}
	}
	if err := i.guest.Start(i.ctx, deadline); err != nil {
		return i.startFault(err)
	}
	i.out.flush()
	i.memory.ClearRefused()
	i.interrupt.release()
	return nil
}

// invoke calls a function without parameters and results, if it is exported.
func (i *instance) invoke(name string) error {
	if name == "" {
		return nil
	}
	f := i.module.ExportedFunction(name)
	if f == nil {
		return nil
	}
	return f.CallWithStack(i.ctx, nil)
}

// startFault describes why a guest could not be started.
func (i *instance) startFault(err error) error {
	i.out.flush()
	if answered, ok := errors.AsType[*abi.Error](err); ok {
		return answered
	}
	f := i.classify(err)
	f.Err = fmt.Errorf("start: %w", f.Err)
	if f.Kind == abi.Timeout {
		f.Err = fmt.Errorf("%w; it must end within %v", f.Err, i.plugin.startTimeout)
	}
	return f
}
