//go:build !race

package coproc_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// TestDispatchAllocates bounds the allocations of a headers-only call: none
// of our own but the time a goroutine takes to be woken.
func TestDispatchAllocates(t *testing.T) {
	p := load(t, start(t, coproc.Config{}, "child"), spec("tag"))
	x := headerHook()
	call := func() {
		x.Begin(abi.Pre, x.Deadline)
		if _, err := p.Call(x); err != nil {
			t.Fatal(err)
		}
		x.Discard()
		x.Reset()
		fill(x)
	}
	call()
	n := testing.AllocsPerRun(200, call)
	t.Logf("%v allocations", n)
	if n > 1 {
		t.Fatalf("%v allocations, want at most 1", n)
	}
}
