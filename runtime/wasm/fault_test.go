package wasm_test

import (
	"errors"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// short is the deadline of calls that are meant to run into it.
const short = 30 * time.Millisecond

// guest returns a guest whose hook pre runs code and continues.
func guest(code ...[]byte) *wasmtest.Module {
	m := wasmtest.New(1)
	m.Func("sallyport_pre", append(code, wasmtest.Const(0))...)
	return m
}

func TestFaultsHaveTheirKind(t *testing.T) {
	for _, c := range []struct {
		name    string
		guest   *wasmtest.Module
		timeout time.Duration
		want    abi.Kind
	}{
		{"trap", guest(wasmtest.Unreachable()), long, abi.Trap},
		{"access outside of the memory", guest(wasmtest.Load(1<<20), wasmtest.Drop()), long, abi.Trap},
		{"exit", exits(3), long, abi.Trap},
		{"exit with the code of a timeout", exits(-0x10000001), long, abi.Trap},
		{"endless loop", guest(wasmtest.Loop()), short, abi.Timeout},
		{"long sleep", sleeps(), short, abi.Timeout},
		{"memory bomb", memoryBomb(), long, abi.Limit},
		{"recursion bomb", recursionBomb(), long, abi.Limit},
		{"verdict 2", verdict(2), long, abi.Protocol},
		{"negative verdict", verdict(-1), long, abi.Protocol},
		{"respond without a status", verdict(1), long, abi.Protocol},
		{"trap after a refused edit", trapAfterRefusal(), long, abi.Protocol},
	} {
		for _, mode := range modes() {
			t.Run(c.name+"/"+mode.String(), func(t *testing.T) {
				p := load(t, spec(t, c.guest.Bytes(), mode, 1))
				for range 2 { // the second call must not find a broken instance
					_, err := call(p, exchange(), abi.Pre, c.timeout)
					if e, ok := errors.AsType[*abi.Error](err); !ok || e.Kind != c.want {
						t.Fatalf("Call() = %v, want an error of kind %v", err, c.want)
					}
				}
			})
		}
	}
}

func exits(code int32) *wasmtest.Module {
	m := wasmtest.New(1)
	exit := m.Import("wasi_snapshot_preview1", "proc_exit", 1, 0)
	m.Func("sallyport_pre", wasmtest.Call(exit, code), wasmtest.Unreachable())
	return m
}

// sleeps asks poll_oneoff for a sleep of 1000 seconds, in a loop.
func sleeps() *wasmtest.Module {
	m := wasmtest.New(1)
	poll := m.Import("wasi_snapshot_preview1", "poll_oneoff", 4, wasmtest.I32)
	subscription := make([]byte, 48) // a clock event; clock 1, relative
	subscription[16] = 1
	copy(subscription[24:], []byte{0, 0x10, 0xa5, 0xd4, 0xe8, 0, 0, 0})
	m.Data(64, string(subscription))
	m.Func("sallyport_pre", wasmtest.Loop(wasmtest.Call(poll, 64, 128, 1, 256), wasmtest.Drop()))
	return m
}

// memoryBomb grows until it is refused, and traps then.
func memoryBomb() *wasmtest.Module {
	return guest(wasmtest.Loop(wasmtest.Grow(16), wasmtest.Less0(), wasmtest.If(wasmtest.Unreachable())))
}

func recursionBomb() *wasmtest.Module {
	m := wasmtest.New(1)
	m.Func("sallyport_pre", wasmtest.Call(0), wasmtest.Drop(), wasmtest.Const(0))
	return m
}

func verdict(n int32) *wasmtest.Module {
	m := wasmtest.New(1)
	m.Func("sallyport_pre", wasmtest.Const(n))
	return m
}

func trapAfterRefusal() *wasmtest.Module {
	m := wasmtest.New(1).Data(0, "not a name")
	set := m.Import("sallyport", "header_set", 5, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Call(set, 0, 0, 10, 0, 1), wasmtest.Drop(), wasmtest.Unreachable())
	return m
}

func TestRefusedGrowthAloneIsNoFault(t *testing.T) {
	p := load(t, spec(t, guest(wasmtest.Grow(1000), wasmtest.Drop()).Bytes(), abi.Fresh, 1))
	if v, err := call(p, exchange(), abi.Pre, long); v != abi.Continue || err != nil {
		t.Errorf("Call() = %v, %v, want continue", v, err)
	}
}

func TestMemoryGrowsUpToTheLimit(t *testing.T) {
	m := wasmtest.New(1)
	m.Func("sallyport_pre",
		wasmtest.Grow(3), wasmtest.Less0(), wasmtest.If(wasmtest.Unreachable()),
		wasmtest.Store(4<<16-4, wasmtest.Const(1)), // the last word
		wasmtest.Const(0))
	s := spec(t, m.Bytes(), abi.Fresh, 1)
	s.Limits.Memory = 4 << 16
	if v, err := call(load(t, s), exchange(), abi.Pre, long); v != abi.Continue || err != nil {
		t.Errorf("Call() = %v, %v, want continue", v, err)
	}
}

func TestEditsOfAFailedCallAreTakenBack(t *testing.T) {
	m := wasmtest.New(1).Data(0, "X-Half")
	set := m.Import("sallyport", "header_set", 5, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Call(set, 0, 0, 6, 0, 6), wasmtest.Drop(), wasmtest.Unreachable())
	p := load(t, spec(t, m.Bytes(), abi.Fresh, 1))
	x := exchange()
	if _, err := call(p, x, abi.Pre, long); err == nil {
		t.Fatal("Call() = nil, want a trap")
	}
	if got := header(x, "X-Half"); got != "(none)" {
		t.Errorf("X-Half = %q after the fault, want none", got)
	}
}

func TestACallOfAHookThatIsNotExportedIsRefused(t *testing.T) {
	p := load(t, spec(t, idle().Bytes(), abi.Fresh, 1))
	if _, err := call(p, exchange(), abi.Auth, long); abi.KindOf(err) != abi.Protocol {
		t.Errorf("Call() = %v, want an error of kind protocol", err)
	}
}

func TestClientThatLeavesStopsTheGuest(t *testing.T) {
	for name, m := range map[string]*wasmtest.Module{"endless loop": guest(wasmtest.Loop()), "long sleep": sleeps()} {
		for _, mode := range modes() {
			t.Run(name+"/"+mode.String(), func(t *testing.T) {
				p := load(t, spec(t, m.Bytes(), mode, 1))
				for range 2 { // the second call must not find a broken instance
					x, gone := exchange(), make(chan struct{})
					x.Gone = gone
					time.AfterFunc(short, func() { close(gone) })
					if _, err := call(p, x, abi.Pre, long); abi.KindOf(err) != abi.Cancelled {
						t.Fatalf("Call() = %v, want an error of kind cancelled", err)
					}
				}
			})
		}
	}
}

// TestClientThatLeavesGivesItsPlaceUp waits for the only instance.
func TestClientThatLeavesGivesItsPlaceUp(t *testing.T) {
	p := load(t, spec(t, guest(wasmtest.Loop()).Bytes(), modes()[0], 1))
	first, firstGone := exchange(), make(chan struct{})
	first.Gone = firstGone
	done := make(chan error)
	go func() {
		_, err := call(p, first, abi.Pre, long)
		done <- err
	}()
	time.Sleep(short) // so that the first call most likely has the instance
	second, gone := exchange(), make(chan struct{})
	second.Gone = gone
	time.AfterFunc(short, func() { close(gone) })
	if _, err := call(p, second, abi.Pre, long); abi.KindOf(err) != abi.Cancelled {
		t.Errorf("Call() = %v, want an error of kind cancelled", err)
	}
	close(firstGone)
	if err := <-done; abi.KindOf(err) != abi.Cancelled {
		t.Errorf("Call() = %v, want an error of kind cancelled", err)
	}
}
