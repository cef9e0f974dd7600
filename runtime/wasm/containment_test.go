package wasm_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/compare/faults/attack"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// assault is a guest that does harm in its hook pre. Its hook post continues.
type assault struct {
	name  string
	guest *wasmtest.Module
	want  abi.Kind
}

func assaults() []assault {
	return []assault{
		{"endless loop", attack.Loop().Always(), abi.Timeout},
		{"endless recursion", attack.Recursion().Always(), abi.Limit},
		{"exponential calls without a loop", attack.CallTree().Always(), abi.Timeout},
		{"memory bomb", attack.GrowForever().Always(), abi.Limit},
		{"memory.fill of everything", attack.FillForever(64<<4 - 1).Always(), abi.Timeout},
		{"trap", attack.Trap().Always(), abi.Trap},
		{"exit", exits(1), abi.Trap},
		{"long sleep", sleeps(), abi.Timeout},
		{"log flood", attack.Chatter().Always(), abi.Timeout},
		{"output flood in one call", outputFlood(), abi.Timeout},
		{"random bytes in a loop", randomFlood(), abi.Timeout},
		{"pointers out of bounds", outOfBounds(), abi.Trap},
		{"huge reply", attack.HugeReply().Always(), abi.Limit},
		{"header bomb", attack.HeaderBomb().Always(), abi.Limit},
	}
}

// bystander adds the hook that neighbours call.
func bystander(m *wasmtest.Module) *wasmtest.Module {
	m.Func("sallyport_post", wasmtest.Const(0))
	return m
}

// outputFlood calls fd_write once, with 100,000 buffers of 10 MiB. Its
// _initialize writes their list: a counter behind it runs over the addresses.
func outputFlood() *wasmtest.Module {
	const buffers, length, counter = 100_000, 10 << 20, 8 * 100_000
	m := wasmtest.New(170)
	write := m.Import("wasi_snapshot_preview1", "fd_write", 4, wasmtest.I32)
	m.Proc("_initialize", wasmtest.Loop(
		wasmtest.Load(counter), wasmtest.Const(length), []byte{0x36, 2, 4}, // the second word of the item
		wasmtest.Store(counter, slices.Concat(wasmtest.Load(counter), wasmtest.Const(8), wasmtest.Add())),
		wasmtest.Load(counter), wasmtest.Const(-counter), wasmtest.Add(), wasmtest.Less0(), wasmtest.Not(),
		wasmtest.If([]byte{0x0f}), // return
	))
	m.Func("sallyport_pre", wasmtest.Call(write, 1, 0, buffers, counter+8), wasmtest.Drop(), wasmtest.Loop())
	return m
}

func randomFlood() *wasmtest.Module {
	m := wasmtest.New(16)
	random := m.Import("sallyport", "random", 2, wasmtest.I32)
	all := m.Import("wasi_snapshot_preview1", "random_get", 2, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Loop(
		wasmtest.Call(random, 0, 64<<10), wasmtest.Drop(),
		wasmtest.Call(all, 0, 16<<16), wasmtest.Drop()))
	return m
}

// outOfBounds gives pointers beyond the memory to the host, which must say so,
// and then uses one itself.
func outOfBounds() *wasmtest.Module {
	m := wasmtest.New(1)
	random := m.Import("wasi_snapshot_preview1", "random_get", 2, wasmtest.I32)
	get := m.Import("sallyport", "header_get", 5, wasmtest.I32)
	carryOn := slices.Concat(wasmtest.Const(0), []byte{0x0f}) // return 0: the host let it pass
	m.Func("sallyport_pre",
		wasmtest.Call(random, 65_530, 100), wasmtest.Not(), wasmtest.If(carryOn),
		wasmtest.Call(get, 0, -8, 100, 0, 0), wasmtest.Less0(), wasmtest.Not(), wasmtest.If(carryOn),
		wasmtest.Load(1<<30))
	return m
}

const neighbours = 100

// TestAttacksAreContained runs each attack while neighbours are in flight on
// the same plugin and on another one. The attack must end with its kind, the
// neighbours must be answered, and afterwards all goes on.
func TestAttacksAreContained(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		r := w.runtime(t, wasm.Config{})
		other := loadIn(t, r, spec(t, bystander(guest()).Bytes(), abi.Fresh, 2))
		for _, a := range assaults() {
			t.Run(a.name, func(t *testing.T) {
				s := spec(t, bystander(a.guest).Bytes(), abi.Fresh, 4)
				s.Limits.Memory = 64 << 20
				p := loadIn(t, r, s)
				before := resident()
				strike(t, a, p, other)
				after := resident()
				t.Logf("resident memory %d KiB before and %d KiB after", before>>10, after>>10)
				if after > before+96<<20 {
					t.Errorf("resident memory grew from %d to %d KiB", before>>10, after>>10)
				}
			})
		}
	})
}

// strike runs an attack twice among its neighbours.
func strike(t *testing.T, a assault, p, other abi.Plugin) {
	t.Helper()
	var calls sync.WaitGroup
	for i := range neighbours {
		target := []abi.Plugin{p, other}[i%2]
		calls.Go(func() {
			if v, err := call(target, exchange(), abi.Post, long); v != abi.Continue || err != nil {
				t.Errorf("neighbour %d: Call() = %v, %v, want continue", i, v, err)
			}
		})
	}
	for range 2 {
		calls.Go(func() {
			if err := a.run(p); err == nil || abi.KindOf(err) != a.want {
				t.Errorf("Call() = %v, want an error of kind %v", err, a.want)
			}
		})
	}
	calls.Wait()
}

// run runs the attack, again if it finds no instance before its deadline.
func (a assault) run(p abi.Plugin) (err error) {
	timeout := long
	if a.want == abi.Timeout {
		timeout = short
	}
	for {
		x := exchange()
		x.BodyLimit = 1 << 20
		if _, err = call(p, x, abi.Pre, timeout); err == nil || abi.KindOf(err) != abi.Busy {
			return err
		}
	}
}

func TestATrapInAnyHookIsContained(t *testing.T) {
	m := wasmtest.New(1)
	for h := range abi.Hook(abi.HookCount) {
		m.Func("sallyport_"+h.String(), wasmtest.Unreachable())
	}
	p := load(t, spec(t, m.Bytes(), abi.Fresh, 1))
	for h := range abi.Hook(abi.HookCount) {
		for range 2 {
			if _, err := call(p, exchange(), h, long); abi.KindOf(err) != abi.Trap || err == nil {
				t.Errorf("%v: %v, want a trap", h, err)
			}
		}
	}
}

// TestAnOverrunIsSmall bounds how far a guest gets past its deadline, with a
// wide margin: without checks these guests would run for minutes.
func TestAnOverrunIsSmall(t *testing.T) {
	for _, a := range assaults() {
		if a.want != abi.Timeout {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			s := spec(t, a.guest.Bytes(), abi.Fresh, 1)
			s.Limits.Memory = 64 << 20
			p := load(t, s)
			start := time.Now()
			_, _ = call(p, exchange(), abi.Pre, short)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v with a deadline of %v", took, short)
			} else {
				t.Logf("took %v with a deadline of %v", took, short)
			}
		})
	}
}
