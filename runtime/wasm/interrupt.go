package wasm

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// Limits of instrumented guests. See the package rewrite.
const (
	slice      = 20_000  // checks between two yields
	depthLimit = 131_072 // slots of the native stack

	// The engine of scripts counts its own stack, and lets a script catch that
	// it is used up. So this limit must not be reached first.
	scriptDepthLimit = 4 * depthLimit
)

// interrupt stops a guest at its deadline, or when its plugin ends. It works on
// the goroutine of the guest: at every yield of the instrumented code, and in
// host functions that take time. Nobody else uses it while a call runs, so it
// needs no watchdog and no lock, and cannot stop the next call by mistake.
type interrupt struct {
	until time.Time
	end   <-chan struct{}
	gone  <-chan struct{} // closed when the client of the call has gone
	cause error           // why the guest was stopped, or nil
	limit int32           // of depth

	fuel, stop, depth api.MutableGlobal
}

// bind finds the globals by which the guest is stopped.
func (i *interrupt) bind(module api.Module) error {
	globals, err := snapshot.Globals(module, []string{rewrite.FuelName, rewrite.StopName, rewrite.DepthName})
	if err != nil {
		return err
	}
	i.fuel, i.stop, i.depth = globals[0], globals[1], globals[2]
	return nil
}

// arm lets the guest run until a moment, or until end or gone is closed. It undoes what
// an earlier call left, which matters for instances that are not reset.
func (i *interrupt) arm(until time.Time, end, gone <-chan struct{}) {
	i.until, i.end, i.gone = until, end, gone
	if i.cause != nil {
		i.release()
	}
}

// release lets a guest that was stopped run again.
func (i *interrupt) release() {
	i.cause = nil
	i.stop.Set(0)
	i.fuel.Set(slice)
	i.depth.Set(0)
}

// yield is called by the guest every few tens of microseconds.
func (i *interrupt) yield() {
	if i.overdue() {
		i.stop.Set(1)
	}
}

// overdue reports whether the guest has to stop, and remembers why.
func (i *interrupt) overdue() bool {
	if i.cause != nil {
		return true
	}
	if !time.Now().Before(i.until) { // first: a context may end for the same reason
		i.cause = context.DeadlineExceeded
		return true
	}
	// Two looks take no lock; one at both channels would.
	select {
	case <-i.end:
		i.cause = context.Canceled
	default:
	}
	select {
	case <-i.gone:
		i.cause = abi.ErrClientGone
	default:
	}
	return i.cause != nil
}

// poll stops the guest at its next check if it is overdue, without waiting for
// the next yield. Host functions that take time call it before they return.
func (i *interrupt) poll() {
	if i.overdue() {
		i.stop.Set(1)
		i.fuel.Set(1)
	}
}

// tooDeep reports whether the guest was stopped because its calls were nested
// too deep.
func (i *interrupt) tooDeep() bool { return api.DecodeI32(i.depth.Get()) > i.limit }

// sleep lets the guest sleep, but not past its deadline or the end of its plugin.
func (i *interrupt) sleep(ns int64) {
	t := time.NewTimer(min(time.Duration(ns), time.Until(i.until)))
	defer t.Stop()
	select {
	case <-t.C:
	case <-i.end:
	case <-i.gone:
	}
	i.poll()
}

// randomChunk is how many random bytes are made between two looks at the
// clock, about 0.2 ms.
const randomChunk = 64 << 10

// Read fills p with random bytes. A guest may ask for as many as it has memory,
// so they are made in parts.
func (i *interrupt) Read(p []byte) (int, error) {
	if len(p) > randomChunk {
		if i.overdue() {
			i.poll()
			return 0, fmt.Errorf("random: %w", i.cause)
		}
		p = p[:randomChunk]
	}
	return rand.Read(p)
}
