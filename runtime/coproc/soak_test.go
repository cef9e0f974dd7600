package coproc_test

import (
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// The soak test makes a tenth of these unless long tests are asked for;
// SALLYPORT_SOAK asks for another number of calls.
const (
	soakCalls   = 50_000
	soakKills   = 200
	soakCallers = 32
)

// TestSoak makes many calls while the process is killed at random: every call
// is answered, none with what another should have got, and nothing is left
// behind.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	calls, kills := soakCalls/10, soakKills/10
	if longtest.Enabled() {
		calls, kills = soakCalls, soakKills
	}
	if n, err := strconv.Atoi(os.Getenv("SALLYPORT_SOAK")); err == nil && n > 0 {
		calls, kills = n, soakKills
	}
	r := start(t, coproc.Config{
		MaxInFlight: 64,
		Restart:     coproc.Restart{Min: time.Microsecond, Max: time.Millisecond, Deaths: 1 << 20},
	}, "fake", "good")
	p := load(t, r, spec("any"))
	wantSees(t, p, "warm")
	before := resources()

	s := soak{t: t, p: p, calls: calls, marks: make([]int64, kills)}
	begun := time.Now()
	s.run(r)
	took := time.Since(begun)

	eventually(t, func() bool { got, err := sees(p, "end", limit); return err == nil && got == "end" })
	after := resources()
	stats := r.Stats()
	t.Logf("%d calls in %v, %d of them failed at %d kills; %d processes; descriptors %d → %d, goroutines %d → %d, heap %d → %d KiB",
		calls, took.Round(time.Millisecond), s.failed.Load(), s.kills, stats.Starts,
		before.files, after.files, before.goroutines, after.goroutines, before.heap>>10, after.heap>>10)
	if s.wrong.Load() != 0 {
		t.Errorf("%d calls got another's answer", s.wrong.Load())
	}
	if s.kills != kills || stats.Deaths != uint64(kills) {
		t.Errorf("%d kills, %d deaths, want %d", s.kills, stats.Deaths, kills)
	}
	if stats.UnknownIDs != 0 || stats.Violations != 0 {
		t.Errorf("Stats() = %+v", stats)
	}
	if after.files > before.files+2 || after.goroutines > before.goroutines+4 || after.heap > before.heap+8<<20 {
		t.Errorf("resources grew from %+v to %+v", before, after)
	}
}

// soak makes calls from many goroutines.
type soak struct {
	t     *testing.T
	p     abi.Plugin
	calls int
	marks []int64 // of the killer: before which call it kills
	kills int     // of the killer

	begun, failed, wrong atomic.Int64
}

func (s *soak) run(r *coproc.Runtime) {
	var all sync.WaitGroup
	for range soakCallers {
		all.Go(s.call)
	}
	all.Go(func() { s.kill(r) })
	all.Wait()
}

// call makes calls until there have been enough.
func (s *soak) call() {
	for {
		n := s.begun.Add(1)
		if n > int64(s.calls) {
			return
		}
		id := strconv.FormatInt(n, 10)
		switch got, err := sees(s.p, id, limit); {
		case err == nil && got != id:
			s.wrong.Add(1)
		case err == nil:
		default:
			s.failed.Add(1)
			if k := abi.KindOf(err); k != abi.Gone {
				s.t.Errorf("Call() = %v, want kind gone", err)
			}
		}
	}
}

// kill kills the process after random numbers of calls.
func (s *soak) kill(r *coproc.Runtime) {
	for i := range s.marks {
		s.marks[i] = rand.Int64N(int64(s.calls))
	}
	slices.Sort(s.marks)
	last := 0
	for _, mark := range s.marks {
		eventually(s.t, func() bool { return s.begun.Load() >= mark })
		var pid int
		eventually(s.t, func() bool { pid = r.Stats().PID; return pid != 0 && pid != last })
		last = pid
		if victim, err := os.FindProcess(pid); err == nil && victim.Kill() == nil {
			s.kills++
		}
		eventually(s.t, func() bool { return r.Stats().Deaths == uint64(s.kills) })
	}
}

// usage is what a process has at one time.
type usage struct {
	files, goroutines int
	heap              uint64
}

func resources() usage {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd") // elsewhere they are not counted
	return usage{len(files), runtime.NumGoroutine(), m.HeapAlloc}
}
