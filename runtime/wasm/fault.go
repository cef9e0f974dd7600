package wasm

import (
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/sys"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
)

// fault describes why a hook broke off, and decides whether a reset is enough
// to use the instance again.
func (i *instance) fault(h abi.Hook, err error) error {
	f := i.classify(err)
	if i.interrupt.tooDeep() {
		i.guest.DropStack()
	}
	f.Err = fmt.Errorf("%s: %w", h, f.Err)
	return f
}

// classify finds the kind of a fault. It looks at causes before symptoms: a guest
// may trap because it was stopped, because its calls were nested too deep, or
// because it got no more memory.
func (i *instance) classify(err error) *abi.Error {
	exit, exited := errors.AsType[*sys.ExitError](err)
	trap := trapText(err)
	i.broken = exited || trap == "" || trap == stackOverflow
	if !exited && trap == "" {
		i.plugin.log.Error().Err(err).Msg("host function panicked: this is a bug of the gateway")
	}
	switch refused := i.refused(); {
	case errors.Is(i.interrupt.cause, abi.ErrClientGone):
		return &abi.Error{Kind: abi.Cancelled, Err: fmt.Errorf("stopped: %w", i.interrupt.cause)}
	case i.interrupt.cause != nil:
		return &abi.Error{Kind: abi.Timeout, Err: fmt.Errorf("stopped: %w", i.interrupt.cause)}
	case i.interrupt.tooDeep() || trap == stackOverflow:
		return &abi.Error{Kind: abi.Limit, Err: fmt.Errorf("calls are nested too deep: %w", err)}
	case i.memory.Refused():
		err = fmt.Errorf("after memory beyond %d bytes was refused: %w", i.memory.Limit(), err)
		return &abi.Error{Kind: abi.Limit, Err: err}
	case refused != nil:
		return &abi.Error{Kind: abi.KindOf(refused), Err: fmt.Errorf("%w, and then: %w", refused, err)}
	case exited:
		return &abi.Error{Kind: abi.Trap, Err: fmt.Errorf("guest ended itself with exit code %d", exit.ExitCode())}
	}
	return &abi.Error{Kind: abi.Trap, Err: err}
}

func (i *instance) refused() error {
	if r, ok := i.guest.(guest.Refuser); ok {
		return r.Refused()
	}
	return nil
}

const stackOverflow = "stack overflow" // of the engine, although the depth is checked

// trapText returns the text of a trap of the guest, or nothing if err is
// something else. The engine's errors have no exported identity, but a guest
// cannot set the innermost text.
func trapText(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	switch text := err.Error(); text {
	case "unreachable", "out of bounds memory access", "integer divide by zero",
		"integer overflow", "invalid conversion to integer",
		"invalid table access", "indirect call type mismatch",
		"null reference", stackOverflow:
		return text
	}
	return ""
}
