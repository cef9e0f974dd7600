package coproc_test

import (
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc"
)

func marker(t *testing.T) string { return filepath.Join(t.TempDir(), "marker") }

// safe binds the idempotent handler so that its calls may be made again.
func safe() abi.Spec {
	s := spec("safe")
	s.Retry = true
	return s
}

func TestIdempotentCallIsMadeAgainWhenTheProcessDiedWithIt(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "die-once", marker(t))
	wantSees(t, load(t, r, safe()), "r1")
	if s := r.Stats(); s.Retries != 1 || s.Starts != 2 {
		t.Errorf("Stats() = %+v, want one retry with a second process", s)
	}
}

func TestOtherCallsAreNotMadeAgain(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "die-once", marker(t))
	_, err := sees(load(t, r, spec("safe")), "r1", limit) // declared, but not configured
	wantKind(t, err, abi.Gone)
	s := spec("any")
	s.Retry = true
	_, err = r.Load(t.Context(), s)
	wantKind(t, err, abi.Refused)
	wantText(t, err, `retry is idempotent, and handler "any" does not declare to be`)
}

func TestCallGoesToTheNextProcessWhenOneIsLeaving(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "leave-once", marker(t))
	wantSees(t, load(t, r, spec("any")), "r1")
}

func TestOverloadedProcessIsBusy(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "busy")
	_, err := sees(load(t, r, spec("any")), "r1", limit)
	wantKind(t, err, abi.Busy)
	_, err = sees(load(t, r, safe()), "r2", limit)
	wantKind(t, err, abi.Busy)
	if n := r.Stats().Retries; n != 1 {
		t.Errorf("%d retries, want 1", n)
	}
}

func TestOverloadedProcessIsAskedAgainWhenItWants(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "busy-once")
	begun := time.Now()
	wantSees(t, load(t, r, safe()), "r1")
	if waited := time.Since(begun); waited < 5*time.Millisecond {
		t.Errorf("asked again after %v, want 5ms or more", waited)
	}
}

func TestStatusMakesTheWindowSmaller(t *testing.T) {
	r := start(t, coproc.Config{MaxInFlight: 16}, "fake", "narrow", "3")
	p := load(t, r, spec("any"))
	var calls sync.WaitGroup
	for i := range 200 { // more than the window, all answered
		calls.Go(func() { wantSees(t, p, "r"+strconv.Itoa(i)) })
	}
	calls.Wait()
	if s := r.Stats(); s.InFlight != 0 || s.Window != 3 {
		t.Errorf("Stats() = %+v, want a window of 3", s)
	}
}

func TestStatusGivesTheWindowBack(t *testing.T) {
	r := start(t, coproc.Config{MaxInFlight: 16}, "fake", "widen")
	p := load(t, r, spec("any"))
	var calls sync.WaitGroup
	for i := range 200 {
		calls.Go(func() { wantSees(t, p, "r"+strconv.Itoa(i)) })
	}
	calls.Wait()
	if s := r.Stats(); s.InFlight != 0 || s.Window != 16 {
		t.Errorf("Stats() = %+v, want a window of 16", s)
	}
}

// ask runs the auth hook with a credential and returns who it is.
func ask(t *testing.T, p abi.Plugin, credential string) string {
	t.Helper()
	x := exchange(abi.Auth, "Authorization", credential)
	if credential == "" {
		x = exchange(abi.Auth)
	}
	if _, err := p.Call(x); err != nil {
		t.Fatal(err)
	}
	return x.Session.KeyID + header(x, "X-Call")
}

func TestAuthAnswerIsKeptAsLongAsItSays(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "cached", "60000")
	p := load(t, r, spec("key", abi.Auth))
	for _, step := range []struct{ credential, want string }{
		{"ann", "k11"}, {"ann", "k11"}, {"ben", "k22"}, {"ann", "k11"}, {"ben", "k22"}, {"", "k33"}, {"", "k44"},
	} {
		if got := ask(t, p, step.credential); got != step.want {
			t.Errorf("%q is %s, want %s", step.credential, got, step.want)
		}
	}
	if n := r.Stats().CacheHits; n != 3 {
		t.Errorf("%d calls without the process, want 3", n)
	}
}

func TestAuthAnswerWithoutATimeIsNotKept(t *testing.T) {
	p := load(t, start(t, coproc.Config{}, "fake", "cached", "0"), spec("key", abi.Auth))
	if a, b := ask(t, p, "ann"), ask(t, p, "ann"); a == b {
		t.Errorf("both calls got %s", a)
	}
}

func TestMetricsAreKeptWithinBounds(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "metrics")
	p := load(t, r, spec("any"))
	for range 2 {
		wantSees(t, p, "r")
	}
	s := r.Stats()
	found := map[string]coproc.ProcessMetric{}
	for _, m := range s.Metrics {
		found[m.Name] = m
	}
	if hits := found["hits"]; hits.Value != 12 || hits.Gauge || hits.Labels["db"] != "a" {
		t.Errorf("hits = %+v", hits)
	}
	if pool := found["pool"]; pool.Value != 2 || !pool.Gauge {
		t.Errorf("pool = %+v", pool)
	}
	told := 0
	other := load(t, r, spec("any", abi.Post))
	for _, pl := range []abi.Plugin{p, other} { // one of them, for both
		for m := range pl.(abi.Measurer).Metrics() {
			if told++; m.Name == "hits" && (m.Value != 12 || len(m.Labels) != 1) {
				t.Errorf("hits = %+v", m)
			}
		}
	}
	if told != 64 {
		t.Errorf("%d metrics told, want 64", told)
	}
	if len(s.Metrics) != 64 || s.RefusedMetrics != 2*39 || s.Violations != 0 {
		t.Errorf("%d metrics kept, %d refused", len(s.Metrics), s.RefusedMetrics)
	}
}

func TestStopStartNeverRunsTwoProcesses(t *testing.T) {
	first := start(t, coproc.Config{}, "fake", "good")
	old := load(t, first, spec("any"))
	pid := first.Stats().PID
	second := start(t, coproc.Config{After: first}, "fake", "good")
	next := load(t, second, spec("any"))
	if exists(pid) {
		t.Errorf("process %d runs beside its successor", pid)
	}
	wantSees(t, next, "r1")
	wantSees(t, old, "r2") // by the process of the successor
	closeRuntime(t, first)
	wantSees(t, next, "r3")
}

func TestPredecessorGoesOnWhenItsSuccessorDoesNotStart(t *testing.T) {
	first := start(t, coproc.Config{}, "fake", "good")
	old := load(t, first, spec("any"))
	second := start(t, coproc.Config{After: first}, "fake", "exit", "initialize")
	if err := second.Start(t.Context()); err == nil {
		t.Fatal("Start() = nil")
	}
	wantSees(t, old, "r1")
}

func TestPredecessorGoesOnWhenItsSuccessorIsGivenUp(t *testing.T) {
	first := start(t, coproc.Config{}, "fake", "good")
	old := load(t, first, spec("any"))
	second := start(t, coproc.Config{After: first}, "fake", "good")
	load(t, second, spec("any"))
	closeRuntime(t, second)
	wantSees(t, old, "r1")
	if s := first.Stats(); s.Starts != 2 {
		t.Errorf("Stats() = %+v, want a process of its own", s)
	}
}

func TestCallWaitsForTheSuccessorToStart(t *testing.T) {
	first := start(t, coproc.Config{}, "fake", "good")
	old := load(t, first, spec("any"))
	second := start(t, coproc.Config{After: first}, "fake", "good")
	var calls sync.WaitGroup
	loaded := make(chan struct{})
	calls.Go(func() {
		for {
			if _, err := sees(old, "r1", limit); err != nil {
				t.Errorf("a call in between got %v", err)
				return
			}
			select {
			case <-loaded:
				return
			default:
			}
		}
	})
	load(t, second, spec("any"))
	close(loaded)
	calls.Wait()
}

func TestStopStartLetsCallsInFlightFinish(t *testing.T) {
	first := start(t, coproc.Config{}, "child")
	slow := load(t, first, spec("slow"))
	done := make(chan error, 1)
	go func() { _, err := slow.Call(exchange(abi.Pre)); done <- err }()
	eventually(t, func() bool { return first.Stats().InFlight == 1 })
	load(t, start(t, coproc.Config{After: first}, "child"), spec("tag"))
	if err := <-done; err != nil {
		t.Errorf("the call in flight got %v", err)
	}
}
