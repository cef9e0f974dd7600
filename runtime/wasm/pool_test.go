package wasm_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// counter counts its calls in memory and answers with 200 plus the count.
func counter() *wasmtest.Module {
	m := wasmtest.New(1)
	status := m.Import("sallyport", "reply_set_status", 1, wasmtest.I32)
	m.Func("sallyport_pre",
		wasmtest.Store(0, append(append(wasmtest.Load(0), wasmtest.Const(1)...), wasmtest.Add()...)),
		wasmtest.Load(0), wasmtest.Const(200), wasmtest.Add(), wasmtest.Call(status), wasmtest.Drop(),
		wasmtest.Const(1))
	return m
}

func TestFreshInstancesRememberNothing(t *testing.T) {
	p := load(t, spec(t, counter().Bytes(), abi.Fresh, 2))
	for range 10 {
		x := exchange()
		if _, err := call(p, x, abi.Pre, long); err != nil || x.Reply.Status != 201 {
			t.Fatalf("status %d, %v, want 201", x.Reply.Status, err)
		}
	}
}

func TestPooledInstancesKeepTheirState(t *testing.T) {
	p := load(t, spec(t, counter().Bytes(), abi.Pooled, 1))
	for i := range 3 {
		x := exchange()
		if _, err := call(p, x, abi.Pre, long); err != nil || x.Reply.Status != 201+i {
			t.Fatalf("status %d, %v, want %d", x.Reply.Status, err, 201+i)
		}
	}
}

// trapsOnDemand counts like counter, and traps in the hook post.
func trapsOnDemand() *wasmtest.Module {
	m := counter()
	m.Func("sallyport_post", wasmtest.Unreachable())
	return m
}

func TestAPooledInstanceIsDroppedAfterAFault(t *testing.T) {
	p := load(t, spec(t, trapsOnDemand().Bytes(), abi.Pooled, 1))
	x := exchange()
	for _, h := range []abi.Hook{abi.Pre, abi.Pre, abi.Post, abi.Pre} {
		if _, err := call(p, x, h, long); (err != nil) != (h == abi.Post) {
			t.Fatalf("%v: %v", h, err)
		}
	}
	if x.Reply.Status != 201 {
		t.Errorf("status %d, want 201: the state of the broken instance lives on", x.Reply.Status)
	}
}

// occupy runs a call that loops until the deadline; done is closed after it.
// It returns when the call has an instance: the guest has logged that.
func occupy(t *testing.T, p abi.Plugin, started <-chan string, timeout time.Duration) (done chan error) {
	t.Helper()
	done = make(chan error, 1)
	go func() {
		_, err := call(p, exchange(), abi.Pre, timeout)
		done <- err
	}()
	<-started
	return done
}

// loops is a guest that logs, and then loops in hook pre. Its hook post
// continues.
func loops() *wasmtest.Module {
	m := wasmtest.New(1).Data(0, "started")
	log := m.Import("sallyport", "log", 3, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Call(log, 1, 0, 7), wasmtest.Drop(), wasmtest.Loop())
	m.Func("sallyport_post", wasmtest.Const(0))
	return m
}

func TestACallThatFindsNoInstanceIsBusyAtItsDeadline(t *testing.T) {
	logger, lines := logLines()
	r := newRuntime(t, wasm.Config{Logger: logger})
	p, err := r.Load(context.Background(), spec(t, loops().Bytes(), abi.Fresh, 1))
	if err != nil {
		t.Fatal(err)
	}
	done := occupy(t, p, lines, long)
	if _, err := call(p, exchange(), abi.Post, short); abi.KindOf(err) != abi.Busy {
		t.Errorf("Call() = %v, want an error of kind busy", err)
	}
	closeNow(t, p)
	<-done
}

// closeNow closes a plugin without waiting for its calls.
func closeNow(t *testing.T, p abi.Plugin) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestAWaitingCallGetsTheNextInstance(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode.String(), func(t *testing.T) {
			logger, lines := logLines()
			p := loadIn(t, newRuntime(t, wasm.Config{Logger: logger}), spec(t, loops().Bytes(), mode, 1))
			done := occupy(t, p, lines, short)
			if v, err := call(p, exchange(), abi.Post, long); v != abi.Continue || err != nil {
				t.Errorf("Call() = %v, %v, want continue", v, err)
			}
			<-done
		})
	}
}

func TestNeighboursOfAFaultAreUnaffected(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode.String(), func(t *testing.T) {
			m := counter()
			m.Func("sallyport_post", wasmtest.Unreachable())
			m.Func("sallyport_virtual", wasmtest.Loop())
			m.Func("sallyport_auth", wasmtest.Const(0))
			p := load(t, spec(t, m.Bytes(), mode, 4))
			var callers sync.WaitGroup
			for i := range 4 {
				callers.Go(func() { alternate(t, p, i) })
			}
			callers.Wait()
		})
	}
}

// alternate calls hooks that fail and one that does not, which must not.
func alternate(t *testing.T, p abi.Plugin, offset int) {
	kinds := map[abi.Hook]abi.Kind{abi.Post: abi.Trap, abi.Virtual: abi.Timeout}
	hooks := []abi.Hook{abi.Post, abi.Auth, abi.Virtual, abi.Auth}
	for i := range 12 {
		h := hooks[(i+offset)%len(hooks)]
		timeout := long
		if h == abi.Virtual {
			timeout = short
		}
		_, err := call(p, exchange(), h, timeout)
		want, fails := kinds[h]
		if (err != nil) != fails || (fails && abi.KindOf(err) != want && abi.KindOf(err) != abi.Busy) {
			t.Errorf("%v: %v", h, err)
		}
	}
}

func TestOneFailedStartFailsOneCallOnly(t *testing.T) {
	m := wasmtest.New(1)
	random := m.Import("sallyport", "random", 2, wasmtest.I32)
	m.Proc("_initialize",
		wasmtest.Call(random, 0, 1), wasmtest.Drop(),
		// traps for three of four bytes, so that starts fail at random
		wasmtest.Load(0), wasmtest.Const(3), wasmtest.And(), wasmtest.If(wasmtest.Unreachable()))
	m.Func("sallyport_pre", wasmtest.Const(0))
	r := newRuntime(t, wasm.Config{}).Reinstantiate()
	p := loadUntil(t, r, spec(t, m.Bytes(), abi.Fresh, 2))
	var good, bad int
	for good < 5 || bad < 5 {
		_, err := call(p, exchange(), abi.Pre, long)
		switch {
		case err == nil:
			good++
		case abi.KindOf(err) == abi.Trap:
			bad++
		default:
			t.Fatalf("Call() = %v, want success or a trap", err)
		}
	}
}

// loadUntil loads a guest whose start fails at random.
func loadUntil(t *testing.T, r *wasm.Runtime, s abi.Spec) abi.Plugin {
	t.Helper()
	for {
		p, err := r.Load(context.Background(), s)
		if err != nil {
			continue
		}
		t.Cleanup(func() {
			if err := p.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		return p
	}
}

func TestCloseWaitsForCallsInFlight(t *testing.T) {
	logger, lines := logLines()
	r := newRuntime(t, wasm.Config{Logger: logger})
	p, err := r.Load(context.Background(), spec(t, loops().Bytes(), abi.Fresh, 2))
	if err != nil {
		t.Fatal(err)
	}
	done := occupy(t, p, lines, 100*time.Millisecond)
	if err := p.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if abi.KindOf(err) != abi.Timeout {
			t.Errorf("the call ended with %v, want its timeout", err)
		}
	case <-time.After(long):
		t.Error("Close returned before the call")
	}
	if _, err := call(p, exchange(), abi.Post, long); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Call() after Close = %v, want an error of kind unavailable", err)
	}
}

func TestCloseStopsCallsWhenItsContextEnds(t *testing.T) {
	logger, lines := logLines()
	r := newRuntime(t, wasm.Config{Logger: logger})
	p, err := r.Load(context.Background(), spec(t, loops().Bytes(), abi.Fresh, 2))
	if err != nil {
		t.Fatal(err)
	}
	done := occupy(t, p, lines, long)
	closeNow(t, p)
	if err := <-done; abi.KindOf(err) != abi.Timeout {
		t.Errorf("the call ended with %v, want to be stopped", err)
	}
}

// TestALoopLeavesAProcessorToOthers is for finding 7 of issue 12: as many calls
// loop as may run at one time, and then one more comes.
func TestALoopLeavesAProcessorToOthers(t *testing.T) {
	width := max(1, runtime.GOMAXPROCS(0)-1)
	for _, tt := range []struct {
		name   string
		change func(*abi.Spec)
		runs   bool
	}{
		{"by default", func(*abi.Spec) {}, false},
		{"with instances.max", func(s *abi.Spec) { s.Instances.Max = width + 1 }, true},
		{"with a grant to send requests", func(s *abi.Spec) { s.Grants.HTTP = []string{"https://idp.test/*"} }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			logger, lines := logLines()
			s := spec(t, loops().Bytes(), abi.Fresh, 0)
			tt.change(&s)
			p, err := newRuntime(t, wasm.Config{Logger: logger}).Load(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			var loops []chan error
			for range width {
				loops = append(loops, occupy(t, p, lines, long))
			}
			want := abi.Busy
			if _, err := call(p, exchange(), abi.Post, short); (err == nil) != tt.runs || err != nil && abi.KindOf(err) != want {
				t.Errorf("Call() = %v, want it to run: %v", err, tt.runs)
			}
			closeNow(t, p)
			for _, done := range loops {
				<-done
			}
		})
	}
}
