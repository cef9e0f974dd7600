package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/sys"

	"github.com/c386954a/sallyport/abi"
)

// fault describes why a hook broke off.
func (i *instance) fault(ctx context.Context, h abi.Hook, err error) error {
	f := i.classify(ctx, err)
	f.Err = fmt.Errorf("%s: %w", h, f.Err)
	return f
}

// classify tells the kinds of failure apart, the most telling first: after the
// deadline and after a refused growth every other symptom is a consequence.
func (i *instance) classify(ctx context.Context, err error) *abi.Error {
	exit, exited := errors.AsType[*sys.ExitError](err)
	switch {
	case exited && isStop(exit) && ctx.Err() != nil:
		return &abi.Error{Kind: abi.Timeout, Err: fmt.Errorf("stopped: %w", ctx.Err())}
	case isStackOverflow(err):
		return &abi.Error{Kind: abi.Limit, Err: err}
	case i.memory.refused:
		return &abi.Error{Kind: abi.Limit, Err: fmt.Errorf("after memory beyond %d bytes was refused: %w", i.memory.limit, err)}
	case i.call.Refused() != nil:
		return &abi.Error{Kind: abi.KindOf(i.call.Refused()), Err: fmt.Errorf("%w, and then: %w", i.call.Refused(), err)}
	case exited:
		return &abi.Error{Kind: abi.Trap, Err: fmt.Errorf("guest ended itself with exit code %d", exit.ExitCode())}
	}
	return &abi.Error{Kind: abi.Trap, Err: err}
}

// isStop reports whether the engine closed the module because its context
// ended. A guest may exit with the same codes, so the context must be asked
// as well.
func isStop(exit *sys.ExitError) bool {
	return exit.ExitCode() == sys.ExitCodeDeadlineExceeded || exit.ExitCode() == sys.ExitCodeContextCanceled
}

// isStackOverflow reports whether the engine ran out of stack. Its error has
// no exported identity; the innermost text cannot be set by a guest.
func isStackOverflow(err error) bool {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error() == "stack overflow"
		}
		err = inner
	}
}
