package wasm

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// What instrumented guests are given. See the package rewrite.
const (
	slice      = 20_000  // checks between two yields
	depthLimit = 131_072 // slots of the native stack

	// The engine of scripts counts its own stack, and lets a script catch that
	// it is used up. So the guard must not be reached first.
	scriptDepthLimit = 4 * depthLimit
)

// brake stops a guest at its deadline, or when its plugin ends. The guest
// pulls it on its own goroutine: at every yield of the instrumented code, and
// in host functions that take time. Nobody else touches it while a call runs,
// so there is no watchdog, no lock and no race with the next call.
type brake struct {
	until time.Time
	end   <-chan struct{}
	cause error // why the guest was stopped, or nil
	limit int32 // of depth

	fuel, stop, depth api.MutableGlobal
}

// bind finds the globals of the guest that the brake works on.
func (b *brake) bind(module api.Module) error {
	globals, err := snapshot.Globals(module, []string{rewrite.FuelName, rewrite.StopName, rewrite.DepthName})
	if err != nil {
		return err
	}
	b.fuel, b.stop, b.depth = globals[0], globals[1], globals[2]
	return nil
}

// arm gives the guest until a moment, or until end is closed. What an earlier
// call left is undone, for instances that are not reset.
func (b *brake) arm(until time.Time, end <-chan struct{}) {
	b.until, b.end = until, end
	if b.cause != nil {
		b.release()
	}
}

// release lets a guest run again that was stopped.
func (b *brake) release() {
	b.cause = nil
	b.stop.Set(0)
	b.fuel.Set(slice)
	b.depth.Set(0)
}

// yield is called by the guest every few tens of microseconds.
func (b *brake) yield() {
	if b.overdue() {
		b.stop.Set(1)
	}
}

// overdue reports whether the guest has to stop, and remembers why.
func (b *brake) overdue() bool {
	if b.cause != nil {
		return true
	}
	if !time.Now().Before(b.until) { // first: a context may end for the same reason
		b.cause = context.DeadlineExceeded
		return true
	}
	select {
	case <-b.end:
		b.cause = context.Canceled
	default:
	}
	return b.cause != nil
}

// pull stops the guest at its next check, without waiting for the next yield.
// Host functions call it when they have used the time up.
func (b *brake) pull() {
	if b.overdue() {
		b.stop.Set(1)
		b.fuel.Set(1)
	}
}

// tooDeep reports whether the guest was stopped by the depth guard.
func (b *brake) tooDeep() bool { return api.DecodeI32(b.depth.Get()) > b.limit }

// sleep is how a guest sleeps: not past its deadline or its end.
func (b *brake) sleep(ns int64) {
	t := time.NewTimer(min(time.Duration(ns), time.Until(b.until)))
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.end:
	}
	b.pull()
}

// randomChunk is how many random bytes are made between two looks at the
// clock, about 0.2 ms.
const randomChunk = 64 << 10

// Read fills p with random bytes. A guest may ask for as many as it has
// memory, hence in parts.
func (b *brake) Read(p []byte) (int, error) {
	if len(p) > randomChunk {
		if b.overdue() {
			b.pull()
			return 0, fmt.Errorf("random: %w", b.cause)
		}
		p = p[:randomChunk]
	}
	return rand.Read(p)
}
