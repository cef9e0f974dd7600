package coproc_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// TestFaultMatrix lets a process do each thing that a plugin does wrong, while
// another one in the same gateway serves: what fails is the calls of the first
// only, and it comes back. The other's errors must be none. The figures are in
// the log of the test.
func TestFaultMatrix(t *testing.T) {
	if !isRoot() {
		t.Skip("needs root to give the process a user of its own: sudo go test")
	}
	for _, fault := range []struct {
		name, how string
		calls     int
		recovers  bool // the process has to be replaced
		kinds     []abi.Kind
	}{
		{"crash", "exit-3", 1, true, []abi.Kind{abi.Gone}},
		{"hang", "silent", 3, true, []abi.Kind{abi.Timeout}},
		{"memory bomb", "memory", 1, true, []abi.Kind{abi.Gone, abi.Limit}},
		{"shared memory bomb", "shared", 1, true, []abi.Kind{abi.Limit}},
		{"fork bomb", "fork-bomb", 1, false, nil},
		{"descriptor leak", "leak", 1, false, nil},
		{"log flood", "flood", 1, false, nil},
		{"garbage", "garbage", 1, true, []abi.Kind{abi.Gone, abi.Protocol}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			if raced && (fault.how == "memory" || fault.how == "shared") {
				t.Skip("the race detector needs more memory than the bomb")
			}
			other := load(t, start(t, coproc.Config{}, "fake", "good"), spec("any"))
			r := startConfined(t, "fake", "twin", fault.how)
			p := load(t, r, spec("any"))
			wantSees(t, p, "warm")
			pid := r.Stats().PID

			neighbour := watch(other)
			before := heap()
			begun := time.Now()
			failed := callConcurrently(t, p, fault.how, fault.calls, fault.kinds)
			detected := time.Since(begun)
			if fault.recovers {
				eventually(t, func() bool { return r.Stats().Starts >= 2 })
			}
			eventually(t, func() bool { got, err := sees(p, "again", limit); return err == nil && got == "again" })
			recovered := time.Since(begun)
			grown := int64(heap()) - int64(before)
			served, errs := neighbour()
			t.Logf("%d of %d calls failed; of %d calls of the other process %d; detected in %v, recovered in %v; gateway heap %+d KiB",
				failed, fault.calls, served, errs, detected.Round(10*time.Microsecond), recovered.Round(10*time.Microsecond), grown>>10)
			if errs != 0 {
				t.Errorf("%d calls of the other process failed", errs)
			}
			if grown > 8<<20 {
				t.Errorf("the gateway grew by %d bytes", grown)
			}
			if n := len(descendants(pid)); fault.how == "fork-bomb" {
				t.Logf("%d processes in the group, of 201 wanted", n)
				if n < 2 || n > 64 {
					t.Error("the limit of 64 processes and threads did not hold")
				}
			}
			closeRuntime(t, r)
			if exists(pid) || len(descendants(pid)) > 0 {
				t.Errorf("process %d or its children are left: %v", pid, descendants(pid))
			}
		})
	}
}

// startConfined is start with a sandbox where there can be one.
func startConfined(t *testing.T, args ...string) *coproc.Runtime {
	t.Helper()
	c := sandbox.Config{Memory: 192 << 20, Files: 64, Processes: 64}
	if raced {
		c.Memory, c.Processes = 1<<46, 128
	}
	return start(t, coproc.Config{
		Command: []string{reachable(t)}, Sandbox: &c, MaxInFlight: 8,
		PingInterval: 500 * time.Millisecond, // and a fifth of it for calls that are not answered
		StopGrace:    200 * time.Millisecond, TermGrace: 50 * time.Millisecond,
	}, args...)
}

// reachable returns the name of a copy of this binary that every user may
// start, and go on starting.
func reachable(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "coproc-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	name := filepath.Join(dir, "plugin")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(name, text, 0o755)); err != nil {
		t.Fatal(err)
	}
	return name
}

// callConcurrently makes calls that set the fault off, and counts those that
// failed. Every failure must be of one of the kinds.
func callConcurrently(t *testing.T, p abi.Plugin, how string, n int, kinds []abi.Kind) int {
	t.Helper()
	var failed atomic.Int64
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() {
			patience := limit
			if how == "silent" {
				patience = 50 * time.Millisecond
			}
			_, err := sees(p, "fault", patience)
			if err == nil {
				return
			}
			failed.Add(1)
			for _, k := range kinds {
				if abi.KindOf(err) == k {
					return
				}
			}
			t.Errorf("Call() = %v, want one of %v", err, kinds)
		})
	}
	calls.Wait()
	return int(failed.Load())
}

// watch calls a plugin until the returned function is called, which tells how
// often it was called and how often in vain.
func watch(p abi.Plugin) func() (calls, errs int) {
	stop := make(chan struct{})
	var all, bad int
	var done sync.WaitGroup
	done.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			id := strconv.Itoa(i)
			if got, err := sees(p, id, limit); err != nil || got != id {
				bad++
			}
			all++
		}
	})
	return func() (int, int) { close(stop); done.Wait(); return all, bad }
}

// heap returns the bytes of this process that are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
