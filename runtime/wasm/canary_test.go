package wasm_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

func nothing() wasm.Config { return wasm.Config{} }

// left sends a secret in one request and returns what the next one finds.
func left(t *testing.T, p abi.Plugin) string {
	t.Helper()
	first := exchange()
	withField(first, "X-Secret", "SECRET-OF-ALICE!")
	withField(first, "X-Do", "grow")
	if _, err := call(p, first, abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	second := exchange()
	if _, err := call(p, second, abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	return header(second, "X-Left")
}

func TestFreshInstancesLeakNoSecret(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		p := loadIn(t, w.runtime(t, nothing()), soakSpec(t, abi.Fresh))
		if got := left(t, p); got != "nothing" {
			t.Errorf("the second request finds %q", got)
		}
	})
}

// TestPooledInstancesLeak shows what the mode pooled means: globals, the heap
// and what the memory grew by are all there for the next request.
func TestPooledInstancesLeak(t *testing.T) {
	got := left(t, load(t, soakSpec(t, abi.Pooled)))
	if n := strings.Count(got, "SECRET-OF-ALICE!"); n != 3 || !strings.HasPrefix(got, "1 ") {
		t.Errorf("the second request finds %q, want the secret in a map, a list and the growth", got)
	}
}

// grows grows by four pages, answers with 200 plus what is at their end, and
// writes 7 there.
func grows() *wasmtest.Module {
	const at = 5<<16 - 4
	m := wasmtest.New(1)
	status := m.Import("sallyport", "reply_set_status", 1, wasmtest.I32)
	m.Func("sallyport_pre",
		wasmtest.Grow(4), wasmtest.Drop(),
		wasmtest.Load(at), wasmtest.Const(200), wasmtest.Add(), wasmtest.Call(status), wasmtest.Drop(),
		wasmtest.Store(at, wasmtest.Const(7)),
		wasmtest.Const(1))
	m.Func("sallyport_post", wasmtest.Load(at), wasmtest.Drop(), wasmtest.Const(0))
	return m
}

func TestGrownMemoryIsGoneAndZeroWhenItComesBack(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		p := loadIn(t, w.runtime(t, nothing()), spec(t, grows().Bytes(), abi.Fresh, 1))
		for range 10 {
			x := exchange()
			if _, err := call(p, x, abi.Pre, long); err != nil || x.Reply.Status != 200 {
				t.Fatalf("status %d, %v, want 200", x.Reply.Status, err)
			}
			if _, err := call(p, exchange(), abi.Post, long); abi.KindOf(err) != abi.Trap || err == nil {
				t.Fatalf("Call() = %v, want a trap of an access beyond the memory", err)
			}
		}
	})
}

func TestADescriptorCannotBeClosed(t *testing.T) {
	m := wasmtest.New(1).Data(0, "\x08\x00\x00\x00\x05\x00\x00\x00hello")
	closes := m.Import("wasi_snapshot_preview1", "fd_close", 1, wasmtest.I32)
	write := m.Import("wasi_snapshot_preview1", "fd_write", 4, wasmtest.I32)
	m.Func("sallyport_pre",
		wasmtest.Call(write, 1, 0, 1, 32), wasmtest.If(wasmtest.Unreachable()),
		wasmtest.Call(closes, 1), wasmtest.If(wasmtest.Unreachable()),
		wasmtest.Const(0))
	p := load(t, spec(t, m.Bytes(), abi.Fresh, 1))
	for range 3 {
		if _, err := call(p, exchange(), abi.Pre, long); err != nil {
			t.Fatalf("Call() = %v: an earlier call closed the standard output", err)
		}
	}
}

// warms counts its warm-ups in memory and answers with 200 plus their number.
func warms() *wasmtest.Module {
	m := wasmtest.New(1)
	status := m.Import("sallyport", "reply_set_status", 1, wasmtest.I32)
	m.Proc("warmup", wasmtest.Store(0, append(append(wasmtest.Load(0), wasmtest.Const(1)...), wasmtest.Add()...)))
	m.Func("sallyport_pre",
		wasmtest.Load(0), wasmtest.Const(200), wasmtest.Add(), wasmtest.Call(status), wasmtest.Drop(),
		wasmtest.Const(1))
	return m
}

func TestAWarmupIsPartOfTheFreshState(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		p := loadIn(t, w.runtime(t, nothing()), spec(t, warms().Bytes(), abi.Fresh, 1))
		for range 3 {
			x := exchange()
			if _, err := call(p, x, abi.Pre, long); err != nil || x.Reply.Status != 201 {
				t.Fatalf("status %d, %v, want 201", x.Reply.Status, err)
			}
		}
	})
}
